import { type ErrorCode, TillsyncError } from "../../../proto/errors.ts";
import type { Hello } from "../../../proto/terminal-messages.ts";
import { step } from "../../domain/deployment.ts";
import {
  type HeldTrust,
  isLeftBehind,
  isLost,
  isUseless,
  type OpenDeployment,
  type Reconciliation,
  reconcile,
  toConclusion,
} from "../../domain/reconcile.ts";
import { toDueAt } from "../../domain/validity.ts";
import type { DeploymentRow } from "../../store/schema.ts";
import { toEntry } from "../ledger-entries.ts";
import { type FindSides, judgeSaid, suspectBehind } from "./counters.ts";
import { raiseAlarms, raiseCounterAlarm } from "./hello-alarms.ts";
import { lapseReserves } from "./lapse-reserves.ts";
import type { Records } from "./records.ts";
import { toReported } from "./reported-row.ts";
import { settleRestored } from "./settle-restored.ts";
import type { VerifiedHello } from "./verified-message.ts";

const NO_DIGEST = new Uint8Array(0);
/** Says in a deployment that a hello told its end, because the report was lost. */
const TOLD_BY_HELLO = "told by hello";

export interface HelloSurroundings {
  /** Versions of the trust metadata that the service holds. */
  readonly trust: HeldTrust;
  readonly findSides: FindSides;
  /** Seconds. */
  readonly now: number;
}

/**
 * Takes what a terminal says of itself on connect into the records, and brings deployment and outbox into line with it.
 *
 * @throws TillsyncError NOT_FOUND; REPORT_INVALID where its counter is not above the last: the hello of another
 *   day, or of a terminal whose state was put back; an alarm entry is made then
 */
export function recordHello(
  records: Records,
  message: VerifiedHello,
  { trust, findSides, now }: HelloSurroundings,
): Reconciliation {
  const { hello, digest } = message;
  const terminal = records.terminal(hello.tusn);
  if (terminal === undefined) throw new TillsyncError("NOT_FOUND", { terminal: hello.tusn });
  const known = records.reported(hello.tusn);
  const { tusn, counter } = hello;
  const said = { tusn, kind: "hello", counter, digest } as const;
  const { isNews, isBehind } = judgeSaid(records, said, findSides);
  if (known !== undefined && !isNews) {
    const isRaised = raiseCounterAlarm(records, hello, known, now, isBehind ? now : null);
    if (isRaised && isBehind) suspectBehind(records, said, known.counter, findSides);
    throw new TillsyncError("REPORT_INVALID", { terminal: tusn, counter, above: known.counter });
  }
  records.addHeard({ tusn, counter, digest });
  closeLost(records, hello, now);
  const deployment = findSpokenOf(records, hello);
  endOlder(records, hello, deployment, now);
  const reconciliation = reconcile(hello, {
    trust,
    issuedSequence: terminal.issuedSequence,
    reportedSequence: known?.sequence ?? 0,
    ...(deployment === undefined ? {} : { open: toOpen(deployment) }),
  });
  const reported = raiseAlarms(records, { terminal, message, reconciliation, known, now });
  records.setReported({ ...toReported(message, known, now), ...reported });
  settleRestored(records, { terminal, hello, reconciliation, known, now });
  if (deployment !== undefined) carryOut(records, deployment, reconciliation, now);
  lapseReserves(records, hello.tusn, now, (reserve) => isUseless(hello, toOpen(reserve)));
  return reconciliation;
}

/** The deployment that a hello can end: a way back that was taken though nobody ordered it, or the newest open one. */
function findSpokenOf(records: Records, { tusn, sequence }: Hello): DeploymentRow | undefined {
  const taken = records.reserves(tusn).find((reserve) => reserve.sequence === sequence);
  return taken ?? records.openDeployments(tusn)[0];
}

/** Gives up what the terminal once took and cannot remember: no report of it will come, and others could wait for ever. */
function closeLost(records: Records, hello: Hello, now: number): void {
  for (const deployment of records.openDeployments(hello.tusn).filter((row) => isLost(hello, row))) {
    giveUp(records, hello, deployment, "TERMINAL_LOST_STATE", now);
  }
}

/** Ends what the terminal took before something newer took its place here, and of which no report will come either. */
function endOlder(records: Records, hello: Hello, spokenOf: DeploymentRow | undefined, now: number): void {
  for (const deployment of records.openDeployments(hello.tusn)) {
    if (isLeftBehind(hello, deployment)) giveUp(records, hello, deployment, "OUTCOME_OVERDUE", now);
    else if (deployment !== spokenOf) carryOut(records, deployment, toEnd(hello, deployment), now);
  }
}

function giveUp(records: Records, hello: Hello, deployment: DeploymentRow, code: ErrorCode, now: number): void {
  const { tusn, sequence, directiveDigest: digest } = deployment;
  const { state } = step(deployment.state, "lost");
  records.setDeployment({ ...deployment, state, code, detail: "", updatedAt: now });
  const detail = { code, sequence, told: hello.sequence };
  records.addEntry(toEntry(now, "deployment.lost", tusn, { actor: tusn, digest, detail }));
}

function toEnd(hello: Hello, deployment: DeploymentRow): Todo {
  const conclude = toConclusion(hello, toOpen(deployment));
  return { sendDirective: false, ...(conclude === undefined ? {} : { conclude }) };
}

function toOpen(deployment: DeploymentRow): OpenDeployment {
  return { ...deployment, baseDigest: deployment.baseDigest ?? NO_DIGEST };
}

type Todo = Pick<Reconciliation, "sendDirective" | "conclude">;

function carryOut(records: Records, deployment: DeploymentRow, reconciliation: Todo, now: number): void {
  const { tusn, sequence, directiveDigest: digest, notBefore } = deployment;
  const { sendDirective, conclude } = reconciliation;
  if (sendDirective) {
    const { state, changed } = step(deployment.state, "resend");
    if (changed) records.setDeployment({ ...deployment, state, updatedAt: now });
    records.offer({ tusn, sequence, dueAt: toDueAt(notBefore, now), sends: 0 });
  }
  if (conclude !== undefined) {
    const { state } = step(deployment.state, conclude);
    const fields = { actor: tusn, digest, detail: { sequence, state } };
    if (deployment.state === "reserved") records.addEntry(toEntry(now, "alarm.reserve_unordered", tusn, fields));
    records.setDeployment({ ...deployment, state, code: "", detail: TOLD_BY_HELLO, updatedAt: now });
    records.addEntry(toEntry(now, "deployment.concluded", tusn, fields));
  }
}
