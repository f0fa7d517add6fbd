import { TillsyncError } from "../../../proto/errors.ts";

/** What a request can ask for. Settlement accounts are added, replaced (the one that terminals settle to) or removed. */
export const CHANGE_KINDS = [
  "merchant",
  "contact",
  "settlement.add",
  "settlement.replace",
  "settlement.remove",
] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** Of each merchant one change at a time may be open in each group. */
export const CHANGE_GROUPS = ["merchant", "contact", "settlement"] as const;
export type ChangeGroup = (typeof CHANGE_GROUPS)[number];

/** Why, as reports count it; words stand beside it. */
export const REASON_CODES = [
  "renamed",
  "licence_renewed",
  "certificates_merged",
  "owner_changed",
  "contact_changed",
  "account_changed",
  "account_expiring",
  "account_lost",
  "account_forgotten",
  "correction",
  "other",
] as const;
export type ReasonCode = (typeof REASON_CODES)[number];

/**
 * `draft` is being written, `submitted` waits for approvers, `rejected` went back with comments, `approved` has every
 * signature and waits for its hour, `releasing` is being carried out, the others are ends.
 */
export const CHANGE_STATES = [
  "draft",
  "submitted",
  "rejected",
  "approved",
  "releasing",
  "done",
  "failed",
  "withdrawn",
] as const;
export type ChangeState = (typeof CHANGE_STATES)[number];

/** States in which nobody may open another change of the group. */
export const OPEN_STATES = ["draft", "submitted", "rejected", "approved", "releasing"] as const satisfies ChangeState[];

/**
 * What can happen: its people amend, submit, reject, withdraw; its release is approved, lapses on the desk, or is refused
 * by a policy of today (`barred`); it is carried out, and ends well or not.
 */
export const CHANGE_EVENTS = [
  "amend",
  "submit",
  "reject",
  "withdraw",
  "approve",
  "lapse",
  "bar",
  "release",
  "conclude",
  "fail",
] as const;
export type ChangeEvent = (typeof CHANGE_EVENTS)[number];

const STEPS: Readonly<Record<ChangeState, Readonly<Partial<Record<ChangeEvent, ChangeState>>>>> = {
  draft: { amend: "draft", submit: "submitted", withdraw: "withdrawn" },
  submitted: {
    approve: "approved",
    reject: "rejected",
    lapse: "rejected",
    bar: "rejected",
    withdraw: "withdrawn",
  },
  rejected: { amend: "draft", withdraw: "withdrawn" },
  approved: { release: "releasing", reject: "rejected", lapse: "rejected", bar: "rejected", withdraw: "withdrawn" },
  releasing: { conclude: "done", fail: "failed" },
  // What failed is opened again, with all that was written for it.
  failed: { amend: "draft" },
  done: {},
  withdrawn: {},
};

export function toGroup(kind: ChangeKind): ChangeGroup {
  if (kind === "merchant" || kind === "contact") return kind;
  return "settlement";
}

/** @throws TillsyncError STATE_CONFLICT where the event cannot be in that state */
export function stepChange(state: ChangeState, event: ChangeEvent): ChangeState {
  const next = STEPS[state][event];
  if (next === undefined) throw new TillsyncError("STATE_CONFLICT", { state, event });
  return next;
}

export function isOpen(state: ChangeState): boolean {
  return (OPEN_STATES as readonly ChangeState[]).includes(state);
}
