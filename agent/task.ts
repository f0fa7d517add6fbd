import { toDigest, toHex } from "../proto/bytes.ts";
import { parseDelivery } from "../proto/delivery.ts";
import type { Accepted } from "./gate.ts";
import type { Digest, Slot, Task } from "./machine/state.ts";

/** What a delivery accepted at second `now` asks the machine to do. */
export function toTask(accepted: Accepted, now: number): Task {
  const { delivery, directive, statement, isCardChange } = accepted;
  const { parameters } = accepted.profile;
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
    cardChangeAt: isCardChange ? now : undefined,
  };
}

/** The slot of an accepted delivery under the names of the stored bytes. */
export function toSlot(
  accepted: Accepted,
  { delivery, trust, sealed }: Pick<Slot, "delivery" | "trust" | "sealed">,
): Slot {
  return {
    delivery,
    trust,
    profile: toHex(toDigest(accepted.directive.profile)),
    directive: toHex(toDigest(accepted.delivery.directive)),
    sealed,
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
