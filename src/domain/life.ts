import { TillsyncError } from "../../proto/errors.ts";

/**
 * Where a terminal stands between its registration and its retirement. `verified`: its TUSN has a verdict that suffices.
 * `bound`: a release has given it a settlement. `active`: it has committed a profile.
 */
export const LIVES = ["registered", "verified", "bound", "active", "suspended", "retired", "replaced"] as const;
export type Life = (typeof LIVES)[number];

/** A terminal that is one of these is given nothing any more. */
export const OUT_OF_SERVICE = ["retired", "replaced"] as const satisfies readonly Life[];

/** What moves a terminal on. */
export const LIFE_EVENTS = [
  "verified",
  "bound",
  "committed",
  "unbound",
  "suspend",
  "resume",
  "retire",
  "replace",
] as const;
export type LifeEvent = (typeof LIFE_EVENTS)[number];

/** What happened to a terminal's identity, as its history tells it. */
export const HISTORY_KINDS = [
  "verdict",
  "proof_demanded",
  "proof_locked",
  "proof_unlocked",
  "token_created",
  "token_withdrawn",
  "enrolment_locked",
  "enrolment_unlocked",
  "enrolment_requested",
  "enrolment_admitted",
  "enrolled",
  "renewed",
  "unbinding_asked",
  "unbound",
  "revoked",
  "bound",
  "active",
  "suspended",
  "resumed",
  "retired",
  "replaced",
  "replacing",
  "quarantined",
  "quarantine_released",
] as const;
export type HistoryKind = (typeof HISTORY_KINDS)[number];

/** What shows that two devices use one identity. */
export const CLONE_SIGNS = [
  "counter_fork",
  "counter_behind",
  "taken_over",
  "two_places",
  "certificate_unknown",
] as const;
export type CloneSign = (typeof CLONE_SIGNS)[number];

const ORDER = ["registered", "verified", "bound", "active"] as const;
type InService = (typeof ORDER)[number];

interface Standing {
  readonly life: Life;
  /** What to go back to when a suspension ends. */
  readonly lifeBefore: Life | "";
}

/**
 * Where the event leads. What is behind already changes nothing; while suspended, progress is noted for the resumption.
 *
 * @throws TillsyncError STATE_CONFLICT where the event cannot be: nothing leads out of `retired` and `replaced`
 */
export function stepLife({ life, lifeBefore }: Standing, event: LifeEvent): Standing {
  if (life === "retired" || life === "replaced") throw conflict(life, event);
  if (life === "suspended") return stepSuspended(lifeBefore, event);
  switch (event) {
    case "suspend":
      return { life: "suspended", lifeBefore: life };
    case "resume":
      throw conflict(life, event);
    case "retire":
      return { life: "retired", lifeBefore: "" };
    case "replace":
      return { life: "replaced", lifeBefore: "" };
    default:
      return { life: advance(life, event), lifeBefore: "" };
  }
}

function stepSuspended(lifeBefore: Life | "", event: LifeEvent): Standing {
  const before: InService = ORDER.find((candidate) => candidate === lifeBefore) ?? "registered";
  switch (event) {
    case "suspend":
      return { life: "suspended", lifeBefore: before };
    case "resume":
      return { life: before, lifeBefore: "" };
    case "retire":
      return { life: "retired", lifeBefore: "" };
    case "replace":
      return { life: "replaced", lifeBefore: "" };
    default:
      return { life: "suspended", lifeBefore: advance(before, event) };
  }
}

function advance(life: InService, event: "verified" | "bound" | "committed" | "unbound"): InService {
  if (event === "unbound") return "registered";
  const to = event === "committed" ? "active" : event;
  return ORDER.indexOf(to) > ORDER.indexOf(life) ? to : life;
}

function conflict(life: Life, event: LifeEvent): TillsyncError {
  return new TillsyncError("STATE_CONFLICT", { life, event });
}

/** Whether a terminal is on duty or may come to be: its terminal number is its own until it is not. */
export function isInService({ life }: { readonly life: Life }): boolean {
  return life !== "retired" && life !== "replaced";
}
