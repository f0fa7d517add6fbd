import { MAX_DIRECTIVE_BYTES, MAX_UINT32 } from "./bounds.ts";
import { DIGEST_BYTES, isEqual, SALT_BYTES, toDigest } from "./bytes.ts";
import { check, checkChoice, checkLength, checkRange } from "./check.ts";
import { decode, encode } from "./codec.ts";
import { tillsync } from "./gen/tillsync.js";
import { parseTusn, type Tusn } from "./tusn.ts";

export const ON_FAIL = ["rollback", "suspend"] as const;
export type OnFail = (typeof ON_FAIL)[number];

/** One leaf of a release: "terminal T: take this profile" (clause 4.1). Times in seconds. */
export interface Directive {
  readonly tusn: Tusn;
  /** SHA-256 of the SubjectPublicKeyInfo of the device key. */
  readonly deviceKey: Uint8Array;
  readonly sequence: number;
  /** Digest of the profile the terminal must hold; empty where it must hold none. */
  readonly baseDigest: Uint8Array;
  /** Encoded profile. */
  readonly profile: Uint8Array;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly onFail: OnFail;
  /** 16 random bytes. */
  readonly salt: Uint8Array;
  /** Digest of `profile` where it brings back content that the terminal held before (clause 4.5); else empty. */
  readonly restores: Uint8Array;
}

export function toDirectiveBytes(directive: Directive): Uint8Array {
  return encode(tillsync.Directive, directive);
}

/** @throws TillsyncError BYTES_TOO_LARGE, BYTES_NOT_CANONICAL, FIELD_INVALID, TUSN_INVALID */
export function parseDirective(bytes: Uint8Array): Directive {
  const message = decode(tillsync.Directive, bytes, MAX_DIRECTIVE_BYTES);
  return {
    tusn: parseTusn(message.tusn),
    deviceKey: checkLength(message.deviceKey, [DIGEST_BYTES], "directive.device_key"),
    sequence: checkRange(message.sequence, 1, MAX_UINT32, "directive.sequence"),
    baseDigest: checkLength(message.baseDigest, [0, DIGEST_BYTES], "directive.base_digest"),
    profile: message.profile,
    notBefore: checkRange(message.notBefore, 1, MAX_UINT32, "directive.not_before"),
    notAfter: checkRange(message.notAfter, message.notBefore, MAX_UINT32, "directive.not_after"),
    onFail: checkChoice(message.onFail, ON_FAIL, "directive.on_fail"),
    salt: checkLength(message.salt, [SALT_BYTES], "directive.salt"),
    restores: parseRestores(message),
  };
}

function parseRestores({
  restores,
  profile,
}: {
  readonly restores: Uint8Array;
  readonly profile: Uint8Array;
}): Uint8Array {
  checkLength(restores, [0, DIGEST_BYTES], "directive.restores");
  check(restores.length === 0 || isEqual(restores, toDigest(profile)), "directive.restores");
  return restores;
}
