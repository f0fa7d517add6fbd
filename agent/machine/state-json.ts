import { MAX_ROOTS } from "../../certs/trust/roots.ts";
import { MAX_UINT32 } from "../../proto/bounds.ts";
import { toHex } from "../../proto/bytes.ts";
import { ON_FAIL } from "../../proto/directive.ts";
import { ERRORS, type ErrorCode } from "../../proto/errors.ts";
import { MAX_DETAIL_CHARACTERS, parseReport, type Report, toReportBytes } from "../../proto/terminal-messages.ts";
import { parseTusn, type Tusn } from "../../proto/tusn.ts";
import {
  choice,
  flag,
  list,
  optional,
  type Reader,
  readJson,
  record,
  text,
  variant,
  whole,
  withDefault,
} from "../read-json.ts";
import { REVERSAL_REASONS } from "../test-transaction/messages.ts";
import { MAX_CARD_CHANGES } from "./card-changes.ts";
import { MAX_REFUSALS, MAX_UNSENT_OUTCOMES } from "./reports.ts";
import {
  type Busy,
  type Failure,
  INTENTIONS,
  MAX_OWED,
  type OwedReversal,
  type Progress,
  type ProgressPhase,
  type Slot,
  type State,
  type Task,
  type UnderWay,
  type Verdict,
} from "./state.ts";

const MAX_TRACE = 999_999;
/** Reports by the machine's own bounds: outcomes, refusals, reversals and slots lost, and the directive under way. */
const MAX_UNSENT = MAX_UNSENT_OUTCOMES + MAX_REFUSALS + MAX_OWED + 8;

/** JSON text of the state; reports in the hexadecimal of their exact bytes. */
export function toStateJson(state: State): string {
  const { last, unsent, refusals } = state;
  return JSON.stringify({
    ...state,
    last: last === undefined ? undefined : toReportText(last),
    unsent: unsent.map(toReportText),
    refusals: { ...refusals, recent: refusals.recent.map(toReportText) },
  });
}

/**
 * The state as `toStateJson` wrote it, or as version 0.1.0 did, which had no roots, caps and sealed numbers.
 *
 * @throws TillsyncError FIELD_INVALID and others of the values within; nothing is guessed
 */
export function parseStateJson(json: string): State {
  return readJson(json, STATE);
}

function toReportText(report: Report): string {
  return toHex(toReportBytes(report));
}

const uint = whole(0, MAX_UINT32);
/** For seconds of a clock that may be wrong by any amount, and for versions. */
const large = whole(0, Number.MAX_SAFE_INTEGER);
const trace = whole(1, MAX_TRACE);
const digest = text(/^[0-9a-f]{64}$/);
const detail = text(new RegExp(`^.{0,${MAX_DETAIL_CHARACTERS}}$`, "s"));
const code = choice(Object.keys(ERRORS) as ErrorCode[]);
const reason = choice(REVERSAL_REASONS);

const tusn: Reader<Tusn> = (value, field) => parseTusn(text(/./)(value, field));
const report: Reader<Report> = (value, field) =>
  parseReport(Buffer.from(text(/^([0-9a-f]{2})+$/)(value, field), "hex"));

const slot = record<Slot>({
  delivery: digest,
  trust: digest,
  profile: digest,
  directive: digest,
  sealed: withDefault(text(/^([0-9a-f]{64})?$/), ""),
});

const task = record<Task>({
  directive: digest,
  sequence: uint,
  nonce: text(/^[0-9a-f]{32}$/),
  onFail: choice(ON_FAIL),
  notAfter: uint,
  attempts: uint,
  retryBaseMs: uint,
  reversalBaseMs: uint,
  deadlineS: uint,
  cardChangeAt: optional(large),
});

const failure = record<Failure>({ code, detail });
const verdict = record<Verdict>({ kind: choice(["passed", "failed", "inconclusive"]), detail });

type In<P extends ProgressPhase> = Extract<Progress, { phase: P }>;

const progress = variant<ProgressPhase, Progress>("phase", {
  verified: record<In<"verified">>({ phase: choice(["verified"]) }),
  waiting: record<In<"waiting">>({ phase: choice(["waiting"]), tries: uint, unanswered: uint }),
  applying: record<In<"applying">>({ phase: choice(["applying"]), deadline: large, again: flag, tries: uint }),
  testing: record<In<"testing">>({
    phase: choice(["testing"]),
    deadline: large,
    attempt: uint,
    trace: optional(trace),
  }),
  reversing: record<In<"reversing">>({
    phase: choice(["reversing"]),
    deadline: large,
    attempt: uint,
    trace,
    reason,
    verdict,
    tries: uint,
  }),
  rolling_back: record<In<"rolling_back">>({
    phase: choice(["rolling_back"]),
    failure,
    tries: uint,
    busy: optional(record<Busy>({ until: large, tries: uint })),
  }),
});

const STATE = record<State>({
  tusn,
  sequence: uint,
  counter: uint,
  trace,
  roots: withDefault(list(digest, MAX_ROOTS), []),
  trust: optional(
    record({
      bundle: digest,
      versions: record({ timestamp: large, snapshot: large, targets: large, policy: withDefault(large, 0) }),
    }),
  ),
  slots: record({ current: optional(slot), previous: optional(slot) }),
  standing: record({ intended: choice(INTENTIONS), broken: flag }),
  underWay: optional(record<UnderWay>({ task, next: slot, progress })),
  owed: list(record<OwedReversal>({ slot, trace, reason, baseMs: uint, tries: uint }), MAX_OWED),
  last: optional(report),
  unsent: list(report, MAX_UNSENT),
  refusals: record({ since: large, queued: uint, recent: list(report, MAX_REFUSALS) }),
  cardChanges: withDefault(list(large, MAX_CARD_CHANGES), []),
});
