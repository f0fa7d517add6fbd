import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { createApproverKey } from "../../../certs/keys.ts";
import { createTimestamp, createTrust } from "../../../certs/trust/create.ts";
import { toTrustBundleBytes } from "../../../proto/trust-bundle.ts";
import { createCompany, pinTrust, runSign, toRefusal, writeTrustFolder } from "../../support/sign.ts";
import { createRoot, POLICY, SIGNERS } from "../../support/trust.ts";

const NOW = 1_800_000_000;
const company = createCompany(NOW);
const others = createCompany(NOW);
let home = "";
let made = 0;

afterAll(() => {
  company.remove();
  others.remove();
});
beforeEach(() => {
  made += 1;
  home = join(company.folder, `home-${made}`);
});

function trust(...argv: readonly string[]) {
  return runSign(["trust", ...argv, "--home", home], { now: NOW });
}

const ROOT = join(company.trustFolder, "root.json");

describe("a pinned root", () => {
  it("lies in a folder for its owner only", async () => {
    expect((await trust("init", ROOT)).code).toBe(0);
    expect(statSync(home).mode & 0o777).toBe(0o700);
    expect(readFileSync(join(home, "trust", "root.json"))).toEqual(Buffer.from(company.trust.root));
  });

  it("is pinned once", async () => {
    await trust("init", ROOT);
    expect(toRefusal(await trust("init", join(others.trustFolder, "root.json")))).toBe("STATE_CONFLICT");
    expect(readFileSync(join(home, "trust", "root.json"))).toEqual(Buffer.from(company.trust.root));
  });

  it("has to be a root that signs itself", async () => {
    for (const name of ["policy.json", "timestamp.json"]) {
      expect((await trust("init", join(company.trustFolder, name))).code).toBe(1);
    }
    expect(existsSync(join(home, "trust", "root.json"))).toBe(false);
  });

  it("is not read from a folder that others can get at", async () => {
    await trust("init", ROOT);
    await trust("update", company.trustFolder);
    chmodSync(home, 0o755);
    expect(toRefusal(await trust("show"))).toBe("DATA_FOLDER_INVALID");
    expect(toRefusal(await trust("update", company.trustFolder))).toBe("DATA_FOLDER_INVALID");
  });

  it("is asked for where there is none", async () => {
    expect(toRefusal(await trust("update", company.trustFolder))).toBe("NOT_FOUND");
    expect(toRefusal(await trust("show"))).toBe("NOT_FOUND");
    expect(existsSync(home)).toBe(false);
  });
});

describe("newer trust", () => {
  beforeEach(() => trust("init", ROOT));

  it("is taken from a folder and from a bundle", async () => {
    expect((await trust("update", company.trustFolder)).code).toBe(0);
    const bundle = join(company.folder, "bundle");
    writeFileSync(bundle, toTrustBundleBytes(company.trust));
    expect((await trust("update", bundle)).code).toBe(0);
    const shown = JSON.parse((await trust("show", "--json")).stdout);
    expect(shown).toMatchObject({ rootVersion: 1, policyVersion: 1, isStale: false });
    expect(shown.persons.map(({ id }: { id: string }) => id)).toEqual(["li.mei", "wang.jun", "zhao.min", "he.lan"]);
  });

  it("is taken from another approver's home", async () => {
    await pinTrust(company, company.checker);
    expect((await trust("update", join(company.checker.home, "trust"))).code).toBe(0);
  });

  it("of others is not taken, and what is held stays", async () => {
    await trust("update", company.trustFolder);
    const result = await trust("update", others.trustFolder);
    expect(result.code).toBe(1);
    expect(readFileSync(join(home, "trust", "policy.json"))).toEqual(Buffer.from(company.trust.policy));
  });

  it("with another timestamp key, another policy or bytes that are none is not taken", async () => {
    const folder = join(company.folder, `altered-${made}`);
    mkdirSync(folder);
    const { snapshot } = company.trust;
    const timestamp = createTimestamp([createApproverKey()], 2, snapshot, 1, NOW);
    const altered = [
      { ...company.trust, timestamp },
      { ...company.trust, policy: others.trust.policy },
      { ...company.trust, targets: Buffer.from("{") },
    ];
    for (const one of altered) {
      writeTrustFolder(folder, one);
      expect((await trust("update", folder)).code).toBe(1);
      expect(toRefusal(await trust("show"))).toBe("NOT_FOUND");
    }
  });

  it("is not fetched over anything but https, nor from a place with a path", async () => {
    for (const source of ["http://127.0.0.1:1", "https://127.0.0.1:1/path", "ftp://127.0.0.1", "https://u@127.0.0.1"]) {
      expect(toRefusal(await trust("update", source))).toBe("CONFIG_INVALID");
    }
  });

  it("is told as stale from its expiry on", async () => {
    await trust("update", company.trustFolder);
    const { stdout } = await runSign(["trust", "show", "--json", "--home", home], { now: NOW + 86_400 });
    expect(JSON.parse(stdout).isStale).toBe(true);
  });
});

describe("roots alone", () => {
  it("are taken where there is no policy yet, and say of nobody that he may sign", async () => {
    const whole = createTrust(SIGNERS, POLICY, NOW);
    const [first, roots, bundle] = ["first-root", "roots", "whole"].map((name) => join(company.folder, name));
    if (first === undefined || roots === undefined || bundle === undefined) throw new Error("three names");
    const none = new Uint8Array(0);
    const alone = { roots: [createRoot(2, SIGNERS, SIGNERS.root)], timestamp: none, snapshot: none };
    writeFileSync(first, whole.root);
    writeFileSync(roots, toTrustBundleBytes({ ...alone, targets: none, policy: none }));
    writeFileSync(bundle, toTrustBundleBytes(whole));
    await trust("init", first);
    const { code, stdout } = await trust("update", roots, "--json");
    expect([code, JSON.parse(stdout)]).toEqual([0, { rootVersion: 2, persons: [] }]);
    expect(toRefusal(await trust("show"))).toBe("NOT_FOUND");
    expect((await trust("update", bundle)).code).toBe(0);
    expect(JSON.parse((await trust("show", "--json")).stdout)).toMatchObject({ rootVersion: 2, policyVersion: 1 });
  });
});
