import { parseSealedAccount } from "../../../certs/acquirer/seal.ts";
import { isEqual, toHex } from "../../../proto/bytes.ts";
import { type ErrorCode, TillsyncError, toErrorCode } from "../../../proto/errors.ts";
import { findGoing, findInForce, parseContentText } from "../../domain/changes/content.ts";
import type { PolicyPack } from "../../domain/changes/pack.ts";
import { decideNext, type NextStep, type Progress } from "../../domain/changes/progress.ts";
import type { BindingRecord, SettlementRecord } from "../../domain/records/record.ts";
import { listOrdersOf } from "../../store/acquirer-orders.ts";
import type { OrderPurpose } from "../../store/acquirers-schema.ts";
import { addTasks } from "../../store/changes.ts";
import type { ChangeRow } from "../../store/changes-schema.ts";
import { findTerminals } from "../../store/fleet.ts";
import { findReleases } from "../../store/releases.ts";
import { type Tx, transact } from "../../store/store.ts";
import { placeOrder, toBindingFacts } from "../acquirers/orders.ts";
import type { Context } from "../context.ts";
import type { Desk } from "../desk/desk.ts";
import { addBinding, endBinding, prepareBinding, replaceBinding } from "../records/bindings.ts";
import { changeRecord } from "../records/change.ts";
import { readRecord } from "../records/read.ts";
import { orderRollback } from "../release/order-rollback.ts";
import { publishRelease } from "../release/publish.ts";
import { alterChange, endChange, moveChange, readChange } from "./act.ts";
import { findAccounts } from "./find-accounts.ts";
import { findAcquirer } from "./judge.ts";
import { readDeployments, readProgress } from "./progress.ts";
import { isOlderThanRestore } from "./restored.ts";
import type { ChangeTools } from "./submit.ts";

const SERVICE = { actor: "service", comment: "" };
/** Steps in one visit; what is left comes with the next one. */
const MAX_STEPS = 8;

/**
 * Takes an approved change into its carrying out: what follows it is noted, and the account that it brings is prepared, so
 * that the first terminal that commits it brings it into force.
 */
export function beginRelease(context: Context, row: ChangeRow, pack: PolicyPack): Promise<ChangeRow> {
  return transact(context.store, async (tx) => {
    const now = context.now();
    const { settlement, bindingId } = parseContentText(row.content);
    const { bindings, version } = await readRecord(tx, row.merchant);
    // Terminals may have brought it into force already: of a release that was published by hand, or in an earlier try.
    const isDue = settlement !== undefined && !isInForce(bindings, settlement);
    const replaces = findInForce(bindings, bindingId)?.id;
    if (row.kind === "settlement.replace" && row.releaseId !== null && isDue && replaces !== undefined) {
      await prepareBinding(tx, now, { ...toAct(row, version), settlement, replaces });
    }
    const tasks = pack.kinds[row.kind]?.tasks ?? [];
    await addTasks(
      tx,
      tasks.map((kind) => ({ changeId: row.id, kind, createdAt: now, doneAt: null, doneBy: "", note: "" })),
    );
    return moveChange(tx, now, row, "release", SERVICE);
  });
}

/**
 * Takes every step that can be taken now. Each of them is stored before the next is decided, and may be taken again after
 * a power cut.
 *
 * @throws TillsyncError what the steps throw: the change stays where it is, and is visited again
 */
export async function carryOut(context: Context, tools: ChangeTools, row: ChangeRow, pack: PolicyPack): Promise<void> {
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const change = await readChange(context.store, row.id);
    if (change.state !== "releasing") return;
    const progress = await readProgress(context.store, change, pack);
    const next = decideNext(progress);
    if (next === "wait") return;
    await takeOrGiveUp(context, tools, change, next, progress);
  }
}

type Step = Exclude<NextStep, "wait">;

/** What no later visit will find otherwise is kept with the change by the first step that leads back. */
async function takeOrGiveUp(
  context: Context,
  tools: ChangeTools,
  row: ChangeRow,
  step: Step,
  progress: Progress,
): Promise<void> {
  try {
    await take(context, tools, row, step, progress);
  } catch (error) {
    if (!isFinal(error) || (step !== "publish" && step !== "ask_acquirer" && step !== "undo_acquirer")) throw error;
    const failing = { ...row, code: row.code === "" ? error.code : row.code };
    // What cannot be undone at the acquirer is for people: its record shows it. The terminals go back all the same.
    const given = step === "undo_acquirer" ? { undoing: "failed" as const } : {};
    // After a restore the terminals may hold it already: what the service that was lost did is for people to judge.
    const isUnknown = error.code === "SEQUENCE_REPLAYED" && (await isOlderThanRestore(context.store, row));
    const back = isUnknown ? "fail" : decideNext({ ...progress, isFailing: true, ...given });
    if (back !== "wait") await take(context, tools, failing, back, progress);
  }
}

function take(context: Context, tools: ChangeTools, row: ChangeRow, step: Step, progress: Progress): Promise<unknown> {
  switch (step) {
    case "publish":
      return publish(context, tools, row);
    case "ask_acquirer":
      return askAcquirer(context, tools, row, "change");
    case "undo_acquirer":
      return askAcquirer(context, tools, row, "reversal");
    case "return_terminals":
      return returnTerminals(context, tools, row, progress);
    case "record":
      return record(context, row);
    case "conclude":
      return conclude(context, row);
    case "fail":
      return fail(context, row, toFailure(row, progress));
  }
}

function toFailure({ code }: ChangeRow, { acquirer, committed, failed }: Progress): string {
  if (code !== "") return code;
  if (acquirer === "failed") return "ACQUIRER_REFUSED";
  if (failed > 0) return "TEST_FAILED";
  // Or no terminal was ever sent its release, and none can be any more.
  return committed > 0 ? "TAKEN_BACK" : "EXPIRED";
}

async function publish(context: Context, { desk, policy }: ChangeTools, row: ChangeRow): Promise<void> {
  const releaseId = toReleaseId(row);
  const file = await readUnpublished(context, desk, releaseId);
  const left = file === undefined ? 0 : (await publishRelease(context, file, policy())).skipped.length;
  const comment =
    left === 0 ? `release ${toHex(releaseId)}` : `release ${toHex(releaseId)}, ${left} terminals left out`;
  await transact(context.store, (tx) =>
    alterChange(tx, context.now(), row, "published", { ...SERVICE, comment }, { publishedAt: context.now() }),
  );
}

function toReleaseId({ id, releaseId }: ChangeRow): Uint8Array {
  if (releaseId === null) throw new TillsyncError("INTERNAL", { change: id });
  return releaseId;
}

/**
 * The file of a release that is yet to be published; undefined where it was published before. The desk closes that one
 * and one that has expired alike: the records tell one from the other.
 *
 * @throws TillsyncError EXPIRED where it can be published no more; NOT_FOUND
 */
async function readUnpublished(
  { store }: Context,
  desk: Pick<Desk, "read">,
  releaseId: Uint8Array,
): Promise<Uint8Array | undefined> {
  try {
    return await desk.read(releaseId);
  } catch (error) {
    if ((await findReleases(store, [releaseId])).length > 0) return undefined;
    if (toErrorCode(error) !== "STATE_CONFLICT") throw error;
    throw new TillsyncError("EXPIRED", { release: toHex(releaseId) }, error);
  }
}

/**
 * What no later visit will find otherwise. Where different things hinder the terminals of a release, only the first
 * one's is told; what was given up for it can be opened again, and what waits in vain ends when its release expires.
 */
const FINAL: readonly ErrorCode[] = [
  ...(["NOT_FOUND", "EXPIRED", "STATEMENT_UNSIGNED", "WRONG_MERCHANT"] as const),
  // Sequences are never given back.
  "SEQUENCE_REPLAYED",
  // Only another directive, and with it a higher sequence, brings a terminal back to what it held.
  ...(["BASE_MISMATCH", "RESTORE_UNKNOWN"] as const),
  // A key that was replaced does not come back, and nothing leads back from out of service.
  ...(["WRONG_DEVICE_KEY", "TERMINAL_RETIRED"] as const),
  // What was sealed stays as it is while it is carried out.
  "SEAL_INVALID",
];
// Not among them, because it may pass: SEAL_MISSING (the desk still takes a sealed number), RELEASE_CONFLICT (what is
// under way on the terminal may end where it began), SELF_APPROVAL (another checker may still sign), and that it is
// suspended, in quarantine, unsettled or not proven.

function isFinal(error: unknown): error is TillsyncError {
  return error instanceof TillsyncError && FINAL.includes(error.code);
}

/**
 * The order is stored with the change's event; the runner of orders sends it.
 *
 * @throws TillsyncError EXPIRED where the acquirer would be asked for what no terminal can be sent any more;
 *   TERMINAL_RETIRED where the merchant has none that says which acquirer it is
 */
async function askAcquirer(
  context: Context,
  { desk }: ChangeTools,
  row: ChangeRow,
  purpose: OrderPurpose,
): Promise<void> {
  if (purpose === "change" && row.releaseId !== null) await readUnpublished(context, desk, row.releaseId);
  const acquirer = (await findAcquirer(context, row)) || (await findAcquirerOfRelease(context, row));
  if (purpose === "change" && acquirer === "") throw new TillsyncError("TERMINAL_RETIRED", { merchant: row.merchant });
  await transact(context.store, async (tx) => {
    const now = context.now();
    const content = parseContentText(row.content);
    const { going, coming } = await findAccounts(tx, row);
    const isBack = purpose === "reversal";
    const text = isBack ? content.sealedBefore : content.sealed;
    const sealed = text === undefined ? undefined : Buffer.from(text, "base64");
    const done = (await listOrdersOf(tx, row.id)).findLast((order) => order.purpose === "change");
    await placeOrder(tx, now, {
      requestNo: toRequestNo(row, purpose, sealed),
      ...{ change: row.id, purpose, merchant: row.merchant, sealed },
      // Whoever made it takes it back, whatever terminals the merchant has by now.
      acquirer: isBack ? (done?.acquirer ?? acquirer) : acquirer,
      wanted: toBindingFacts(isBack ? going : coming),
      before: toBindingFacts(isBack ? coming : going),
      ...(isBack ? { reverses: done?.reference ?? "" } : {}),
    });
    await alterChange(tx, now, row, "ask_acquirer", { ...SERVICE, comment: purpose }, { code: row.code });
  });
}

/** Of the terminals that were sent it, wherever they are by now; empty where none was. */
async function findAcquirerOfRelease({ store }: Context, { releaseId }: ChangeRow): Promise<string> {
  const [first] = (await readDeployments(store, releaseId)).ahead;
  const [terminal] = first === undefined ? [] : await findTerminals(store, [first.tusn]);
  return terminal?.acquirer ?? "";
}

/** What was sealed for one order alone goes with that order; every other is numbered by the change and its revision. */
function toRequestNo({ id, revision }: ChangeRow, purpose: OrderPurpose, sealed: Uint8Array | undefined): string {
  const named = sealed === undefined ? "" : parseSealedAccount(sealed).request;
  return named === "" ? `${id}${purpose === "change" ? "A" : "R"}${revision}` : named;
}

async function returnTerminals(
  context: Context,
  { policy }: ChangeTools,
  row: ChangeRow,
  progress: Progress,
): Promise<void> {
  const releaseId = toReleaseId(row);
  let comment = "";
  try {
    const reason = `${row.id} failed`;
    const { ordered, left } = await orderRollback(context, { releaseId, reason }, policy());
    comment = `${ordered} ways back ordered, ${left.length} not`;
  } catch (error) {
    if (toErrorCode(error) !== "NOTHING_TO_RELEASE" && !isFinal(error)) throw error;
    // No way back was approved for these terminals, its time is over, or who approved it counts no more: people have to
    // release one. Where some were ordered, why it failed stays what is told.
    await fail(context, row, progress.ordered > 0 ? toFailure(row, progress) : toErrorCode(error));
    return;
  }
  await transact(context.store, (tx) =>
    alterChange(tx, context.now(), row, "return_terminals", { ...SERVICE, comment }, { code: row.code }),
  );
}

/** What the records alone hold; the rest followed the terminals. */
function record(context: Context, row: ChangeRow): Promise<unknown> {
  return transact(context.store, async (tx) => {
    const now = context.now();
    await writeRecord(tx, now, row);
    return alterChange(tx, now, row, "recorded", SERVICE, { recordedAt: now });
  });
}

async function writeRecord(tx: Tx, now: number, row: ChangeRow): Promise<void> {
  const { patch, settlement, bindingId } = parseContentText(row.content);
  const { bindings, version } = await readRecord(tx, row.merchant);
  const act = toAct(row, version);
  // The first terminal that committed it brought it into force.
  const isThere = row.releaseId !== null && settlement !== undefined && isInForce(bindings, settlement);
  if (patch !== undefined) await changeRecord(tx, now, { ...act, patch });
  else if (row.kind === "settlement.remove") {
    const going = bindings.find(({ id, state }) => id === bindingId && state === "in_force");
    if (going !== undefined) await endBinding(tx, now, { ...act, bindingId: going.id });
  } else if (settlement !== undefined && !isThere) {
    if (row.kind === "settlement.add") await addBinding(tx, now, { ...act, settlement });
    else await replaceBinding(tx, now, { ...act, settlement, bindingId: findGoing(bindings, bindingId).id });
  }
}

function isInForce(bindings: readonly BindingRecord[], { commitment }: SettlementRecord): boolean {
  return bindings.some((one) => one.state === "in_force" && isEqual(one.commitment, commitment));
}

function conclude(context: Context, row: ChangeRow): Promise<unknown> {
  return transact(context.store, async (tx) => {
    const now = context.now();
    await endPrepared(tx, now, row);
    return endChange(tx, now, row, "conclude", SERVICE, { code: "" });
  });
}

function fail(context: Context, row: ChangeRow, code: string): Promise<unknown> {
  return transact(context.store, async (tx) => {
    const now = context.now();
    await endPrepared(tx, now, row);
    return endChange(tx, now, row, "fail", SERVICE, { code });
  });
}

/** Gives up what it had prepared and no terminal brought into force: it is nobody's once the change has ended. */
async function endPrepared(tx: Tx, now: number, row: ChangeRow): Promise<void> {
  const { bindings } = await readRecord(tx, row.merchant);
  for (const { id, changeId, state } of bindings) {
    if (changeId !== row.id || state !== "prepared") continue;
    const { version } = await readRecord(tx, row.merchant);
    await endBinding(tx, now, { ...toAct(row, version), bindingId: id });
  }
}

function toAct({ id, merchant, requester }: ChangeRow, version: number) {
  return { number: merchant, version, actor: requester, changeId: id };
}
