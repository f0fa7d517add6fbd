import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { findSnKey } from "../../../../src/app/sn-keys/find-key.ts";
import { importKeys } from "../../../../src/app/sn-keys/import-keys.ts";
import { removeKey, removeLostKeys } from "../../../../src/app/sn-keys/keys.ts";
import { KeyFaults, parseKeys } from "../../../../src/app/sn-keys/parse-keys.ts";
import { rotateKeys } from "../../../../src/app/sn-keys/rotate.ts";
import { findSnKeys } from "../../../../src/store/sn-keys.ts";
import { TUSN_A, TUSN_B } from "../../../support/certificates.ts";
import { openTestFleet, readLedgerKinds, type TestFleet } from "../../../support/fleet-store.ts";
import { importCsv, makeKeyFile, OTHER_SN_KEY, SN_KEY, toKcv, toKeyRow, toStream } from "../../../support/sn-keys.ts";

let fleet: TestFleet;
let keyFile: string;

beforeEach(async () => {
  fleet = await openTestFleet();
  keyFile = makeKeyFile();
});

const countRows = async () => (await fleet.store.selectFrom("snKeys").selectAll().execute()).length;
const findHex = async (tusn: typeof TUSN_A) =>
  Buffer.from((await findSnKey(fleet.store, keyFile, tusn))?.key ?? [])
    .toString("hex")
    .toUpperCase();

describe("importing SN keys", () => {
  it("makes the key file, which only its owner can read, and seals each key under it", async () => {
    const result = await importCsv(fleet, keyFile, [`${TUSN_A},${SN_KEY}`, `${TUSN_B},${OTHER_SN_KEY}`]);
    expect(result).toMatchObject({ added: 2, replaced: 0, unchanged: 0, faultCount: 0 });
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(keyFile, "utf8"))).toEqual({
      current: result.keyId,
      keys: { [result.keyId]: expect.stringMatching(/^[0-9A-Za-z+/]{43}=$/) },
    });
    const [row] = await findSnKeys(fleet.store, [TUSN_A]);
    expect(row).toMatchObject({ keyId: result.keyId, kcv: toKcv(SN_KEY), addedAt: fleet.at });
    expect([row?.nonce.length, row?.sealed.length]).toEqual([12, 32]);
    expect([await findHex(TUSN_A), await findHex(TUSN_B)]).toEqual([SN_KEY, OTHER_SN_KEY]);
    expect(await readLedgerKinds(fleet)).toEqual(["keys.added"]);
  });

  it("never uses a nonce twice, even for one key", async () => {
    const rows = Array.from({ length: 3_000 }, (_, n) => `${toKeyRow(n).tusn},${SN_KEY}`);
    expect(await importCsv(fleet, keyFile, rows)).toMatchObject({ added: 3_000 });
    const nonces = await fleet.store.selectFrom("snKeys").select("nonce").execute();
    expect(new Set(nonces.map(({ nonce }) => Buffer.from(nonce).toString("hex"))).size).toBe(3_000);
    expect(await findHex(toKeyRow(2_999).tusn)).toBe(SN_KEY);
  });

  it("takes columns in any order, quotes, comments, empty lines, small letters and CR LF", async () => {
    const text = `\ufeff# from the maker\r\nkcv,"sn_key",tusn\r\n\r\n${toKcv(OTHER_SN_KEY).toLowerCase()},"${OTHER_SN_KEY.toLowerCase()}",${TUSN_A}\r\n`;
    const result = await importKeys(fleet, toStream(text), { keyFile, replace: false, actor: "wang" });
    expect(result).toMatchObject({ added: 1, faultCount: 0 });
    expect(await findHex(TUSN_A)).toBe(OTHER_SN_KEY);
  });

  it("tells each bad row's line, column and code, never a value, and imports nothing of the file", async () => {
    const rows = [
      `${TUSN_A},${SN_KEY},${toKcv(SN_KEY)}`,
      `${TUSN_B},${SN_KEY},${toKcv(OTHER_SN_KEY)}`,
      `0000gratia00003,${SN_KEY},${toKcv(SN_KEY)}`,
      `${TUSN_B},${SN_KEY.slice(1)},${toKcv(SN_KEY)}`,
      `${TUSN_B},${SN_KEY}`,
      `${TUSN_A},${SN_KEY},${toKcv(SN_KEY)}`,
    ];
    const result = await importCsv(fleet, keyFile, rows, { header: "tusn,sn_key,kcv" });
    expect(result.faults).toEqual([
      { line: 3, column: "kcv", code: "SN_KEY_INVALID" },
      { line: 4, column: "tusn", code: "TUSN_INVALID" },
      { line: 5, column: "sn_key", code: "SN_KEY_INVALID" },
      { line: 6, column: "", code: "CSV_MALFORMED" },
      { line: 7, column: "tusn", code: "CSV_ROW_DUPLICATE" },
    ]);
    expect(result).toMatchObject({ added: 0, faultCount: 5 });
    expect(await countRows()).toBe(0);
    expect(await readLedgerKinds(fleet)).toEqual([]);
  });

  it("finds a terminal twice in a file however far apart its rows lie", async () => {
    const rows = Array.from({ length: 2_500 }, (_, n) => `${toKeyRow(n).tusn},${toKeyRow(n).hex}`);
    const { faults } = await importCsv(fleet, keyFile, [...rows, `${toKeyRow(7).tusn},${SN_KEY}`]);
    expect(faults).toEqual([{ line: 2_502, column: "tusn", code: "CSV_ROW_DUPLICATE" }]);
    expect(await countRows()).toBe(0);
  });

  it("refuses a header that lacks a column, has one twice or one that is not ours, and repeats no name", async () => {
    for (const [header, column, code] of [
      ["tusn,kcv", "sn_key", "CSV_COLUMN_MISSING"],
      ["tusn,sn_key,cvv", "#3", "CSV_MALFORMED"],
      ["tusn,sn_key,tusn", "#3", "CSV_MALFORMED"],
      [`${TUSN_A},${SN_KEY}`, "#1", "CSV_MALFORMED"],
    ]) {
      const { faults } = await importCsv(fleet, keyFile, [`${TUSN_A},${SN_KEY},x`], { header: String(header) });
      expect(faults, header).toContainEqual({ line: 1, column, code });
    }
    const empty = await importKeys(fleet, toStream(""), { keyFile, replace: false, actor: "wang" });
    expect(empty.faults.map(({ code }) => code)).toEqual(["CSV_COLUMN_MISSING", "CSV_COLUMN_MISSING"]);
    expect(await countRows()).toBe(0);
  });

  it("ends at its bounds: rows of a file, bytes of a line", async () => {
    const read = async (text: string, most?: number) => {
      const faults = new KeyFaults();
      for await (const _ of parseKeys(toStream(text), faults, most));
      return faults.toList();
    };
    const rows = `tusn,sn_key\n${TUSN_A},${SN_KEY}\n${TUSN_B},${SN_KEY}\n`;
    expect(await read(rows, 2)).toEqual([]);
    expect(await read(rows, 1)).toEqual([{ line: 3, column: "", code: "CSV_TOO_LARGE" }]);
    expect(await read(`tusn,sn_key\n${"A".repeat(5_000)}`)).toEqual([{ line: 2, column: "", code: "CSV_TOO_LARGE" }]);
  });

  it("leaves a key alone that is there already, and refuses another one unless told to replace it", async () => {
    await importCsv(fleet, keyFile, [`${TUSN_A},${SN_KEY}`, `${TUSN_B},${SN_KEY}`]);
    const before = await findSnKeys(fleet.store, [TUSN_A]);
    expect(await importCsv(fleet, keyFile, [`${TUSN_A},${SN_KEY}`])).toMatchObject({ added: 0, unchanged: 1 });
    expect(await findSnKeys(fleet.store, [TUSN_A])).toEqual(before);

    const rows = [`${TUSN_A},${SN_KEY}`, `${TUSN_B},${OTHER_SN_KEY}`, `${toKeyRow(1).tusn},${SN_KEY}`];
    const refused = await importCsv(fleet, keyFile, rows);
    expect(refused.faults).toEqual([{ line: 3, column: "sn_key", code: "STATE_CONFLICT" }]);
    expect([await countRows(), await findHex(TUSN_B)]).toEqual([2, SN_KEY]);

    const replaced = await importCsv(fleet, keyFile, rows, { replace: true });
    expect(replaced).toMatchObject({ added: 1, replaced: 1, unchanged: 1 });
    expect([await countRows(), await findHex(TUSN_B)]).toEqual([3, OTHER_SN_KEY]);
    expect(await readLedgerKinds(fleet)).toEqual(["keys.added", "keys.added", "keys.added"]);
  });

  it("takes over nothing where somebody else changed one of the keys meanwhile", async () => {
    await importCsv(fleet, keyFile, [`${TUSN_A},${SN_KEY}`]);
    // Enough rows behind it that it is staged by then.
    const rest = Array.from({ length: 1_000 }, (_, n) => `${toKeyRow(n).tusn},${SN_KEY}`).join("\n");
    async function* source() {
      yield* toStream(`tusn,sn_key\n${TUSN_A},${SN_KEY}\n${rest}\n`);
      await removeKey(fleet, TUSN_A, "chen");
      yield* toStream(`${TUSN_B},${SN_KEY}\n`);
    }
    await expect(importKeys(fleet, source(), { keyFile, replace: true, actor: "wang" })).rejects.toMatchObject({
      code: "STATE_CONFLICT",
    });
    expect(await countRows()).toBe(0);
  });

  it("takes over nothing that a rotation has left without its key", async () => {
    await importCsv(fleet, keyFile, [`${TUSN_A},${SN_KEY}`]);
    async function* source() {
      yield* toStream(`tusn,sn_key\n${TUSN_B},${SN_KEY}\n`);
      await rotateKeys(fleet, keyFile, "chen");
    }
    await expect(importKeys(fleet, source(), { keyFile, replace: false, actor: "wang" })).rejects.toMatchObject({
      code: "STATE_CONFLICT",
    });
    expect([await countRows(), await findHex(TUSN_A)]).toEqual([1, SN_KEY]);
  });

  it("makes no new key file where the one is lost that keys need; those can be given up, and imported again", async () => {
    await importCsv(fleet, keyFile, [`${TUSN_A},${SN_KEY}`, `${TUSN_B},${SN_KEY}`]);
    rmSync(keyFile);
    const again = () => importCsv(fleet, keyFile, [`${TUSN_A},${SN_KEY}`]);
    await expect(again()).rejects.toMatchObject({ code: "KEY_FILE_INVALID" });
    await expect(rotateKeys(fleet, keyFile, "wang")).rejects.toMatchObject({ code: "KEY_FILE_INVALID" });
    expect(existsSync(keyFile)).toBe(false);
    expect(await removeLostKeys(fleet, keyFile, "wang")).toBe(2);
    expect(await again()).toMatchObject({ added: 1 });
    expect(await removeLostKeys(fleet, keyFile, "wang")).toBe(0);
    expect(await findHex(TUSN_A)).toBe(SN_KEY);
    expect(await readLedgerKinds(fleet)).toEqual(["keys.added", "keys.removed", "keys.added"]);
  });
});
