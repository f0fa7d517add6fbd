import { describe, expect, it } from "vitest";
import { DONE, setVersion, startAtThree, startTufClient } from "../../support/tuf-client.ts";

describe("rollback", () => {
  it("of the timestamp", async () => {
    const client = await startAtThree();
    setVersion(client, "timestamp", 2);
    client.repository.publish("timestamp");
    expect(await client.refresh()).toEqual({ exit: 1, code: "TRUST_ROLLBACK" });
    expect(client.versions()).toMatchObject({ timestamp: 3, snapshot: 3, targets: 3 });
  });

  it.each([false, true])("of the snapshot, digests told: %s", async (isHashing) => {
    const client = await startAtThree();
    client.repository.isHashing = isHashing;
    setVersion(client, "snapshot", 2);
    client.repository.publish("snapshot", "timestamp");
    expect(await client.refresh()).toEqual({ exit: 1, code: "TRUST_ROLLBACK" });
    expect(client.versions()).toMatchObject({ timestamp: 3, snapshot: 3, targets: 3 });
  });

  it.each([false, true])("of the targets, digests told: %s", async (isHashing) => {
    const client = await startAtThree();
    client.repository.isHashing = isHashing;
    setVersion(client, "targets", 2);
    client.repository.publish("targets", "snapshot", "timestamp");
    expect(await client.refresh()).toEqual({ exit: 1, code: "TRUST_ROLLBACK" });
    expect(client.versions()).toMatchObject({ snapshot: 3, targets: 3 });
  });

  it("of a role by leaving it out of the snapshot", async () => {
    const client = await startTufClient();
    client.repository.delegate("targets", "a", { paths: ["*"] });
    client.repository.publish("a", "targets", "snapshot", "timestamp");
    await client.refresh();
    delete client.repository.parts["snapshot"]?.meta["a.json"];
    client.repository.publish("snapshot", "timestamp");
    expect(await client.refresh()).toEqual({ exit: 1, code: "TRUST_ROLLBACK" });
    expect(client.versions()).toMatchObject({ snapshot: 2 });
  });

  it("of the root", async () => {
    const client = await startTufClient();
    client.repository.publish("root");
    await client.refresh();
    setVersion(client, "root", 1);
    client.repository.publish("root");
    client.repository.files.set("metadata/3.root.json", client.repository.firstRoot);
    expect(await client.refresh()).toEqual({ exit: 1, code: "TRUST_INVALID" });
    expect(client.versions()).toMatchObject({ root: 2 });
  });

  it("by other content under the timestamp's version: it is not even read", async () => {
    const client = await startAtThree();
    const { repository } = client;
    const timestamp = repository.parts["timestamp"];
    if (timestamp !== undefined) timestamp.meta["snapshot.json"] = { version: 99 };
    repository.serve("timestamp");
    expect(await client.refresh()).toEqual(DONE);
    expect(client.requests.some((address) => address.includes("99."))).toBe(false);
  });
});
