import { createPublicKey, type KeyObject } from "node:crypto";
import type { UpMessage } from "../../../broker/bus.ts";
import { verifyMessage } from "../../../certs/signatures.ts";
import { isEqual, toDigest } from "../../../proto/bytes.ts";
import { toCardKeyBytes } from "../../../proto/card-key.ts";
import { type Proof, parseProof } from "../../../proto/challenge.ts";
import { PAYLOAD_TYPES } from "../../../proto/dsse.ts";
import { TillsyncError, toErrorCode } from "../../../proto/errors.ts";
import { type Hello, parseEnvelope, parseHello, parseReport, type Report } from "../../../proto/terminal-messages.ts";
import type { Tusn } from "../../../proto/tusn.ts";

export interface VerifiedHello {
  readonly kind: "hello";
  readonly hello: Hello;
  /** Whether the device key vouches for the card key that it tells; true where it tells none. */
  readonly isCardKeyProven: boolean;
  /** SHA-256 of the payload. */
  readonly digest: Uint8Array;
}

/** A report with the bytes that prove it. */
export interface VerifiedReport {
  readonly kind: "report";
  readonly report: Report;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  /** SHA-256 of the payload. */
  readonly digest: Uint8Array;
}

/** An answer to a challenge; whether it is right is for a verifier to say. */
export interface VerifiedProof {
  readonly kind: "proof";
  readonly proof: Proof;
}

/** A message whose terminal signed it. */
export type VerifiedMessage = VerifiedHello | VerifiedReport | VerifiedProof;

/**
 * Believes a message of the terminal it came from: signed by that terminal's device key, of the kind its topic says, and
 * naming itself. Verified first, parsed then.
 *
 * @throws TillsyncError SIGNATURE_INVALID, WRONG_TERMINAL, BYTES_TOO_LARGE, BYTES_NOT_CANONICAL, FIELD_INVALID,
 *   TUSN_INVALID
 */
export function verifyUpMessage(message: UpMessage, deviceKey: KeyObject): VerifiedMessage {
  const { payload, signature } = parseEnvelope(message.payload);
  verifyMessage(deviceKey, PAYLOAD_TYPES[message.kind], payload, signature);
  if (message.kind === "hello") {
    const hello = parseHello(payload);
    verifyTusn(hello.tusn, message.tusn);
    return { kind: "hello", hello, isCardKeyProven: isCardKeyProven(hello, deviceKey), digest: toDigest(payload) };
  }
  if (message.kind === "proof") {
    const proof = parseProof(payload);
    verifyTusn(proof.tusn, message.tusn);
    return { kind: "proof", proof };
  }
  const report = parseReport(payload);
  verifyTusn(report.tusn, message.tusn);
  return { kind: "report", report, payload, signature, digest: toDigest(payload) };
}

function isCardKeyProven({ tusn, cardKey, cardKeyProof }: Hello, deviceKey: KeyObject): boolean {
  if (cardKey.length === 0) return true;
  try {
    verifyMessage(deviceKey, PAYLOAD_TYPES.cardKey, toCardKeyBytes(tusn, cardKey), cardKeyProof);
    return true;
  } catch (error) {
    if (toErrorCode(error) !== "SIGNATURE_INVALID") throw error;
    return false;
  }
}

function verifyTusn(named: Tusn, sender: Tusn): void {
  if (named !== sender) throw new TillsyncError("WRONG_TERMINAL", { named });
}

/** Device keys in readable form, because reading one costs as much as verifying with it. */
export class DeviceKeys {
  readonly #keys = new Map<Tusn, { readonly spki: Uint8Array; readonly key: KeyObject }>();

  /** `spki` is what the records say now: a key that was replaced is never used again. */
  read(tusn: Tusn, spki: Uint8Array): KeyObject {
    const held = this.#keys.get(tusn);
    if (held !== undefined && isEqual(held.spki, spki)) return held.key;
    const key = createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
    if (this.#keys.size >= MAX_KEYS) this.#keys.clear();
    this.#keys.set(tusn, { spki, key });
    return key;
  }
}

/** Some 50 MB. */
const MAX_KEYS = 20_000;
