import type { Binding } from "../../../proto/profile.ts";
import type { RecordFinding } from "./on-record.ts";

// How far the acquirer is with one order to settle a merchant's money elsewhere. Times in seconds.

/**
 * - `requested`: to be asked, or to be asked again under the same number
 * - `unknown`: asked, and nothing is known of what came of it: it is asked about, never anew under another number
 * - `auditing`: the acquirer has it and looks into it; the old account stays in force
 * - `succeeded`: the acquirer says that it is done, which its record has yet to show
 * - `confirmed`: the acquirer's record shows the wanted account. The end
 * - `failed`: refused or found wanting; `code` and `words` tell why. The end
 * - `contradicted`: the acquirer says that it is done, and its record shows something else. Only a person gets it out of here
 * - `held`: the service was put back from a backup, and the one that was lost may have sent it, or asked for something newer.
 *   Nothing is done before a person says so; then its record is read first
 */
export const ORDER_STATES = [
  "requested",
  "unknown",
  "auditing",
  "succeeded",
  "confirmed",
  "failed",
  "contradicted",
  "held",
] as const;
export type OrderState = (typeof ORDER_STATES)[number];

/** What nothing is to be done about any more. */
export const ORDER_ENDS: readonly OrderState[] = ["confirmed", "failed"];

/** What is to be done once the new state is stored. Each may run again after a power cut. */
export type OrderEffect = "request" | "follow" | "query";

/**
 * What a person has to look into: it takes too long; the acquirer says done and its record does not show it; its record
 * cannot tell the new account from the old one; it cannot tell what became of the order, however often it was sent; or the
 * order is held after a restore.
 */
export type OrderAlarm = "overdue" | "contradicted" | "indistinct" | "untold" | "held";

export interface OrderStanding {
  readonly state: OrderState;
  /** What the acquirer has it under; empty until it told. */
  readonly reference: string;
  /** The acquirer's own code, or ours, in the last thing known of it; empty where there is none. */
  readonly code: string;
  /** The acquirer's own words to it, redacted; empty where there are none. */
  readonly words: string;
  /** Times it was sent; one more where a service that was lost may have sent it. */
  readonly requests: number;
  /** Times it was asked about since its state last changed. */
  readonly follows: number;
  /** When something is to be done; null where nothing is until a person acts, and at the end. */
  readonly dueAt: number | null;
  /** When the alarm that it takes too long was raised; null before that. */
  readonly overdueAt: number | null;
}

/** What is wanted of the acquirer, and what it had before: no number, only what may be kept of one. */
export type BindingFacts = Omit<Binding, "commitment"> & {
  /** Hexadecimal. */
  readonly commitment: string;
};

/** What the acquirer told of an order. */
export type Told =
  | { readonly state: "auditing" | "succeeded"; readonly reference: string; readonly words: string }
  | { readonly state: "failed"; readonly reference: string; readonly code: string; readonly words: string }
  /** It surely has none of this number: it may be sent (again). */
  | { readonly state: "absent" }
  /** It was reached, and cannot tell. */
  | { readonly state: "unknown" };

export type OrderEvent =
  /** Its time has come. */
  | { readonly type: "due" }
  /** A request, or a question about it, was answered. */
  | { readonly type: "told"; readonly told: Told }
  /** No answer to this, or none that counts: nothing is known. `sent` false where it surely never had any effect. */
  | { readonly type: "lost"; readonly effect: OrderEffect; readonly code: string; readonly sent: boolean }
  /** What the acquirer has on record, beside what is wanted. */
  | { readonly type: "shown"; readonly found: RecordFinding }
  /** The service was put back from a backup since it was asked for. */
  | { readonly type: "held" }
  /** A person wants it asked about at once, or sent again where it is not known whether it arrived. */
  | { readonly type: "resumed" }
  /** A person has seen the acquirer's record himself: it is as wanted, or it is not and the order is given up. */
  | { readonly type: "judged"; readonly isDone: boolean; readonly words: string };
