import { join } from "node:path";
import { Readable } from "node:stream";
import { computeCryptogram, computeKcv } from "../../proto/cryptogram.ts";
import { parseTusn, type Tusn } from "../../proto/tusn.ts";
import { importKeys, type KeysImport } from "../../src/app/sn-keys/import-keys.ts";
import { makeFolder, type TestFleet } from "./fleet-store.ts";

/** 32 decimal digits, so that every way in which a number can be written down can be looked for. */
export const SN_KEY = "73190462851739402856174930261859";
export const OTHER_SN_KEY = "0123456789ABCDEFFEDCBA9876543210";
export const FACTOR = "1270261234";

/** The nth terminal, and an SN key of its own. */
export function toKeyRow(n: number): { readonly tusn: Tusn; readonly hex: string } {
  const digits = String(n).padStart(5, "0");
  return { tusn: parseTusn(`00000304N7NL019${digits}`), hex: `${"A5".repeat(13)}0${digits}` };
}

export function toKcv(hex: string): string {
  return computeKcv(Buffer.from(hex, "hex"));
}

export function toCryptogram(hex: string, tusn: Tusn, factor = FACTOR): string {
  return computeCryptogram(Buffer.from(hex, "hex"), tusn, factor);
}

export function makeKeyFile(): string {
  return join(makeFolder(), "keys", "sn-keys.json");
}

/** Rows without a header row; `tusn,sn_key` unless told. */
export function importCsv(
  fleet: TestFleet,
  keyFile: string,
  rows: readonly string[],
  { replace = false, header = "tusn,sn_key" } = {},
): Promise<KeysImport> {
  const text = [header, ...rows, ""].join("\n");
  return importKeys(fleet, toStream(text), { keyFile, replace, actor: "wang" });
}

/** In pieces that fall anywhere. */
export function toStream(text: string): AsyncIterable<Uint8Array> {
  const bytes = Buffer.from(text);
  const pieces = Array.from({ length: Math.ceil(bytes.length / 100) }, (_, n) =>
    bytes.subarray(n * 100, (n + 1) * 100),
  );
  return Readable.from(pieces);
}
