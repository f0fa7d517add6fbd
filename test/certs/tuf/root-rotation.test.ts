import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DONE, listFiles, STATE, startTufClient } from "../../support/tuf-client.ts";
import { createSigner, type Signer, toFile } from "../../support/tuf-repository.ts";

const pair = (): [Signer, Signer] => [createSigner(), createSigner()];

describe("a root that hands over to new keys, two of two before and after", () => {
  const [old1, old2] = pair();
  const [new1, new2] = pair();

  it.each([
    ["the old and the new ones", [old1, old2, new1, new2], DONE],
    ["the old ones only", [old1, old2], { exit: 1, code: "TRUST_UNSIGNED" }],
    ["the new ones only", [new1, new2], { exit: 1, code: "TRUST_UNSIGNED" }],
    ["nobody", [], { exit: 1, code: "TRUST_UNSIGNED" }],
    ["one old one and the new ones", [old1, new1, new2], { exit: 1, code: "TRUST_UNSIGNED" }],
    ["the old ones and one new one", [old1, old2, new1], { exit: 1, code: "TRUST_UNSIGNED" }],
    ["one old and one new one", [old1, new1], { exit: 1, code: "TRUST_UNSIGNED" }],
    ["the old ones and one new one twice", [old1, old2, new1, new1], { exit: 1, code: "TRUST_INVALID" }],
  ])("signed by %s", async (_, by, outcome) => {
    const client = await startTufClient();
    const { repository } = client;
    const [first] = repository.signers["root"] ?? [];
    repository.rotate("root", [old1, old2]);
    repository.signers["root"]?.push(first as Signer);
    repository.publish("root");
    expect(await client.refresh()).toEqual(DONE);

    repository.rotate("root", [new1, new2]);
    repository.signers["root"] = by;
    repository.publish("root");
    expect(await client.refresh()).toEqual(outcome);
    expect(client.versions()).toMatchObject({ root: outcome === DONE ? 3 : 2 });
  });
});

describe("roots", () => {
  it("are kept one by one, and what led to a bad one is not lost", async () => {
    const client = await startTufClient();
    const { repository } = client;
    repository.publish("root", "root");
    repository.signers["root"] = [createSigner()];
    repository.publish("root");
    expect(await client.refresh()).toEqual({ exit: 1, code: "TRUST_UNSIGNED" });
    expect(client.versions()).toEqual({ root: 3 });
    const kept = listFiles(join(client.folder, STATE, "metadata/roots"));
    expect(kept.toSorted()).toEqual(["1.json", "2.json"]);
  });

  it("cannot be skipped: the walk ends where one is missing, and a later one in its place is refused", async () => {
    const client = await startTufClient();
    const { files, publish } = client.repository;
    publish("root", "root");
    const [two, three] = [2, 3].map((version) => files.get(`metadata/${version}.root.json`) as Uint8Array);
    files.delete("metadata/2.root.json");
    expect(await client.refresh()).toEqual(DONE);
    expect(client.versions()).toMatchObject({ root: 1 });

    files.set("metadata/2.root.json", three as Uint8Array);
    expect(await client.refresh()).toEqual({ exit: 1, code: "TRUST_INVALID" });
    expect(client.versions()).toMatchObject({ root: 1 });

    files.set("metadata/2.root.json", two as Uint8Array);
    expect(await client.refresh()).toEqual(DONE);
    expect(client.versions()).toMatchObject({ root: 3 });
  });

  it("are refused with another version in them than in their name", async () => {
    const client = await startTufClient();
    const part = client.repository.parts["root"];
    if (part !== undefined) part.version = 7;
    const bytes = toFile(part as object, client.repository.signers["root"] ?? []);
    client.repository.files.set("metadata/2.root.json", bytes);
    expect(await client.refresh()).toEqual({ exit: 1, code: "TRUST_INVALID" });
  });

  it("that give a role fewer keys than it takes are followed, and that role is never believed", async () => {
    const client = await startTufClient();
    const { repository } = client;
    repository.rotate("snapshot", repository.signers["snapshot"] ?? [], 2);
    repository.publish("root", "snapshot", "timestamp");
    expect(await client.refresh()).toEqual({ exit: 1, code: "TRUST_UNSIGNED" });
    expect(client.versions()).toEqual({ root: 2, timestamp: 2 });

    repository.rotate("snapshot", pair(), 2);
    repository.publish("root", "snapshot", "timestamp");
    expect(await client.refresh()).toEqual(DONE);
  });

  it.each([
    ["a threshold of none", { threshold: 0 }],
    ["a negative threshold", { threshold: -1 }],
    ["one key under its id twice", "same id"],
    ["one key under two ids", "same key"],
    ["a key that is not there", { keyids: ["nowhere"] }],
  ])("with %s are refused", async (_, fault) => {
    const client = await startTufClient();
    const { parts, publish, signers } = client.repository;
    const root = parts["root"] as (typeof parts)[string];
    const role = root.roles["timestamp"] as { keyids: string[]; threshold: number };
    const [id] = role.keyids as [string];
    if (fault === "same id") role.keyids.push(id);
    else if (fault === "same key") {
      root.keys["other"] = { ...root.keys[id], note: "the same" };
      role.keyids.push("other");
      role.threshold = 2;
      const [signer] = signers["timestamp"] as [Signer];
      signers["timestamp"]?.push({ ...signer, keyId: "other" });
    } else Object.assign(role, fault);
    publish("root", "timestamp");
    expect(await client.refresh()).toEqual({ exit: 1, code: "TRUST_INVALID" });
    expect(client.versions()).toEqual({ root: 1 });
  });

  it("that change the keys of the timestamp let go of the one held, even where the new one is not there yet", async () => {
    const client = await startTufClient();
    const { repository } = client;
    await client.refresh();
    repository.rotate("timestamp", [createSigner()]);
    repository.publish("root");
    expect(await client.refresh()).toEqual({ exit: 1, code: "TRUST_UNSIGNED" });
    expect(client.versions()).toEqual({ root: 2, targets: 1 });
    expect(existsSync(join(client.folder, STATE, "metadata/timestamp.json"))).toBe(false);
  });
});
