import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { MAX_VISITS } from "../../../certs/trust/delegations.ts";
import { DONE, STATE, startTufClient } from "../../support/tuf-client.ts";
import { createSigner, toFile } from "../../support/tuf-repository.ts";

describe("tillsync-tuf", () => {
  it("asks a repository for the next root, then each file by the version that the one before names", async () => {
    const client = await startTufClient();
    expect(await client.refresh()).toEqual(DONE);
    expect(client.requests).toEqual([
      "metadata/2.root.json",
      "metadata/timestamp.json",
      "metadata/1.snapshot.json",
      "metadata/1.targets.json",
    ]);
    expect(client.versions()).toEqual({ root: 1, timestamp: 1, snapshot: 1, targets: 1 });
  });

  it("asks for what is new only, and for plain names where the repository keeps one version", async () => {
    const client = await startTufClient({ isConsistent: false });
    await client.refresh();
    client.requests.splice(0);
    client.repository.publish("snapshot", "timestamp");
    expect(await client.refresh()).toEqual(DONE);
    expect(client.requests).toEqual(["metadata/2.root.json", "metadata/timestamp.json", "metadata/snapshot.json"]);
  });

  it("keeps files byte by byte as they came", async () => {
    const client = await startTufClient({ isProcess: true });
    const odd = Buffer.concat([
      client.repository.files.get("metadata/timestamp.json") as Uint8Array,
      Buffer.from(" \n"),
    ]);
    client.repository.files.set("metadata/timestamp.json", odd);
    expect(await client.refresh()).toEqual(DONE);
    expect(readFileSync(join(client.folder, STATE, "metadata/timestamp.json"))).toEqual(odd);
  });

  it.each([true, false])(
    "fetches targets with their digest in the name where versions are kept: %s",
    async (isConsistent) => {
      const client = await startTufClient({ isConsistent });
      client.repository.addTarget("a/b.txt", "first");
      client.repository.addTarget("empty", "");
      client.repository.publish("targets", "snapshot", "timestamp");
      expect(await client.download("a/b.txt", "empty")).toEqual(DONE);
      expect(client.targets()).toEqual({ "a%2Fb.txt": "first", empty: "" });

      client.repository.addTarget("a/b.txt", "second");
      client.repository.publish("targets", "snapshot", "timestamp");
      expect(await client.download("a/b.txt")).toEqual(DONE);
      expect(client.targets()).toEqual({ "a%2Fb.txt": "second", empty: "" });
    },
  );

  it("may run many times at once on one folder: each comes to its end, and so does the folder", async () => {
    const client = await startTufClient({ isProcess: true });
    client.repository.addTarget("file", "content");
    for (let round = 2; round <= 3; round += 1) {
      client.repository.publish("targets", "snapshot", "timestamp");
      const outcomes = await Promise.all(Array.from({ length: 6 }, () => client.download("file")));
      expect(outcomes).toEqual(outcomes.map(() => DONE));
      expect(client.versions()).toEqual({ root: 1, timestamp: round, snapshot: round, targets: round });
      expect(client.targets()).toEqual({ file: "content" });
    }
  });

  it("does not fetch a target again that it has", async () => {
    const client = await startTufClient();
    client.repository.addTarget("file", "content");
    client.repository.publish("targets", "snapshot", "timestamp");
    await client.download("file");
    client.requests.splice(0);
    expect(await client.download("file")).toEqual(DONE);
    expect(client.requests).toEqual(["metadata/2.root.json", "metadata/timestamp.json"]);
  });

  it("fetches targets in their order and stops at the first that nobody vouches for", async () => {
    const client = await startTufClient();
    client.repository.addTarget("one", "1");
    client.repository.addTarget("three", "3");
    client.repository.publish("targets", "snapshot", "timestamp");
    expect(await client.download("one", "two", "three")).toEqual({ exit: 1, code: "NOT_FOUND" });
    expect(client.targets()).toEqual({ one: "1" });
  });

  it.each(["ed25519", "ecdsa-sha2-nistp256", "rsassa-pss-sha256"] as const)(
    "follows a root signed with %s",
    async (scheme) => {
      const client = await startTufClient();
      const { repository } = client;
      const [first] = repository.signers["root"] ?? [];
      const second = createSigner(scheme);
      if (first === undefined) throw new Error("no signer");
      repository.rotate("root", [first, second]);
      repository.publish("root");
      expect(await client.refresh()).toEqual(DONE);

      repository.publish("root");
      const forged = { ...second, sign: () => second.sign(Buffer.from("something else")) };
      const part = repository.parts["root"] as object;
      repository.files.set("metadata/3.root.json", toFile(part, [first, forged]));
      expect(await client.refresh()).toEqual({ exit: 1, code: "TRUST_UNSIGNED" });
      expect(client.versions()).toMatchObject({ root: 2 });
    },
  );

  it("looks into the roles that cover a target, depth first, and ends circles", async () => {
    const client = await startTufClient();
    const { repository } = client;
    repository.delegate("targets", "a", { paths: ["docs/*"] });
    repository.delegate("a", "b", { paths: ["docs/*.md"] });
    repository.delegate("b", "a", { paths: ["*/*"] });
    repository.delegate("targets", "c", { paths: ["docs/?"] });
    repository.addTarget("docs/x", "from c", "c");
    repository.publish("a", "b", "c", "targets", "snapshot", "timestamp");
    expect(await client.download("docs/x")).toEqual(DONE);
    expect(client.requests.slice(4, 6)).toEqual(["metadata/1.a.json", "metadata/1.c.json"]);
    expect(client.targets()).toEqual({ "docs%2Fx": "from c" });
    expect(client.versions()).toEqual({ root: 1, timestamp: 2, snapshot: 2, targets: 2, a: 1, c: 1 });

    expect(await client.download("docs/y.md")).toEqual({ exit: 1, code: "NOT_FOUND" });
    expect(client.versions()).toMatchObject({ b: 1 });
  });

  it(`gives up a search after ${MAX_VISITS} roles`, async () => {
    const client = await startTufClient();
    const { repository } = client;
    const names = Array.from({ length: MAX_VISITS + 4 }, (_, at) => `r${at}`);
    for (const [at, name] of names.entries()) repository.delegate(names[at - 1] ?? "targets", name, { paths: ["*"] });
    repository.addTarget("deep", "x", names.at(-1));
    repository.publish(...names, "targets", "snapshot", "timestamp");
    expect(await client.download("deep")).toEqual({ exit: 1, code: "NOT_FOUND" });
    expect(client.requests.filter((address) => address.includes(".r"))).toHaveLength(MAX_VISITS);
  });

  it("uses no role that the snapshot does not name", async () => {
    const client = await startTufClient();
    client.repository.delegate("targets", "a", { paths: ["*"] });
    client.repository.serve("a");
    client.repository.publish("targets", "snapshot", "timestamp");
    expect(await client.download("x")).toEqual({ exit: 1, code: "TRUST_INVALID" });
    expect(client.requests.some((address) => address.endsWith("a.json"))).toBe(false);
  });

  it("trusts one root, and no second one instead of it", async () => {
    const client = await startTufClient();
    const other = await startTufClient({ isInitialized: false });
    expect(await client.run("init", join(other.folder, "root.json"))).toEqual({ exit: 1, code: "STATE_CONFLICT" });
    expect(await client.refresh()).toEqual(DONE);
  });

  it("does not trust a root that is none or does not sign itself, and asks nobody anything then", async () => {
    const client = await startTufClient({ isInitialized: false });
    const file = join(client.folder, "root.json");
    for (const bytes of ["{}", toFile(client.repository.parts["root"] as object, [])]) {
      writeFileSync(file, bytes);
      expect((await client.run("init", file)).exit).toBe(1);
      expect(await client.refresh()).toEqual({ exit: 1, code: "NOT_FOUND" });
    }
    expect(client.requests).toEqual([]);
    expect(existsSync(join(client.folder, STATE, "metadata/root.json"))).toBe(false);
  });

  it("tells what is wrong with its arguments", async () => {
    const { run, url, folder } = await startTufClient();
    const url_ = ["--metadata-url", url];
    const targets = ["--target-base-url", url, "--target-dir", join(folder, "t")];
    for (const args of [
      ["init"],
      ["refresh"],
      ["refresh", "extra", ...url_],
      ["dance"],
      ["--nonsense"],
      ["refresh", "--metadata-url", "file:///etc"],
      ["refresh", "--metadata-url", "nowhere"],
      ["refresh", "--metadata-url", `${url}?a=b`],
      ["refresh", ...url_, "--timeout", "0"],
      ["download", ...url_, ...targets],
      ["download", ...url_, "--target-name", "a", "--target-base-url", url],
    ]) {
      expect(await run(...args), args.join(" ")).toEqual({ exit: 1, code: "CONFIG_INVALID" });
    }
    expect(await run("init", join(folder, "no-such-file"))).toEqual({ exit: 1, code: "NOT_FOUND" });
    expect(await run("--help")).toEqual(DONE);
    expect(await run()).toEqual(DONE);
  });
});
