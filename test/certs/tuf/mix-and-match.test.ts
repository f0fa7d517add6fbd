import { describe, expect, it } from "vitest";
import { toTimeText } from "../../../certs/trust/metadata.ts";
import { NOW, startAtThree, startTufClient } from "../../support/tuf-client.ts";
import type { Part } from "../../support/tuf-repository.ts";

describe("mix and match", () => {
  it("of a snapshot that is not the one the timestamp names", async () => {
    const client = await startAtThree();
    client.repository.publish("targets", "snapshot", "timestamp");
    const { files } = client.repository;
    files.set("metadata/4.snapshot.json", files.get("metadata/3.snapshot.json") as Uint8Array);
    expect(await client.refresh()).toEqual({ exit: 1, code: "TRUST_INVALID" });
    expect(client.versions()).toMatchObject({ timestamp: 4, snapshot: 3, targets: 3 });
  });

  it("of targets that are not the ones the snapshot names", async () => {
    const client = await startAtThree();
    client.repository.publish("targets", "snapshot", "timestamp");
    const { files } = client.repository;
    files.set("metadata/4.targets.json", files.get("metadata/3.targets.json") as Uint8Array);
    expect(await client.refresh()).toEqual({ exit: 1, code: "TRUST_INVALID" });
    expect(client.versions()).toMatchObject({ timestamp: 4, snapshot: 4, targets: 3 });
  });

  it.each(["snapshot", "targets"])("of a %s with the right version and another digest", async (role) => {
    const client = await startAtThree();
    client.repository.isHashing = true;
    client.repository.publish("targets", "snapshot", "timestamp");
    // As long as the right one, and signed by the right key.
    const part = client.repository.parts[role] as Part;
    part.expires = toTimeText(NOW + 86_400);
    client.repository.serve(role);
    expect(await client.refresh()).toEqual({ exit: 1, code: "TRUST_INVALID" });
    expect(client.versions()).toMatchObject({ [role]: 3 });
  });

  it("of a file of one role in the place of another's, though the keys are the same", async () => {
    const client = await startTufClient();
    const { repository } = client;
    repository.rotate("timestamp", repository.signers["snapshot"] ?? []);
    repository.publish("root", "snapshot", "timestamp");
    repository.files.set("metadata/timestamp.json", repository.files.get("metadata/2.snapshot.json") as Uint8Array);
    expect(await client.refresh()).toEqual({ exit: 1, code: "TRUST_INVALID" });
    expect(client.versions()).toEqual({ root: 2 });
  });

  it("of a role's metadata that another delegator's keys signed", async () => {
    const client = await startTufClient();
    const { repository } = client;
    for (const parent of ["left", "right"]) {
      repository.delegate("targets", parent, { paths: [`${parent}/*`] });
      repository.delegate(parent, "shared", { paths: [`${parent}/*`] });
      repository.addTarget(`${parent}/x`, parent, "shared");
    }
    // Each delegator has given the role a key of its own; only that of the left one signs.
    repository.signers["shared"] = (repository.signers["shared"] ?? []).slice(0, 1);
    repository.publish("shared", "left", "right", "targets", "snapshot", "timestamp");
    expect(await client.download("left/x", "right/x")).toEqual({ exit: 1, code: "TRUST_UNSIGNED" });
    expect(client.targets()).toEqual({ "left%2Fx": "left" });
  });
});
