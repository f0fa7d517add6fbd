import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DONE, STATE, startTufClient, type TufClient } from "../../support/tuf-client.ts";
import { toTargetAddress } from "../../support/tuf-repository.ts";

describe("a target", () => {
  const path = "file";

  async function startWithTarget(): Promise<TufClient & { readonly address: string }> {
    const client = await startTufClient();
    client.repository.addTarget(path, "content");
    client.repository.publish("targets", "snapshot", "timestamp");
    const sha256 = client.repository.parts["targets"]?.targets[path]?.hashes["sha256"] as string;
    return { ...client, address: toTargetAddress(path, sha256, true) };
  }

  it.each([
    ["of the same length and another digest", "c0ntent", "TRUST_INVALID"],
    ["that is shorter", "conten", "TRUST_INVALID"],
    ["that is longer", "content!", "BYTES_TOO_LARGE"],
  ])("%s is not kept", async (_, content, code) => {
    const { repository, download, targets, address } = await startWithTarget();
    repository.files.set(address, Buffer.from(content));
    expect(await download(path)).toEqual({ exit: 1, code });
    expect(targets()).toEqual({});
  });

  it("that is not there is told", async () => {
    const { repository, download, address } = await startWithTarget();
    repository.files.delete(address);
    expect(await download(path)).toEqual({ exit: 1, code: "FETCH_FAILED" });
  });

  it("with a digest that nobody here can compute, with none, or larger than any may be, is refused", async () => {
    const client = await startWithTarget();
    const listed = client.repository.parts["targets"]?.targets ?? {};
    for (const [entry, code] of [
      [{ length: 7, hashes: { md5: "00" } }, "TRUST_INVALID"],
      [{ length: 7, hashes: {} }, "TRUST_INVALID"],
      [{ length: 7 }, "TRUST_INVALID"],
      [{ hashes: { sha256: "0".repeat(64) } }, "TRUST_INVALID"],
      [{ length: 68_719_476_736, hashes: { sha256: "0".repeat(64) } }, "BYTES_TOO_LARGE"],
    ] as const) {
      listed[path] = entry as never;
      client.repository.publish("targets", "snapshot", "timestamp");
      expect(await client.download(path), JSON.stringify(entry)).toEqual({ exit: 1, code });
    }
    expect(client.targets()).toEqual({});
  });

  it("that was replaced on disk is fetched again", async () => {
    const client = await startWithTarget();
    await client.download(path);
    writeFileSync(join(client.folder, STATE, "targets", path), "c0ntent");
    expect(await client.download(path)).toEqual(DONE);
    expect(client.targets()).toEqual({ [path]: "content" });
  });
});
