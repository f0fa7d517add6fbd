import { TillsyncError, toErrorCode } from "../../../proto/errors.ts";
import { compareRecord, type OnRecord } from "../../domain/acquirers/on-record.ts";
import type { OrderEffect, OrderEvent } from "../../domain/acquirers/order.ts";
import type { AcquirerOrderRow, OrderPurpose } from "../../store/acquirers-schema.ts";
import type { Acquirer, SettlementOrder } from "./acquirer.ts";
import { toCode } from "./answer.ts";

/** What came of an effect, and what the acquirer's record showed where that was asked. */
export interface Asked {
  readonly event: OrderEvent;
  readonly onRecord?: OnRecord | undefined;
  /** What is no failure of the acquirer: a fault of ours, to be logged. */
  readonly fault?: unknown;
}

/**
 * Performs an effect. Rejects never: whatever happens is an event.
 *
 * @param sending `requests`: times that it was sent, this time included
 */
export async function ask(
  acquirer: Acquirer | undefined,
  effect: OrderEffect,
  order: SettlementOrder,
  { purpose, requests }: Pick<AcquirerOrderRow, "purpose" | "requests">,
): Promise<Asked> {
  if (acquirer === undefined) return { event: { type: "lost", effect, code: "NOT_CONFIGURED", sent: false } };
  try {
    if (effect !== "query") return { event: { type: "told", told: await tell(acquirer, effect, order, purpose) } };
    const onRecord = await acquirer.query(order.merchant);
    return { event: { type: "shown", found: compareRecord(onRecord, order.wanted, order.before) }, onRecord };
  } catch (error) {
    return toEvent(effect, requests > 1, error);
  }
}

function tell(acquirer: Acquirer, effect: OrderEffect, order: SettlementOrder, purpose: OrderPurpose) {
  if (effect === "follow") return acquirer.follow(order);
  const byReference = purpose === "reversal" && order.sealed === undefined && order.reverses !== "";
  return byReference && acquirer.reverse !== undefined ? acquirer.reverse(order) : acquirer.request(order);
}

function toEvent(effect: OrderEffect, isRepeated: boolean, error: unknown): Asked {
  const code = toErrorCode(error);
  const fields = error instanceof TillsyncError ? error.fields : {};
  switch (code) {
    case "ACQUIRER_REFUSED": {
      const acquirer = toCode(String(fields["acquirer"] ?? "")) || "REFUSED";
      // Not being let ask tells nothing of what became of it, and a refused repetition nothing of what came first: it may be
      // refused because that is under way.
      if (effect !== "request" || isRepeated) return { event: { type: "lost", effect, code: acquirer, sent: true } };
      const words = String(fields["words"] ?? "");
      return { event: { type: "told", told: { state: "failed", reference: "", code: acquirer, words } } };
    }
    case "ACQUIRER_FAILED":
    case "ACQUIRER_UNSIGNED":
      return { event: { type: "lost", effect, code, sent: fields["sent"] !== false } };
    // Settings lack something: nothing was sent, and a person has to mend them.
    case "FIELD_INVALID":
    case "NOT_FOUND":
      return { event: { type: "lost", effect, code, sent: false }, fault: error };
    default:
      return { event: { type: "lost", effect, code, sent: true }, fault: error };
  }
}
