import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { createApproverKey, toPrivateKeyPem, toPublicKey } from "../../../certs/keys.ts";
import { createTrust, TIMESTAMP_VALIDITY_S } from "../../../certs/trust/create.ts";
import { openTrust, RENEW_AFTER_S, writeTrust } from "../../../src/app/trust-files.ts";
import { makeFolder, START } from "../../support/fleet-store.ts";

const online = createApproverKey();
const people = [createApproverKey(), createApproverKey()];
const bundle = createTrust(
  { root: people, targets: people, snapshot: [online], timestamp: [online] },
  {
    version: 1,
    persons: people.map((key, n) => ({
      id: `person-${n}`,
      name: `人${n}`,
      keys: [toPublicKey(key)],
      roles: n === 0 ? ["maker", "parameters"] : ["checker"],
    })),
    thresholds: { binding: ["maker", "checker"], merchant: ["maker", "checker"], parameters: ["parameters"] },
  },
  START,
);

let folder: string;

beforeEach(async () => {
  folder = join(makeFolder(), "trust");
  await writeTrust(folder, bundle, toPrivateKeyPem(online));
});

describe("openTrust", () => {
  it("reads back what was written, in its exact bytes", async () => {
    const trust = await openTrust(folder);
    expect(trust.bundle()).toEqual(bundle);
    expect(trust.trust()).toMatchObject({ issued: START, versions: { timestamp: 1 } });
    expect(statSync(join(folder, "online.pem")).mode & 0o777).toBe(0o600);
  });

  it("refuses a folder that lacks a file", async () => {
    for (const file of ["root", "timestamp", "snapshot", "targets", "policy"]) {
      const path = join(folder, `${file}.json`);
      const bytes = readFileSync(path);
      rmSync(path);
      await expect(openTrust(folder)).rejects.toThrow(
        expect.objectContaining({ code: "DATA_FOLDER_INVALID", fields: { file: `${file}.json` } }),
      );
      writeFileSync(path, bytes);
    }
  });

  it("refuses files that do not fit together", async () => {
    writeFileSync(join(folder, "policy.json"), Buffer.concat([bundle.policy, Buffer.from(" ")]));
    await expect(openTrust(folder)).rejects.toThrow(expect.objectContaining({ code: "TRUST_INVALID" }));
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
    expect(trust.trust().versions).toEqual({ timestamp: 2, snapshot: 1, targets: 1 });
    expect((await openTrust(folder)).bundle()).toEqual(trust.bundle());
    expect(existsSync(join(folder, "timestamp.json.new"))).toBe(false);
  });

  it("changes nothing where the online key is not the root's", async () => {
    writeFileSync(join(folder, "online.pem"), toPrivateKeyPem(createApproverKey()));
    const trust = await openTrust(folder);
    await expect(trust.renewTimestamp(START + RENEW_AFTER_S)).rejects.toThrow(
      expect.objectContaining({ code: "TRUST_UNSIGNED" }),
    );
    expect(trust.bundle()).toEqual(bundle);
    expect(readFileSync(join(folder, "timestamp.json")).equals(Buffer.from(bundle.timestamp))).toBe(true);
  });

  it("changes nothing where the new one cannot be written", async () => {
    const trust = await openTrust(folder);
    mkdirSync(join(folder, "timestamp.json.new"));
    await expect(trust.renewTimestamp(START + RENEW_AFTER_S)).rejects.toThrow(
      expect.objectContaining({ code: "DATA_FOLDER_INVALID" }),
    );
    expect(trust.bundle()).toEqual(bundle);
    expect((await openTrust(folder)).bundle()).toEqual(bundle);
  });
});
