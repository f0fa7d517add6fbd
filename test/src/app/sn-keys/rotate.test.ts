import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { findSnKey } from "../../../../src/app/sn-keys/find-key.ts";
import { rotateKeys } from "../../../../src/app/sn-keys/rotate.ts";
import { findSnKeyIds } from "../../../../src/store/sn-keys.ts";
import { bundleProgram } from "../../../support/bundled.ts";
import { makeFolder, openTestFleet, readLedgerKinds, type TestFleet } from "../../../support/fleet-store.ts";
import type { RotateConfig } from "../../../support/rotate-main.ts";
import { importCsv, makeKeyFile, toKeyRow } from "../../../support/sn-keys.ts";

/** Three transactions. */
const ROWS = 2_300;

let fleet: TestFleet;
let keyFile: string;
let oldId: string;

beforeEach(async () => {
  fleet = await openTestFleet();
  keyFile = makeKeyFile();
  const rows = Array.from({ length: ROWS }, (_, n) => `${toKeyRow(n).tusn},${toKeyRow(n).hex}`);
  oldId = (await importCsv(fleet, keyFile, rows)).keyId;
});

const readIds = () => Object.keys(JSON.parse(readFileSync(keyFile, "utf8")).keys);

/** Every key as it was, but for those of the sample that do not open or are another one. */
async function findWrong(): Promise<readonly number[]> {
  const wrong: number[] = [];
  for (let n = 0; n < ROWS; n += 13) {
    const { tusn, hex } = toKeyRow(n);
    const found = await findSnKey(fleet.store, keyFile, tusn).catch(() => undefined);
    if (
      Buffer.from(found?.key ?? [])
        .toString("hex")
        .toUpperCase() !== hex
    )
      wrong.push(n);
  }
  return wrong;
}

describe("rotating the key that SN keys are sealed under", () => {
  it("seals every one anew under a new key, and removes the old one from the file", async () => {
    const { keyId, ...rest } = await rotateKeys(fleet, keyFile, "wang");
    expect(rest).toEqual({ resumed: false, resealed: ROWS, removed: [oldId], unreadable: 0 });
    expect(keyId).not.toBe(oldId);
    expect(await findSnKeyIds(fleet.store)).toEqual([keyId]);
    expect(readIds()).toEqual([keyId]);
    expect(await findWrong()).toEqual([]);
    expect(await readLedgerKinds(fleet)).toEqual(["keys.added", "keys.rotated", "keys.rotated"]);
  });

  it("keeps check values and the times at which keys were added, and uses new nonces", async () => {
    const read = () => fleet.store.selectFrom("snKeys").selectAll().orderBy("tusn").execute();
    const before = await read();
    fleet.at += 1_000;
    await rotateKeys(fleet, keyFile, "wang");
    const after = await read();
    expect(after.map(({ tusn, kcv, addedAt }) => [tusn, kcv, addedAt])).toEqual(
      before.map(({ tusn, kcv, addedAt }) => [tusn, kcv, addedAt]),
    );
    expect(after.filter(({ nonce }, n) => Buffer.from(nonce).equals(before[n]?.nonce ?? nonce))).toEqual([]);
  });

  it("by two at once leaves every key to be opened, under one key", async () => {
    await Promise.all([rotateKeys(fleet, keyFile, "wang"), rotateKeys(fleet, keyFile, "chen")]);
    expect(await findWrong()).toEqual([]);
    expect(await findSnKeyIds(fleet.store)).toEqual(readIds());
    expect(readIds()).toHaveLength(1);
  });

  it("makes the key file where there is no key yet", async () => {
    await fleet.store.deleteFrom("snKeys").execute();
    const fresh = makeKeyFile();
    const { keyId } = await rotateKeys(fleet, fresh, "wang");
    expect(JSON.parse(readFileSync(fresh, "utf8")).current).toBe(keyId);
  });
});

describe("a rotation that is killed", () => {
  it("wherever that is, leaves every key to be opened, and the next one finishes it", {
    timeout: 180_000,
  }, async () => {
    const bundle = await buildRotation();
    // Before the new key, between it and the first row, within each transaction, between them, and behind the last row.
    const places: readonly Partial<RotateConfig>[] = [
      ...[1, 2, 3, 500, 1_002, 1_003, 2_002, ROWS + 2].map((killAtBytes) => ({ killAtBytes })),
      ...[1, 2].map((killAtTime) => ({ killAtTime })),
    ];
    for (const place of places) {
      const before = readIds();
      const name = JSON.stringify(place);
      expect(await rotate(bundle, place), name).toMatchObject({ signal: "SIGKILL" });
      expect(await findWrong(), name).toEqual([]);
      // Of the old key nothing is lost before no row needs it, and a row names no key that the file has not.
      expect(readIds(), name).toEqual(expect.arrayContaining([...(await findSnKeyIds(fleet.store))]));
      const finished = await rotateKeys(fleet, keyFile, "wang");
      expect(finished, name).toMatchObject({ unreadable: 0 });
      expect(readIds(), name).toEqual([finished.keyId]);
      expect(before, name).not.toContain(finished.keyId);
      expect(await findSnKeyIds(fleet.store), name).toEqual([finished.keyId]);
      expect(await findWrong(), name).toEqual([]);
    }
  });

  it("is finished under the key that it had begun with", async () => {
    const bundle = await buildRotation();
    await rotate(bundle, { killAtBytes: 1_500 });
    const [, begun] = readIds();
    expect(await findSnKeyIds(fleet.store)).toEqual([oldId, begun].toSorted());
    expect(await rotateKeys(fleet, keyFile, "wang")).toMatchObject({
      ...{ resumed: true, keyId: begun, removed: [oldId], resealed: ROWS - 1_000 },
    });
  });
});

function buildRotation(): Promise<string> {
  return bundleProgram("test/support/rotate-main.ts", join(makeFolder(), "rotate.mjs"));
}

/** What signal ends it. */
function rotate(bundle: string, place: Partial<RotateConfig>): Promise<{ readonly signal: string | undefined }> {
  const config: RotateConfig = { database: fleet.file, keyFile, killAtBytes: 0, killAtTime: 0, ...place };
  return new Promise((resolve) => {
    execFile(process.execPath, [bundle, JSON.stringify(config)], (error) =>
      resolve({ signal: error?.signal ?? undefined }),
    );
  });
}
