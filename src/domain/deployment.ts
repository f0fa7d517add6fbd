import { TillsyncError } from "../../proto/errors.ts";
import type { ReportKind } from "../../proto/terminal-messages.ts";

/**
 * States of a deployment, one directive on one terminal, as the service knows it:
 * `pending` waits in the outbox, `sent` was handed to the bus, `superseded` was closed by the service, because a newer
 * directive took its place or nothing more is expected of it, and the rest is what the terminal reported (clause 5.4).
 *
 * A way back that was approved together with its change (clause 4.5) begins as `reserved`: never sent unless an operator
 * orders it. It is `lapsed` when it can be ordered no more: its time is over, or its terminal went another way.
 */
export const DEPLOYMENT_STATES = [
  "reserved",
  "lapsed",
  "pending",
  "sent",
  "superseded",
  "verified",
  "applied",
  "refused",
  "committed",
  "rolled_back",
  "broken",
  "suspended",
] as const;
export type DeploymentState = (typeof DEPLOYMENT_STATES)[number];

/**
 * What can happen: an operator orders a way back or it lapses, the dispatcher sends or is asked to send again, the
 * service supersedes what nobody took or gives up what a terminal took (`lost`), the terminal reports.
 */
export const DEPLOYMENT_EVENTS = [
  "ordered",
  "lapsed",
  "sent",
  "resend",
  "superseded",
  "lost",
  "verified",
  "applied",
  "refused",
  "committed",
  "rolled_back",
  "broken",
  "suspended",
] as const satisfies readonly (ServiceEvent | ReportKind)[];
type ServiceEvent = "ordered" | "lapsed" | "sent" | "resend" | "superseded" | "lost";
export type DeploymentEvent = (typeof DEPLOYMENT_EVENTS)[number];

export interface DeploymentStep {
  readonly state: DeploymentState;
  /** Whether there is anything to store. */
  readonly changed: boolean;
}

/**
 * How much each state says; a deployment only ever moves up. The two ways down are `resend`, from sent to pending, and
 * `lost`, from under way to superseded; from there what the terminal still tells brings it up again.
 *
 *  - `reserved` and `lapsed` stand below everything: whoever holds the wire could have a terminal take what nobody
 *    ordered, and what a terminal says with its signature is the truth.
 *  - `superseded` stands below every report: a directive already on the wire may still be taken.
 *  - `refused` stands below what an update ends in, because it speaks of one delivery, not of the directive: whoever
 *    holds the wire can show the terminal a spoiled copy before the true one, or the true one again after its outcome.
 */
const RANKS: Readonly<Record<DeploymentState, number>> = {
  reserved: -2,
  lapsed: -1,
  pending: 0,
  sent: 1,
  superseded: 2,
  verified: 3,
  applied: 4,
  refused: 5,
  committed: 6,
  rolled_back: 6,
  broken: 6,
  suspended: 6,
};

/**
 * The state after an event. A repeat, or news of less than is known already, changes nothing.
 * @throws TillsyncError STATE_CONFLICT where one outcome contradicts another
 */
export function step(state: DeploymentState, event: DeploymentEvent): DeploymentStep {
  if (event === "ordered")
    return state === "reserved" ? { state: "pending", changed: true } : { state, changed: false };
  // Neither is it sent, nor is it done for because the terminal refused it when it was shown to it unasked.
  if (isHeldBack(state) && ["sent", "superseded", "refused"].includes(event)) return { state, changed: false };
  if (event === "resend") return state === "sent" ? { state: "pending", changed: true } : { state, changed: false };
  if (event === "lost") return isUnderWay(state) ? { state: "superseded", changed: true } : { state, changed: false };
  if (event !== state && RANKS[event] === RANKS[state]) throw new TillsyncError("STATE_CONFLICT", { state, event });
  return RANKS[event] > RANKS[state] ? { state: event, changed: true } : { state, changed: false };
}

/** Whether the service still waits for something: to send the directive or to hear how it ended. */
export function isOpen(state: DeploymentState): boolean {
  return state === "pending" || state === "sent" || isUnderWay(state);
}

/** Whether the terminal has taken the directive and not told how it ended. */
export function isUnderWay(state: DeploymentState): boolean {
  return state === "verified" || state === "applied";
}

/** Whether it is a way back that nobody ordered: the service has never sent it. */
export function isHeldBack(state: DeploymentState): boolean {
  return state === "reserved" || state === "lapsed";
}
