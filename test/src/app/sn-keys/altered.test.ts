import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { findSnKey } from "../../../../src/app/sn-keys/find-key.ts";
import { listKeys, showKey } from "../../../../src/app/sn-keys/keys.ts";
import { rotateKeys } from "../../../../src/app/sn-keys/rotate.ts";
import { LocalKeysVerifier } from "../../../../src/app/verifiers/local-keys.ts";
import type { SnKeyRow } from "../../../../src/store/schema.ts";
import { findSnKeys } from "../../../../src/store/sn-keys.ts";
import { TUSN_A, TUSN_B } from "../../../support/certificates.ts";
import { openTestFleet, readLedgerKinds, type TestFleet } from "../../../support/fleet-store.ts";
import { FACTOR, importCsv, makeKeyFile, OTHER_SN_KEY, SN_KEY, toCryptogram } from "../../../support/sn-keys.ts";

let fleet: TestFleet;
let keyFile: string;
let [a, b]: SnKeyRow[] = [];

beforeEach(async () => {
  fleet = await openTestFleet();
  keyFile = makeKeyFile();
  await importCsv(fleet, keyFile, [`${TUSN_A},${SN_KEY}`, `${TUSN_B},${OTHER_SN_KEY}`]);
  [a] = (await findSnKeys(fleet.store, [TUSN_A])) as [SnKeyRow];
  [b] = (await findSnKeys(fleet.store, [TUSN_B])) as [SnKeyRow];
});

const alter = (change: Partial<SnKeyRow>) =>
  fleet.store.updateTable("snKeys").set(change).where("tusn", "=", TUSN_A).execute();
const flip = (bytes: Uint8Array | undefined, at: number) =>
  Buffer.from(bytes ?? []).map((byte, i) => (i === at ? byte ^ 1 : byte));
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "opened",
    ({ code }) => code,
  );

describe("an SN key that somebody altered in the database", () => {
  it("does not open, whichever bit of ciphertext, tag or nonce it is", async () => {
    for (const at of Array(32).keys()) {
      await alter({ sealed: flip(a?.sealed, at) });
      expect(await codeOf(findSnKey(fleet.store, keyFile, TUSN_A)), `sealed ${at}`).toBe("SN_KEY_INVALID");
    }
    for (const at of Array(12).keys()) {
      await alter({ sealed: a?.sealed ?? flip(undefined, 0), nonce: flip(a?.nonce, at) });
      expect(await codeOf(findSnKey(fleet.store, keyFile, TUSN_A)), `nonce ${at}`).toBe("SN_KEY_INVALID");
    }
    await alter({ nonce: Buffer.from(a?.nonce ?? []) });
    expect(await codeOf(findSnKey(fleet.store, keyFile, TUSN_A))).toBe("opened");
  });

  it("does not open with another length, check value or key id, or as another terminal's", async () => {
    const whole = {
      keyId: a?.keyId ?? "",
      nonce: a?.nonce ?? Buffer.of(),
      sealed: a?.sealed ?? Buffer.of(),
      kcv: a?.kcv ?? "",
    };
    const { nonce, sealed, kcv, keyId } = b as SnKeyRow;
    const changes: readonly (readonly [Partial<SnKeyRow>, string])[] = [
      [{ sealed: Buffer.of() }, "SN_KEY_INVALID"],
      [{ sealed: Buffer.from(whole.sealed).subarray(0, 28) }, "SN_KEY_INVALID"],
      [{ sealed: Buffer.concat([whole.sealed, Buffer.of(0)]) }, "SN_KEY_INVALID"],
      [{ nonce: Buffer.of() }, "SN_KEY_INVALID"],
      [{ kcv: "00000000" }, "SN_KEY_INVALID"],
      [{ nonce, sealed, kcv }, "SN_KEY_INVALID"],
      [{ keyId: "another" }, "KEY_FILE_INVALID"],
      [{ keyId: "<script>" }, "KEY_FILE_INVALID"],
    ];
    for (const [change, code] of changes) {
      await alter({ ...whole, ...change });
      expect(await codeOf(findSnKey(fleet.store, keyFile, TUSN_A)), JSON.stringify(change)).toBe(code);
      expect(await showKey(fleet.store, keyFile, TUSN_A)).toMatchObject({ fault: code });
    }
    expect(keyId).toBe(whole.keyId);
    expect((await listKeys(fleet.store, keyFile, "", 10)).map(({ fault }) => fault)).toEqual(["", "KEY_FILE_INVALID"]);
  });

  it("does not open under another key of the file's that the row is relabelled with", async () => {
    const text = JSON.parse(readFileSync(keyFile, "utf8"));
    text.keys.other = text.keys[text.current];
    writeFileSync(keyFile, JSON.stringify(text));
    await alter({ keyId: "other" });
    expect(await codeOf(findSnKey(fleet.store, keyFile, TUSN_A))).toBe("SN_KEY_INVALID");
  });

  it("proves and refutes nothing, and raises one alarm however often it is asked for", async () => {
    await alter({ sealed: flip(a?.sealed, 3) });
    const verifier = new LocalKeysVerifier(fleet, keyFile);
    const claim = { tusn: TUSN_A, factor: FACTOR, cryptogram: toCryptogram(SN_KEY, TUSN_A), certificateNo: "P3100" };
    for (const _ of [1, 2, 3]) expect(await codeOf(verifier.verify(claim))).toBe("SN_KEY_INVALID");
    expect(await readLedgerKinds(fleet)).toEqual(["keys.added", "alarm.record_altered"]);
  });

  it("does not hold up a rotation, is named in an alarm, and keeps its old key in the file until it is removed", async () => {
    await alter({ sealed: flip(a?.sealed, 3) });
    const rotated = await rotateKeys(fleet, keyFile, "wang");
    expect(rotated).toMatchObject({ resealed: 1, unreadable: 1, removed: [] });
    expect(await readLedgerKinds(fleet)).toContain("alarm.record_altered");
    expect(await codeOf(findSnKey(fleet.store, keyFile, TUSN_B))).toBe("opened");
    await fleet.store.deleteFrom("snKeys").where("tusn", "=", TUSN_A).execute();
    const finished = await rotateKeys(fleet, keyFile, "wang");
    expect(finished).toMatchObject({ resumed: true, keyId: rotated.keyId, unreadable: 0, removed: [a?.keyId] });
  });
});

describe("without its key file", () => {
  it("no key opens, and the list still tells which key each needs", async () => {
    const text = readFileSync(keyFile);
    const verifier = new LocalKeysVerifier(fleet, keyFile);
    const claim = { tusn: TUSN_A, factor: FACTOR, cryptogram: toCryptogram(SN_KEY, TUSN_A), certificateNo: "P3100" };
    chmodSync(keyFile, 0o644);
    expect(await codeOf(verifier.verify(claim))).toBe("KEY_FILE_INVALID");
    rmSync(keyFile);
    expect(await codeOf(verifier.verify(claim))).toBe("KEY_FILE_INVALID");
    expect(await listKeys(fleet.store, keyFile, "", 10)).toMatchObject([
      { tusn: TUSN_B, fault: "KEY_FILE_INVALID", keyId: b?.keyId },
      { tusn: TUSN_A, fault: "KEY_FILE_INVALID", keyId: a?.keyId },
    ]);
    writeFileSync(keyFile, text, { mode: 0o600 });
    expect((await verifier.verify(claim)).verdict).toBe("verified-crypto");
  });
});
