import { toDigest, toHex } from "../proto/bytes.ts";
import { parseDelivery } from "../proto/delivery.ts";
import type { Accepted } from "./gate.ts";
import type { Digest, Slot, Task } from "./machine/state.ts";

/** What an accepted delivery asks the machine to do. */
export function toTask({ delivery, directive, statement, profile: { parameters } }: Accepted): Task {
  return {
    directive: toHex(toDigest(delivery.directive)),
    sequence: directive.sequence,
    nonce: toHex(delivery.nonce),
    onFail: directive.onFail,
    notAfter: Math.min(directive.notAfter, statement.expires),
    attempts: parameters.attempts,
    retryBaseMs: parameters.retryBaseMs,
    reversalBaseMs: parameters.reversalBaseMs,
    deadlineS: parameters.deadlineS,
  };
}

/** The slot of an accepted delivery; `delivery` and `trust` name the stored bytes. */
export function toSlot(accepted: Accepted, delivery: Digest, trust: Digest): Slot {
  return {
    delivery,
    trust,
    profile: toHex(toDigest(accepted.directive.profile)),
    directive: toHex(toDigest(accepted.delivery.directive)),
  };
}

/** How a delivery is named in reports: its directive where that can be read, else the delivery as a whole. */
export interface DeliveryName {
  readonly directive: Digest;
  /** Hexadecimal; empty where it cannot be read. */
  readonly nonce: string;
}

/** Says nothing of whether the delivery is genuine. */
export function toDeliveryName(bytes: Uint8Array): DeliveryName {
  try {
    const { directive, nonce } = parseDelivery(bytes);
    return { directive: toHex(toDigest(directive)), nonce: toHex(nonce) };
  } catch {
    return { directive: toHex(toDigest(bytes)), nonce: "" };
  }
}
