import type { Trust } from "../../certs/trust/verify.ts";
import { verifyTrust } from "../../certs/trust/verify.ts";
import { toDigest, toHex } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { parseTrustBundle } from "../../proto/trust-bundle.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { type Proven, verifySlot } from "../gate.ts";
import type { Digest, HeldTrust, Slot } from "../machine/state.ts";
import type { Objects } from "./objects.ts";

/** The profiles a terminal may hold, read only together with the proof that they were approved for it. */
export interface Slots {
  /** Makes delivery bytes durable. @throws TillsyncError STATE_WRITE_FAILED */
  stage(delivery: Uint8Array): Digest;
  /** @throws TillsyncError SLOT_CORRUPT where anything about the slot or its proof is not what was accepted */
  read(slot: Slot): Proven;
  /** Makes a trust bundle durable. @throws TillsyncError STATE_WRITE_FAILED */
  stageTrust(bundle: Uint8Array): Digest;
  /** @throws TillsyncError SLOT_CORRUPT */
  readTrust(held: HeldTrust): Trust;
  /** Removes what neither a slot nor the held trust needs. */
  keepOnly(slots: readonly Slot[], held: HeldTrust | undefined): void;
}

/** Slots of this terminal; every proof goes back to the pinned root. */
export function openSlots(objects: Objects, pinnedRoot: Uint8Array, tusn: Tusn): Slots {
  const readBundle = (name: Digest) => verifyTrust(pinnedRoot, parseTrustBundle(objects.get(name)));
  return {
    stage: (delivery) => objects.put(delivery),
    read: (slot) =>
      verified(slot.delivery, () => {
        const proven = verifySlot(objects.get(slot.delivery), readBundle(slot.trust).policy, tusn);
        verifyNamed(proven, slot);
        return proven;
      }),
    stageTrust: (bundle) => objects.put(bundle),
    readTrust: (held) => verified(held.bundle, () => readBundle(held.bundle)),
    keepOnly: (slots, held) => {
      const names = slots.flatMap((slot) => [slot.delivery, slot.trust]);
      objects.keepOnly(held === undefined ? names : [...names, held.bundle]);
    },
  };
}

function verifyNamed({ delivery, directive }: Proven, slot: Slot): void {
  const isNamed = toHex(toDigest(delivery.directive)) === slot.directive;
  if (!isNamed || toHex(toDigest(directive.profile)) !== slot.profile) throw new TillsyncError("SLOT_CORRUPT");
}

function verified<T>(name: Digest, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new TillsyncError("SLOT_CORRUPT", { name }, cause);
  }
}
