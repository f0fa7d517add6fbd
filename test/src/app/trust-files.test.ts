import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { createApproverKey, toPrivateKeyPem } from "../../../certs/keys.ts";
import { TIMESTAMP_VALIDITY_S } from "../../../certs/trust/verify.ts";
import type { TrustBundle } from "../../../proto/trust-bundle.ts";
import { toSignedBundle } from "../../../src/app/trust/install.ts";
import { openTrust, RENEW_AFTER_S, writeTrust } from "../../../src/app/trust-files.ts";
import { type Company, carryOut, createCompany, toRotation } from "../../support/ceremony.ts";
import { makeFolder, START } from "../../support/fleet-store.ts";

const company: Company = createCompany(START);
const { online } = company;
const bundle: TrustBundle = toSignedBundle(company.files, online, 1, START);
const FILES = ["timestamp", "snapshot", "targets", "policy"] as const;

let folder: string;

/** Moves a folder so deep down that its files can be read and it can be locked, but no draft has a name short enough. */
function sink(path: string): string {
  const longest = 4_095 - "/timestamp.json.0123456789abcdef.new".length + 1;
  let deep = join(path, "..");
  while (deep.length < longest) deep = join(deep, "d".repeat(Math.max(1, Math.min(200, longest - deep.length - 1))));
  mkdirSync(join(deep, ".."), { recursive: true });
  renameSync(path, deep);
  return deep;
}

beforeEach(async () => {
  folder = join(makeFolder(), "trust");
  await writeTrust(folder, bundle, toPrivateKeyPem(online));
});

function withCode(code: string) {
  return expect.objectContaining({ code });
}

/** A whole other set of files, as a ceremony leaves it, written by another process. */
async function rotate(version: number, now = START + 60): Promise<TrustBundle> {
  const next = createApproverKey();
  const files = carryOut(company.files, toRotation(company.files, { online: next }), company.holders.slice(1), START);
  const rotated = toSignedBundle(files, next, version, now);
  await writeTrust(folder, { ...rotated, roots: [company.files.root, files.root] }, toPrivateKeyPem(next));
  return rotated;
}

describe("openTrust", () => {
  it("reads back what was written, in its exact bytes", async () => {
    const trust = await openTrust(folder);
    expect(trust.bundle()).toEqual(bundle);
    expect(trust.trust()).toMatchObject({ issued: START, rootVersion: 1, versions: { timestamp: 1 } });
    expect(statSync(join(folder, "online.pem")).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).sort()).toEqual(
      [...FILES.map((name) => `${name}.json`), "online.pem", "root.1.json", "root.json"].sort(),
    );
  });

  it("refuses a folder that lacks a file, as one of an older layout does", async () => {
    for (const file of ["root", "root.1", ...FILES]) {
      const path = join(folder, `${file}.json`);
      const bytes = readFileSync(path);
      rmSync(path);
      await expect(openTrust(folder)).rejects.toThrow(
        expect.objectContaining({ code: "DATA_FOLDER_INVALID", fields: { file: `${file}.json` } }),
      );
      writeFileSync(path, bytes);
    }
  });

  it("refuses files that do not fit together, or are larger than any", async () => {
    writeFileSync(join(folder, "policy.json"), Buffer.concat([bundle.policy, Buffer.from(" ")]));
    await expect(openTrust(folder)).rejects.toThrow(withCode("TRUST_INVALID"));
    writeFileSync(join(folder, "policy.json"), bundle.policy);
    writeFileSync(join(folder, "root.json"), createCompany(START).files.root);
    await expect(openTrust(folder)).rejects.toThrow(withCode("TRUST_INVALID"));
    writeFileSync(join(folder, "root.json"), Buffer.alloc(40_000, " "));
    await expect(openTrust(folder)).rejects.toThrow(withCode("BYTES_TOO_LARGE"));
  });

  it("refuses a root that the one before it did not agree to", async () => {
    const foreign = createCompany(START);
    const next = createApproverKey();
    const files = carryOut(foreign.files, toRotation(foreign.files, { online: next }), foreign.holders, START);
    const rotated = toSignedBundle(files, next, 1, START);
    await writeTrust(folder, { ...rotated, roots: [company.files.root, files.root] }, toPrivateKeyPem(next));
    await expect(openTrust(folder)).rejects.toThrow(withCode("TRUST_UNSIGNED"));
  });
});

describe("renewTimestamp", () => {
  it("leaves a young timestamp alone", async () => {
    const trust = await openTrust(folder);
    expect(await trust.renewTimestamp(START + RENEW_AFTER_S - 1)).toBe(false);
    expect(trust.bundle()).toEqual(bundle);
  });

  it("signs the next version over the same snapshot, for good", async () => {
    const now = START + RENEW_AFTER_S;
    const trust = await openTrust(folder);
    expect(await trust.renewTimestamp(now)).toBe(true);
    expect(trust.trust()).toMatchObject({ issued: now, freshUntil: now + TIMESTAMP_VALIDITY_S });
    expect(trust.trust().versions).toEqual({ timestamp: 2, snapshot: 1, targets: 1, policy: 1 });
    expect((await openTrust(folder)).bundle()).toEqual(trust.bundle());
    expect(readdirSync(folder).filter((name) => /new|lock|next/.test(name))).toEqual([]);
  });

  it("changes nothing where the online key is not the root's", async () => {
    writeFileSync(join(folder, "online.pem"), toPrivateKeyPem(createApproverKey()));
    const trust = await openTrust(folder);
    await expect(trust.renewTimestamp(START + RENEW_AFTER_S)).rejects.toThrow(withCode("TRUST_UNSIGNED"));
    expect(trust.bundle()).toEqual(bundle);
    expect(readFileSync(join(folder, "timestamp.json")).equals(Buffer.from(bundle.timestamp))).toBe(true);
  });

  it("changes nothing where the new one cannot be written", async () => {
    folder = sink(folder);
    const trust = await openTrust(folder);
    await expect(trust.renewTimestamp(START + RENEW_AFTER_S)).rejects.toThrow(withCode("DATA_FOLDER_INVALID"));
    expect(trust.bundle()).toEqual(bundle);
    expect((await openTrust(folder)).bundle()).toEqual(bundle);
    expect(existsSync(join(folder, "lock"))).toBe(false);
  });

  it("signs over what another process put into the folder meanwhile, never over what was there before", async () => {
    const trust = await openTrust(folder);
    await rotate(1);
    expect(await trust.renewTimestamp(START + 2 * RENEW_AFTER_S)).toBe(true);
    expect(trust.trust()).toMatchObject({ rootVersion: 2, versions: { timestamp: 2 } });
    expect((await openTrust(folder)).trust().rootVersion).toBe(2);
  });
});

describe("reload", () => {
  it("takes over what another process put into the folder, once", async () => {
    const trust = await openTrust(folder);
    expect(await trust.reload()).toBe(false);
    const rotated = await rotate(1);
    expect(await trust.reload()).toBe(true);
    expect(trust.bundle()).toEqual(rotated);
    expect(trust.trust()).toMatchObject({ rootVersion: 2, versions: { timestamp: 1 } });
    expect(await trust.reload()).toBe(false);
  });

  it("keeps what it has where an old copy was put back", async () => {
    const trust = await openTrust(folder);
    await trust.renewTimestamp(START + RENEW_AFTER_S);
    await writeTrust(folder, bundle, toPrivateKeyPem(online));
    await expect(trust.reload()).rejects.toThrow(withCode("TRUST_ROLLBACK"));
    await rotate(3);
    await trust.reload();
    rmSync(join(folder, "root.2.json"));
    await writeTrust(folder, bundle, toPrivateKeyPem(online));
    await expect(trust.reload()).rejects.toThrow(withCode("TRUST_ROLLBACK"));
    expect(trust.trust().rootVersion).toBe(2);
  });
});

describe("bundlesAfter", () => {
  it("has the roots that a terminal lacks, and all files", async () => {
    const trust = await openTrust(folder);
    expect(trust.bundlesAfter(1)).toEqual([{ ...bundle, roots: [] }]);
    expect(trust.bundlesAfter(0)).toEqual([bundle]);
    expect(trust.bundlesAfter(9)).toEqual([{ ...bundle, roots: [] }]);
    const rotated = await rotate(1);
    await trust.reload();
    expect(trust.bundlesAfter(2)).toEqual([{ ...rotated, roots: [] }]);
    expect(trust.bundlesAfter(1)).toEqual([rotated]);
    expect(trust.bundlesAfter(0)).toEqual([{ ...rotated, roots: [...bundle.roots, ...rotated.roots] }]);
  });
});
