import { MAX_UINT32 } from "../../proto/bounds.ts";
import { isEqual, toDigest } from "../../proto/bytes.ts";
import type { ErrorCode } from "../../proto/errors.ts";
import { isOutcome, type Receipt, type Report, type ReportKind, toReportBytes } from "../../proto/terminal-messages.ts";
import { toDetail } from "./detail.ts";
import type { EventOf } from "./events.ts";
import type { Digest, Refusals, Slot, State } from "./state.ts";

/** Outcomes without a receipt beyond which no new directive is taken. */
export const MAX_UNSENT_OUTCOMES = 16;
/** Refused reports without a receipt, and remembered ones. */
export const MAX_REFUSALS = 8;
/** Reports of refusals and outcomes told again that are queued within one window; what goes beyond is suppressed. */
export const MAX_REFUSALS_PER_WINDOW = 32;
export const REFUSAL_WINDOW_S = 60;

/** What a report says beyond the state it is made in. */
export interface Told {
  readonly kind: ReportKind;
  readonly code: ErrorCode | "";
  readonly directive: Digest;
  /** Hexadecimal. */
  readonly nonce: string;
  readonly detail: string;
  readonly now: number;
}

/** Queues a report under a new device counter; it takes the place of an unsent one about the same directive. */
export function addReport(state: State, told: Told): State {
  const report = toReport(state, told);
  const others = state.unsent.filter((unsent) => !isAbout(unsent, told.directive));
  return { ...state, counter: report.counter, unsent: [...others, report] };
}

/** Queues the report of how a directive ended, and keeps it for when the directive comes again. */
export function addOutcome(state: State, told: Told): State {
  const reported = addReport(state, told);
  return { ...reported, last: reported.unsent.at(-1) };
}

/**
 * Queues the last outcome again where the directive that ended so comes again and its report is not queued any more. No
 * oftener than refusals: receipts can be forged, and each time costs the disk a write.
 */
export function repeatReport(state: State, { directive, now }: EventOf<"repeated">): State {
  const { last, unsent } = state;
  if (last === undefined || !isAbout(last, directive)) return state;
  const { since, queued } = toWindow(state, now);
  if (queued >= MAX_REFUSALS_PER_WINDOW || unsent.some((report) => isAbout(report, directive))) return state;
  return { ...state, unsent: [...unsent, last], refusals: { ...state.refusals, since, queued: queued + 1 } };
}

/** Forgets the report that the receipt is for; any other receipt changes nothing. */
export function forgetReport(state: State, receipt: Receipt): State {
  const unsent = state.unsent.filter(
    (report) => report.counter !== receipt.counter || !isEqual(toDigest(toReportBytes(report)), receipt.report),
  );
  return unsent.length === state.unsent.length ? state : { ...state, unsent };
}

/**
 * Queues a report of a refused delivery. The same refusal again queues the same report again, never a second one; a
 * refusal never takes the place of another report about its directive. A flood changes nothing at all: more than
 * MAX_REFUSALS_PER_WINDOW, or more than MAX_REFUSALS without a receipt.
 */
export function addRefusal(state: State, refused: EventOf<"refused">): State {
  const { now, code } = refused;
  const { recent } = state.refusals;
  const { since, queued } = toWindow(state, now);
  const unsent = state.unsent.filter((report) => report.kind === "refused").length;
  const isQueued = state.unsent.some((report) => isAbout(report, refused.directive));
  if (isQueued || queued >= MAX_REFUSALS_PER_WINDOW || unsent >= MAX_REFUSALS) return state;

  const known = recent.find((report) => report.code === code && isAbout(report, refused.directive));
  const report = known ?? toReport(state, { ...refused, kind: "refused" });
  return {
    ...state,
    counter: Math.max(state.counter, report.counter),
    unsent: [...state.unsent, report],
    refusals: {
      since,
      queued: queued + 1,
      recent: known === undefined ? [...recent, report].slice(-MAX_REFUSALS) : recent,
    },
  };
}

/** The window that `now` lies in: the present one, or a new one. */
function toWindow({ refusals: { since, queued } }: State, now: number): Pick<Refusals, "since" | "queued"> {
  return now >= since && now < since + REFUSAL_WINDOW_S ? { since, queued } : { since: now, queued: 0 };
}

/** Whether so many outcomes wait for a receipt that no new directive may be taken. */
export function isBacklogged(state: State): boolean {
  return state.unsent.filter((report) => isOutcome(report.kind)).length >= MAX_UNSENT_OUTCOMES;
}

function toReport(state: State, told: Told): Report {
  const { kind, code, directive, nonce, detail, now } = told;
  return {
    tusn: state.tusn,
    counter: state.counter + 1,
    kind,
    code,
    directive: fromHex(directive),
    sequence: state.sequence,
    current: toProfileDigest(state.slots.current),
    previous: toProfileDigest(state.slots.previous),
    nonce: fromHex(nonce),
    at: Math.min(now, MAX_UINT32),
    detail: toDetail(detail),
  };
}

/** Digest of the profile in a slot as messages carry it: empty where there is none. */
export function toProfileDigest(slot: Slot | undefined): Uint8Array {
  return fromHex(slot === undefined ? "" : slot.profile);
}

function isAbout(report: Report, directive: Digest): boolean {
  return isEqual(report.directive, fromHex(directive));
}

function fromHex(hex: string): Uint8Array {
  return Buffer.from(hex, "hex");
}
