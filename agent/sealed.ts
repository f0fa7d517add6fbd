import type { KeyObject } from "node:crypto";
import { openCardNumber } from "../certs/seal.ts";
import { isEqual } from "../proto/bytes.ts";
import { TillsyncError } from "../proto/errors.ts";
import type { Binding } from "../proto/profile.ts";
import type { Tusn } from "../proto/tusn.ts";
import type { Accepted } from "./gate.ts";
import type { SlotContent } from "./slots/slots.ts";

/** What the terminal knows of card numbers. */
export interface SealedContext {
  readonly tusn: Tusn;
  readonly privateKey: KeyObject;
  /** What its slots hold, the current one first; those that cannot be read left out. */
  readonly slots: readonly SlotContent[];
  /** Binding of the current profile. */
  readonly held: Binding | undefined;
}

/**
 * The last part of the gate, where a terminal needs card numbers: the sealed number to keep with an accepted profile.
 * What a slot with the same commitment was given is used again, else the delivery must bring it. Undefined where the
 * binding stays as it is and the terminal was never given its number.
 *
 * @throws TillsyncError SEAL_MISSING, SEAL_INVALID
 */
export async function verifySealed(accepted: Accepted, context: SealedContext): Promise<Uint8Array | undefined> {
  const { binding } = accepted.profile;
  const { sealed: delivered } = accepted.delivery;
  for (const sealed of toCarried(binding, context.slots)) {
    if (await isOpening(sealed, binding, context)) return sealed;
  }
  if (delivered.length > 0) {
    await openCardNumber(context.privateKey, delivered, { tusn: context.tusn, binding });
    return delivered;
  }
  if (context.held !== undefined && isEqual(context.held.commitment, binding.commitment)) return undefined;
  throw new TillsyncError("SEAL_MISSING");
}

function toCarried({ commitment }: Binding, slots: readonly SlotContent[]): readonly Uint8Array[] {
  const same = slots.filter(({ profile }) => isEqual(profile.binding.commitment, commitment));
  return same.map(({ sealed }) => sealed).filter((sealed) => sealed !== undefined);
}

/** One that was sealed to an earlier card key opens no more. */
async function isOpening(sealed: Uint8Array, binding: Binding, { privateKey, tusn }: SealedContext): Promise<boolean> {
  try {
    await openCardNumber(privateKey, sealed, { tusn, binding });
    return true;
  } catch {
    return false;
  }
}
