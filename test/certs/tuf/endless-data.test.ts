import { describe, expect, it } from "vitest";
import { startTufClient, type TufClient } from "../../support/tuf-client.ts";
import { toTargetAddress } from "../../support/tuf-repository.ts";

describe("endless data", () => {
  const MEBIBYTE = Buffer.alloc(1_048_576, 0x20);

  /** Answers with as much as the client takes, and tells how much that was. */
  function flood(client: TufClient, address: string, headers: Readonly<Record<string, string>> = {}): { sent: number } {
    const count = { sent: 0 };
    client.answers.set(address, (response) => {
      response.writeHead(200, headers);
      const push = (): void => {
        while (!response.destroyed) {
          count.sent += MEBIBYTE.length;
          if (!response.write(MEBIBYTE)) return void response.once("drain", push);
        }
      };
      push();
    });
    return count;
  }

  it.each(["2.root", "timestamp", "2.snapshot", "2.targets"])("instead of %s", async (name) => {
    const client = await startTufClient();
    client.repository.publish("targets", "snapshot", "timestamp");
    const count = flood(client, `metadata/${name}.json`);
    expect(await client.refresh()).toEqual({ exit: 1, code: "BYTES_TOO_LARGE" });
    expect(count.sent).toBeLessThan(32 * MEBIBYTE.length);
  });

  it("instead of a target", async () => {
    const client = await startTufClient();
    client.repository.addTarget("file", "content");
    client.repository.publish("targets", "snapshot", "timestamp");
    const sha256 = client.repository.parts["targets"]?.targets["file"]?.hashes["sha256"] as string;
    const count = flood(client, toTargetAddress("file", sha256, true));
    expect(await client.download("file")).toEqual({ exit: 1, code: "BYTES_TOO_LARGE" });
    expect(count.sent).toBeLessThan(32 * MEBIBYTE.length);
    expect(client.targets()).toEqual({});
  });
});
