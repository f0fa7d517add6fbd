import { describe, expect, it } from "vitest";
import { toTimeText } from "../../../certs/trust/metadata.ts";
import { DONE, NOW, startAtThree, startTufClient } from "../../support/tuf-client.ts";

describe("freeze", () => {
  const before = { root: 1, timestamp: 3, snapshot: 3, targets: 3 };

  it.each([
    ["root", { ...before, root: 2 }],
    ["timestamp", before],
    ["snapshot", { ...before, timestamp: 4 }],
    ["targets", { ...before, timestamp: 4, snapshot: 4 }],
  ])("by a %s that has expired", async (role, after) => {
    const client = await startAtThree();
    const part = client.repository.parts[role];
    if (part !== undefined) part.expires = toTimeText(NOW - 60);
    client.repository.publish("root", "targets", "snapshot", "timestamp");
    // The root that follows is new in every case; only its own expiry stops what comes after it.
    expect(await client.refresh()).toEqual({ exit: 1, code: "TRUST_EXPIRED" });
    expect(client.versions()).toEqual({ ...after, root: 2 });
  });

  it("by serving the old timestamp until it has expired", async () => {
    const client = await startTufClient();
    const timestamp = client.repository.parts["timestamp"];
    if (timestamp !== undefined) timestamp.expires = toTimeText(Math.floor(Date.now() / 1_000) + 2);
    client.repository.publish("timestamp");
    expect(await client.refresh()).toEqual(DONE);
    await expect.poll(client.refresh, { timeout: 20_000 }).toEqual({ exit: 1, code: "TRUST_EXPIRED" });
    expect(client.versions()).toMatchObject({ timestamp: 2 });
  });

  it("by an answer that never comes", async () => {
    const client = await startTufClient();
    client.answers.set("metadata/timestamp.json", () => undefined);
    const outcome = await client.run("--metadata-url", `${client.url}/metadata`, "--timeout", "1", "refresh");
    expect(outcome).toEqual({ exit: 1, code: "FETCH_FAILED" });
  });

  it("by an answer that never ends, a byte at a time", async () => {
    const client = await startTufClient();
    client.answers.set("metadata/timestamp.json", (response) => {
      const drip = setInterval(() => response.write(" "), 50);
      response.on("close", () => clearInterval(drip));
    });
    const outcome = await client.run("--metadata-url", `${client.url}/metadata`, "--timeout", "1", "refresh");
    expect(outcome).toEqual({ exit: 1, code: "FETCH_FAILED" });
    expect(client.versions()).toEqual({ root: 1 });
  });
});
