import { describe, expect, it } from "vitest";
import { DONE, listFiles, STATE, startTufClient } from "../../support/tuf-client.ts";
import type { Part } from "../../support/tuf-repository.ts";

/** Names that would leave a folder, or hide in it, if anything took them for a path. */
const CLIMBING = [
  "../evil",
  "../../../../../../../../evil",
  "a/../../evil",
  "/evil",
  "/tmp/evil",
  "..",
  ".",
  "a/..",
  "a/./b",
  "a//b",
  "a/",
  "./evil",
];
const ODD = [
  "..\\evil",
  "C:\\evil",
  "..%2fevil",
  "%2e%2e/evil",
  "..%252fevil",
  "...",
  ".hidden",
  "a\u0000b",
  "a\nb",
  "~",
  "~root/evil",
  "$HOME",
  "root.json",
  "file%new",
  "a?b#c",
  "CON",
  "-rf",
  "＂．．／evil",
  "\u202e../evil",
  "é".repeat(40),
];

const OUTSIDE = /^(?!root\.json$|1\/2\/3\/4\/5\/6\/7\/8\/(metadata(\/roots)?|targets)\/[^/]+$)/;

describe("a target's name", () => {
  it.each(CLIMBING)("%j is refused, and no file is written anywhere", async (name) => {
    const client = await startTufClient();
    const { repository } = client;
    repository.addTarget("file", "content");
    const targets = repository.parts["targets"]?.targets ?? {};
    targets[name] = targets["file"] as (typeof targets)[string];
    repository.publish("targets", "snapshot", "timestamp");
    expect(await client.download(name)).toEqual({ exit: 1, code: "TRUST_INVALID" });
    expect(client.targets()).toEqual({});
    expect(listFiles(client.folder).filter((path) => OUTSIDE.test(path))).toEqual([]);
    expect(client.requests.filter((address) => !address.startsWith("metadata/"))).toEqual([]);
  });

  it("that is only odd makes one file in the folder of targets, whatever it means to a shell or another system", async () => {
    const client = await startTufClient();
    const { repository } = client;
    // No argument of a process holds a NUL.
    const names = ODD.filter((name) => !name.includes("\u0000"));
    for (const name of names) repository.addTarget(name, `content of ${name}`);
    repository.publish("targets", "snapshot", "timestamp");
    expect(await client.download(...names)).toEqual(DONE);
    expect(Object.values(client.targets()).toSorted()).toEqual(names.map((name) => `content of ${name}`).toSorted());
    expect(listFiles(client.folder).filter((path) => OUTSIDE.test(path))).toEqual([]);
    const fetched = client.requests.filter((address) => address.startsWith("targets/"));
    expect(fetched).toHaveLength(names.length);
  });

  it("too long for a file is refused", async () => {
    const client = await startTufClient();
    const name = "é".repeat(41);
    client.repository.addTarget(name, "x");
    client.repository.publish("targets", "snapshot", "timestamp");
    expect(await client.download(name)).toEqual({ exit: 1, code: "TRUST_INVALID" });
    expect(client.targets()).toEqual({});
  });
});

describe("a role's name", () => {
  it.each([...CLIMBING, ...ODD])("%j makes one file in the folder of metadata", async (role) => {
    const client = await startTufClient();
    const { repository } = client;
    repository.delegate("targets", role, { paths: ["*"] });
    repository.publish(role, "targets", "snapshot", "timestamp");
    expect(await client.download("nothing")).toEqual({ exit: 1, code: "NOT_FOUND" });
    expect(client.requests.at(-1)).toBe(`metadata/1.${encodeURIComponent(role)}.json`);
    const files = listFiles(client.folder);
    expect(files.filter((path) => path.startsWith(`${STATE}/metadata/`))).toHaveLength(5);
    expect(files.filter((path) => OUTSIDE.test(path))).toEqual([]);
  });

  it.each(["root", "timestamp", "snapshot", "targets", "", "x".repeat(129)])("%j is refused", async (role) => {
    const client = await startTufClient();
    client.repository.addTarget("file", "content");
    client.repository.publish("targets", "snapshot", "timestamp");
    const before = await client.refresh().then(() => client.versions());
    const { root, targets } = client.repository.parts as { root: Part; targets: Part };
    const [[keyid, key]] = Object.entries(root.keys) as [[string, object]];
    const delegated = { name: role, keyids: [keyid], threshold: 1, terminating: false, paths: ["*"] };
    targets.delegations = { keys: { [keyid]: key }, roles: [delegated] };
    client.repository.publish("targets", "snapshot", "timestamp");
    expect(await client.download("nothing")).toEqual({ exit: 1, code: "TRUST_INVALID" });
    expect(client.versions()).toEqual({ ...before, timestamp: 3, snapshot: 3, targets: 3 });
  });
});
