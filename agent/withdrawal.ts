import type { Policy } from "../certs/trust/policy.ts";
import { TillsyncError } from "../proto/errors.ts";
import type { Tusn } from "../proto/tusn.ts";
import { verifySlot } from "./gate.ts";
import type { Failure, Slot } from "./machine/state.ts";
import type { Objects } from "./slots/objects.ts";

/**
 * Why a directive that was accepted, and has not begun, may not begin any more: under this policy, which may be newer,
 * its release is not approved. Undefined where it is, and where it cannot be read: it ends then when it is to be applied.
 */
export function findWithdrawal(objects: Objects, next: Slot, policy: Policy, tusn: Tusn): Failure | undefined {
  const delivery = read(objects, next);
  if (delivery === undefined) return undefined;
  try {
    verifySlot(delivery, policy, tusn);
    return undefined;
  } catch (error) {
    if (!(error instanceof TillsyncError)) throw error;
    return { code: error.code, detail: "withdrawn before it began" };
  }
}

function read(objects: Objects, { delivery }: Slot): Uint8Array | undefined {
  try {
    return objects.get(delivery);
  } catch {
    return undefined;
  }
}
