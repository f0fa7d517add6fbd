import { SALT_BYTES, toHex, toUtf8 } from "../../proto/bytes.ts";
import { checkLength, checkText } from "../../proto/check.ts";
import { MAX_FLAT_JSON_BYTES, parseFlatJson } from "../../proto/flat-json.ts";
import type { Opening } from "../seal.ts";
import { readSecret } from "./files.ts";

const MEMBERS = ["number", "salt"] as const;

/** What opens a binding's commitment, as a file for its owner only. */
export function toOpeningJson({ number, salt }: Opening): Uint8Array {
  return toUtf8(`${JSON.stringify({ number, salt: toHex(salt) }, [...MEMBERS], 2)}\n`);
}

/** @throws TillsyncError CONFIG_INVALID, also where others may read it; FIELD_INVALID, FIELD_MISSING, SENSITIVE_DATA */
export function readOpening(path: string): Opening {
  const { number, salt } = parseFlatJson(readSecret(path, MAX_FLAT_JSON_BYTES, "CONFIG_INVALID"), MEMBERS);
  checkText(salt, /^[0-9a-f]*$/, "salt");
  return {
    number: checkText(number, /^\d{8,32}$/, "number"),
    salt: checkLength(Buffer.from(salt, "hex"), [SALT_BYTES], "salt"),
  };
}
