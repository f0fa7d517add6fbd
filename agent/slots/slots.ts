import { toDigest, toHex } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { type Proven, verifySlot } from "../gate.ts";
import type { Digest, Slot } from "../machine/state.ts";
import type { Objects } from "./objects.ts";
import type { TrustStore } from "./trust-store.ts";

/** What a slot holds. */
export interface SlotContent extends Proven {
  /** The sealed card number; undefined where the slot has none. */
  readonly sealed: Uint8Array | undefined;
}

/** The profiles a terminal may hold, read only together with the proof that they were approved for it. */
export interface Slots {
  /** @throws TillsyncError SLOT_CORRUPT where anything about the slot or its proof is not what was accepted */
  read(slot: Slot): SlotContent;
}

/** Slots of this terminal; every proof goes back to the pinned root. */
export function openSlots(objects: Objects, trusts: TrustStore, tusn: Tusn): Slots {
  return {
    read: (slot) => {
      try {
        const proven = verifySlot(objects.get(slot.delivery), trusts.readPolicy(slot.trust), tusn);
        verifyNamed(proven, slot);
        return { ...proven, sealed: readSealed(objects, slot.sealed) };
      } catch (cause) {
        throw new TillsyncError("SLOT_CORRUPT", { name: slot.delivery }, cause);
      }
    },
  };
}

function readSealed(objects: Objects, name: Digest | ""): Uint8Array | undefined {
  return name === "" ? undefined : objects.get(name);
}

function verifyNamed({ delivery, directive }: Proven, slot: Slot): void {
  const isNamed = toHex(toDigest(delivery.directive)) === slot.directive;
  if (!isNamed || toHex(toDigest(directive.profile)) !== slot.profile) throw new TillsyncError("SLOT_CORRUPT");
}
