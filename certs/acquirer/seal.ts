import { constants, createCipheriv, type KeyObject, publicEncrypt } from "node:crypto";
import { concat, isEqual, SALT_BYTES, toHex, toUtf8 } from "../../proto/bytes.ts";
import { check, checkChoice, checkText } from "../../proto/check.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { parseFlatJson } from "../../proto/flat-json.ts";
import type { Binding } from "../../proto/profile.ts";
import { toCommitment } from "../../proto/settlement.ts";
import type { Opening } from "../seal.ts";
import { type ChangeFacts, toChangeBody } from "./lakala-body.ts";

// A settlement account's number as only an acquirer can read it. It is sealed on an approver's machine, from the opening
// that `tillsync-sign binding` made; the service passes it on and can do nothing else with it.

export const SEAL_SCHEMES = ["wechatpay", "lakala", "webhook"] as const;
export type SealScheme = (typeof SEAL_SCHEMES)[number];

export interface SealedAccount {
  readonly scheme: SealScheme;
  /** Which of the acquirer's keys opens it: a serial number or key id. */
  readonly key: string;
  /** The order that it is good for alone; empty where it may go with any order to this account. */
  readonly request: string;
  /** Hexadecimal: of the binding that it belongs to. */
  readonly commitment: string;
  /** Base64. */
  readonly ciphertext: string;
}

/** What to seal a number with. */
export type SealKey =
  /** The platform's RSA key. */
  | { readonly scheme: "wechatpay" | "webhook"; readonly id: string; readonly key: KeyObject }
  /** Lakala takes no single member sealed: the whole request is, with the SM4 key of the application, 16 bytes. */
  | { readonly scheme: "lakala"; readonly id: string; readonly key: Uint8Array; readonly facts: ChangeFacts };

const MEMBERS = ["scheme", "key", "request", "commitment", "ciphertext"] as const;
const KEY_ID = /^[0-9A-Za-z._-]{1,64}$/;
const REQUEST_NO = /^[0-9A-Za-z_-]{8,32}$/;
const SM4_KEY_BYTES = 16;
const NUMBER = /^\d{8,32}$/;
const BASE64 = /^[A-Za-z0-9+/]{16,3000}={0,2}$/;

/**
 * @throws TillsyncError SEAL_INVALID where the opening is not that of the binding; KEY_INVALID
 */
export function sealAccount({ number, salt }: Opening, binding: Binding, sealKey: SealKey): SealedAccount {
  const { commitment, bin, last4 } = binding;
  demand(NUMBER.test(number) && salt.length === SALT_BYTES, "opening");
  demand(isEqual(toCommitment(number, salt), commitment), "commitment");
  demand(number.startsWith(bin) && number.endsWith(last4), "digits");
  checkText(sealKey.id, KEY_ID, "key");
  return {
    scheme: sealKey.scheme,
    key: sealKey.id,
    request: sealKey.scheme === "lakala" ? sealKey.facts.request : "",
    commitment: toHex(commitment),
    ciphertext: Buffer.from(seal({ number, salt }, binding, sealKey)).toString("base64"),
  };
}

/** For a file: nothing in it is secret from anybody but the acquirer. */
export function toSealedAccountJson(sealed: SealedAccount): Uint8Array {
  return toUtf8(`${JSON.stringify(sealed, [...MEMBERS], 2)}\n`);
}

/**
 * From hostile bytes. That there is a number in it, and which, the acquirer alone can tell.
 *
 * @throws TillsyncError BYTES_TOO_LARGE, FIELD_INVALID, FIELD_MISSING, SENSITIVE_DATA
 */
export function parseSealedAccount(bytes: Uint8Array): SealedAccount {
  const { scheme, key, request, commitment, ciphertext } = parseFlatJson(bytes, MEMBERS);
  check(request === "" || REQUEST_NO.test(request), "request");
  return {
    scheme: checkChoice(scheme, SEAL_SCHEMES, "scheme"),
    key: checkText(key, KEY_ID, "key"),
    request,
    commitment: checkText(commitment, /^[0-9a-f]{64}$/, "commitment"),
    ciphertext: checkText(ciphertext, BASE64, "ciphertext"),
  };
}

function seal({ number, salt }: Opening, binding: Binding, sealKey: SealKey): Uint8Array {
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  switch (sealKey.scheme) {
    case "wechatpay":
      return publicEncrypt({ key: sealKey.key, padding, oaepHash: "sha1" }, toUtf8(number));
    case "webhook": {
      // With the salt the acquirer can prove the commitment that two people signed; the label binds it to that.
      const oaepLabel = binding.commitment;
      const whole = concat(salt, toUtf8(number));
      return publicEncrypt({ key: sealKey.key, padding, oaepHash: "sha256", oaepLabel }, whole);
    }
    case "lakala": {
      if (sealKey.key.length !== SM4_KEY_BYTES) throw new TillsyncError("KEY_INVALID", { expected: "an SM4 key" });
      const cipher = createCipheriv("sm4-ecb", sealKey.key, null);
      return concat(cipher.update(toChangeBody(sealKey.facts, binding, number), "utf8"), cipher.final());
    }
  }
}

function demand(holds: boolean, part: string): void {
  if (!holds) throw new TillsyncError("SEAL_INVALID", { part });
}
