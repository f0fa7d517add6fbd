import { describe, expect, it } from "vitest";
import { DONE, setVersion, startAtThree } from "../../support/tuf-client.ts";
import { createSigner } from "../../support/tuf-repository.ts";

const HIGHEST = 0xffff_ffff;

describe("fast-forward", () => {
  it.each(["timestamp", "snapshot"])("of the %s to the highest version, recovered by new keys", async (role) => {
    const client = await startAtThree();
    setVersion(client, role, HIGHEST);
    client.repository.publish(...(role === "snapshot" ? ["snapshot"] : []), "timestamp");
    expect(await client.refresh()).toEqual(DONE);
    expect(client.versions()).toMatchObject({ [role]: HIGHEST });

    setVersion(client, role, 1);
    for (const each of ["timestamp", "snapshot"]) client.repository.rotate(each, [createSigner()]);
    client.repository.publish("root", "snapshot");
    setVersion(client, "timestamp", 1);
    client.repository.publish("timestamp");
    expect(await client.refresh()).toEqual(DONE);
    expect(client.versions()).toMatchObject({ root: 2, [role]: expect.any(Number), timestamp: 1 });
    expect(client.versions()[role]).toBeLessThan(10);
  });

  it("of the targets, recovered by new keys of the snapshot", async () => {
    const client = await startAtThree();
    setVersion(client, "targets", HIGHEST);
    client.repository.publish("targets", "snapshot", "timestamp");
    expect(await client.refresh()).toEqual(DONE);
    setVersion(client, "targets", 1);
    client.repository.rotate("snapshot", [createSigner()]);
    client.repository.publish("root", "targets", "snapshot", "timestamp");
    expect(await client.refresh()).toEqual(DONE);
    expect(client.versions()).toMatchObject({ targets: 1 });
  });

  it("above the highest version there is", async () => {
    const client = await startAtThree();
    setVersion(client, "timestamp", HIGHEST + 1);
    client.repository.publish("timestamp");
    expect(await client.refresh()).toEqual({ exit: 1, code: "TRUST_INVALID" });
    expect(client.versions()).toMatchObject({ timestamp: 3 });
  });

  it("without new keys stays what it is: nothing lower is taken", async () => {
    const client = await startAtThree();
    setVersion(client, "timestamp", HIGHEST);
    client.repository.publish("timestamp");
    await client.refresh();
    setVersion(client, "timestamp", 4);
    client.repository.publish("root", "timestamp");
    expect(await client.refresh()).toEqual({ exit: 1, code: "TRUST_ROLLBACK" });
    expect(client.versions()).toMatchObject({ root: 2, timestamp: HIGHEST });
  });
});
