import { MAX_CHALLENGE_BYTES, MAX_PAYLOAD_BYTES, MAX_UINT32 } from "./bounds.ts";
import { NONCE_BYTES } from "./bytes.ts";
import { check, checkChoice, checkLength, checkRange, checkText } from "./check.ts";
import { decode, encode } from "./codec.ts";
import { CRYPTOGRAM, FACTOR } from "./cryptogram.ts";
import { ERRORS, type ErrorCode } from "./errors.ts";
import { tillsync } from "./gen/tillsync.js";
import { parseTusn, type Tusn } from "./tusn.ts";

/** The service asks a terminal to prove its TUSN (clause 5.8). */
export interface Challenge {
  /** 16 random bytes, good for one answer. */
  readonly id: Uint8Array;
  /** Random decimal digits, FACTOR_DIGITS where we choose them. */
  readonly factor: string;
  /** Last second in which an answer counts. */
  readonly expires: number;
}

/** The terminal's answer, inside an envelope that its device key signed. */
export interface Proof {
  readonly tusn: Tusn;
  readonly challenge: Uint8Array;
  readonly factor: string;
  /** 8 upper-case hexadecimal digits; empty where the terminal could make none. */
  readonly cryptogram: string;
  /** Why it could not; else empty. */
  readonly code: ErrorCode | "";
}

export function toChallengeBytes(challenge: Challenge): Uint8Array {
  return encode(tillsync.Challenge, challenge);
}

/** @throws TillsyncError BYTES_TOO_LARGE, BYTES_NOT_CANONICAL, FIELD_INVALID */
export function parseChallenge(bytes: Uint8Array): Challenge {
  const { id, factor, expires } = decode(tillsync.Challenge, bytes, MAX_CHALLENGE_BYTES);
  return {
    id: checkLength(id, [NONCE_BYTES], "challenge.id"),
    factor: checkText(factor, FACTOR, "challenge.factor"),
    expires: checkRange(expires, 1, MAX_UINT32, "challenge.expires"),
  };
}

export function toProofBytes(proof: Proof): Uint8Array {
  return encode(tillsync.Proof, proof);
}

/** @throws TillsyncError BYTES_TOO_LARGE, BYTES_NOT_CANONICAL, FIELD_INVALID, TUSN_INVALID */
export function parseProof(bytes: Uint8Array): Proof {
  const { tusn, challenge, factor, cryptogram, code } = decode(tillsync.Proof, bytes, MAX_PAYLOAD_BYTES);
  // Exactly one of the two: a cryptogram, or why there is none.
  check((cryptogram === "") !== (code === ""), "proof.cryptogram");
  return {
    tusn: parseTusn(tusn),
    challenge: checkLength(challenge, [NONCE_BYTES], "proof.challenge"),
    factor: checkText(factor, FACTOR, "proof.factor"),
    cryptogram: cryptogram === "" ? "" : checkText(cryptogram, CRYPTOGRAM, "proof.cryptogram"),
    code: code === "" ? "" : checkChoice(code, Object.keys(ERRORS) as ErrorCode[], "proof.code"),
  };
}
