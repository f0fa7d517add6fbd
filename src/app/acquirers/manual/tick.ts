import { toDigest, toHex } from "../../../../proto/bytes.ts";
import { check, checkLine } from "../../../../proto/check.ts";
import { TillsyncError } from "../../../../proto/errors.ts";
import { toRedacted } from "../../../../proto/redaction.ts";
import { checkNotSensitive } from "../../../../proto/sensitive.ts";
import { toMasked } from "../../../domain/acquirers/on-record.ts";
import { type BindingFacts, ORDER_ENDS, type OrderState } from "../../../domain/acquirers/order.ts";
import { findOrder, putOrder } from "../../../store/acquirer-orders.ts";
import { addTick, listTicks } from "../../../store/acquirer-ticks.ts";
import type { AcquirerOrderRow, AcquirerTickRow } from "../../../store/acquirers-schema.ts";
import { appendEntries } from "../../../store/ledger.ts";
import { transact } from "../../../store/store.ts";
import type { Context } from "../../context.ts";
import { toEntry } from "../../ledger-entries.ts";
import type { Act } from "../../registry/act.ts";
import { keepEvidence } from "../../verifiers/record.ts";
import { toWords } from "../answer.ts";
import { type Channel, listSteps, type Step } from "./checklists.ts";

/** Ticked instead of a step where the acquirer will not. */
export const REFUSED_STEP = "refused";
const MAX_NOTE = 100;
/** A number as it is shown: digits at either end at most, and something in between. */
const SHOWN = /^\d{0,6}[*xX]{1,40}\d{2,4}$/;
const GAPS = /[ -]/g;
const CASE = /^[0-9A-Za-z-]+$/;
/** States in which a person's step is waited for. */
const WAITING: readonly OrderState[] = ["requested", "unknown", "auditing"];

export interface Tick {
  readonly requestNo: string;
  readonly step: string;
  /** What was read or told: a case number, the number as it is shown, or why it was refused. */
  readonly note: string;
  readonly evidence?: Uint8Array;
}

/**
 * Takes a step of an order's checklist as done, and lets the order be looked at. Steps are done in their order. Whoever asked
 * the acquirer never confirms what it did.
 *
 * @param folder data folder, where evidence is kept under its digest
 * @throws TillsyncError NOT_FOUND, FIELD_INVALID, SENSITIVE_DATA, BYTES_TOO_LARGE, EVIDENCE_MISSING, SELF_APPROVAL,
 *   DATA_FOLDER_INVALID; STATE_CONFLICT where the order has ended, the step was done, or is not the next one
 */
export async function tickStep(
  context: Context,
  { folder, channel }: { readonly folder: string; readonly channel: Channel },
  tick: Tick,
  { actor, reason }: Act,
): Promise<void> {
  const { store, now } = context;
  const step = toStep(channel, tick.step);
  checkNotSensitive(tick.note);
  if (step?.hasEvidence === true && tick.evidence === undefined) {
    throw new TillsyncError("EVIDENCE_MISSING", { step: step.id });
  }
  const evidence = tick.evidence === undefined ? null : toDigest(tick.evidence);
  await transact(store, async (tx) => {
    const order = await findOrder(tx, tick.requestNo);
    if (order === undefined) throw new TillsyncError("NOT_FOUND", { order: tick.requestNo });
    demandNext(order, await listTicks(tx, tick.requestNo), { channel, step, actor });
    const noted = toNote(step, tick.note, order);
    const at = now();
    await addTick(tx, { requestNo: order.requestNo, step: tick.step, person: actor, at, evidence, noted });
    await putOrder(tx, order.requestNo, {
      ...order,
      dueAt: WAITING.includes(order.state) ? at : order.dueAt,
      updatedAt: at,
    });
    const digest = evidence === null ? {} : { digest: evidence };
    const detail = { change: order.change, step: tick.step, noted, reason };
    await appendEntries(tx, [toEntry(at, "acquirer.step_done", order.requestNo, { actor, ...digest, detail })]);
    // Last, so that what is refused leaves no file; within, so that a row never names what is not there.
    if (tick.evidence !== undefined) await keepEvidence(folder, tick.evidence);
  });
}

/** A checklist beside what was done of it. */
export interface ChecklistLine extends Step {
  readonly done?: { readonly person: string; readonly at: number; readonly noted: string; readonly evidence: string };
}

export async function listChecklist(
  { store }: Context,
  channel: Channel,
  requestNo: string,
): Promise<readonly ChecklistLine[]> {
  const ticks = await listTicks(store, requestNo);
  return listSteps(channel).map((step) => {
    const tick = ticks.find((one) => one.step === step.id);
    if (tick === undefined) return step;
    const evidence = tick.evidence === null ? "" : toHex(tick.evidence);
    return { ...step, done: { person: tick.person, at: tick.at, noted: tick.noted, evidence } };
  });
}

function toStep(channel: Channel, id: string): Step | undefined {
  const step = listSteps(channel).find((one) => one.id === id);
  check(step !== undefined || id === REFUSED_STEP, "step");
  return step;
}

function toNote(step: Step | undefined, note: string, order: Pick<AcquirerOrderRow, "wanted" | "before">): string {
  if (step?.notes === "account") {
    check(note.length <= MAX_NOTE && SHOWN.test(note.replace(GAPS, "")), "note");
    return toMasked(note);
  }
  if (step?.notes === "") {
    check(note === "", "note");
    return "";
  }
  const line = checkLine(note, MAX_NOTE, "note");
  return step?.notes === "case" && CASE.test(line) && !isAccountOf(order, line) ? line : toWords(line);
}

/** A case number may be long, and is kept whole: unless it could be one of the accounts, which belongs nowhere here. */
function isAccountOf({ wanted, before }: Pick<AcquirerOrderRow, "wanted" | "before">, line: string): boolean {
  const digits = line.replace(/\D/g, "");
  const accounts = [wanted, before].filter((text) => text !== "").map((text) => JSON.parse(text) as BindingFacts);
  return toRedacted(digits) !== digits || accounts.some(({ last4 }) => digits.endsWith(last4));
}

function demandNext(
  order: AcquirerOrderRow,
  ticks: readonly AcquirerTickRow[],
  { channel, step, actor }: { readonly channel: Channel; readonly step: Step | undefined; readonly actor: string },
): void {
  const isDone = (id: string) => ticks.some((tick) => tick.step === id);
  if (ORDER_ENDS.includes(order.state) || isDone(REFUSED_STEP)) {
    throw new TillsyncError("STATE_CONFLICT", { state: order.state });
  }
  const steps = listSteps(channel);
  const next = steps.find(({ id }) => !isDone(id));
  if (step !== undefined && next?.id !== step.id)
    throw new TillsyncError("STATE_CONFLICT", { next: next?.id ?? "none" });
  if (step?.part !== "confirm") return;
  const asked = steps.filter(({ part }) => part === "request").map(({ id }) => id);
  if (ticks.some(({ step: id, person }) => asked.includes(id) && person === actor)) {
    throw new TillsyncError("SELF_APPROVAL", { step: step.id });
  }
}
