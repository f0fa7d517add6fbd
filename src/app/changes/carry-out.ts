import { parseSealedAccount } from "../../../certs/acquirer/seal.ts";
import { toHex } from "../../../proto/bytes.ts";
import { TillsyncError, toErrorCode } from "../../../proto/errors.ts";
import { findGoing, parseContentText } from "../../domain/changes/content.ts";
import type { PolicyPack } from "../../domain/changes/pack.ts";
import { decideNext, type NextStep, type Progress } from "../../domain/changes/progress.ts";
import { listOrdersOf } from "../../store/acquirer-orders.ts";
import type { OrderPurpose } from "../../store/acquirers-schema.ts";
import { addTasks } from "../../store/changes.ts";
import type { ChangeRow } from "../../store/changes-schema.ts";
import { type Tx, transact } from "../../store/store.ts";
import { placeOrder, toBindingFacts } from "../acquirers/orders.ts";
import type { Context } from "../context.ts";
import { addBinding, endBinding, prepareBinding, replaceBinding } from "../records/bindings.ts";
import { changeRecord } from "../records/change.ts";
import { readRecord } from "../records/read.ts";
import { orderRollback } from "../release/order-rollback.ts";
import { publishRelease } from "../release/publish.ts";
import { alterChange, endChange, moveChange, readChange } from "./act.ts";
import { findAccounts } from "./find-accounts.ts";
import { findAcquirer } from "./judge.ts";
import { readProgress } from "./progress.ts";
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
    if (row.kind === "settlement.replace" && row.releaseId !== null && settlement !== undefined) {
      const { bindings, version } = await readRecord(tx, row.merchant);
      const replaces = findGoing(bindings, bindingId).id;
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
    await take(context, tools, change, next, progress);
  }
}

function take(
  context: Context,
  tools: ChangeTools,
  row: ChangeRow,
  step: Exclude<NextStep, "wait">,
  progress: Progress,
): Promise<unknown> {
  switch (step) {
    case "publish":
      return publish(context, tools, row);
    case "ask_acquirer":
      return askAcquirer(context, row, "change");
    case "undo_acquirer":
      return askAcquirer(context, row, "reversal");
    case "return_terminals":
      return returnTerminals(context, tools, row);
    case "record":
      return record(context, row);
    case "conclude":
      return transact(context.store, (tx) => endChange(tx, context.now(), row, "conclude", SERVICE, { code: "" }));
    case "fail":
      return fail(context, row, progress.acquirer === "failed" ? "ACQUIRER_REFUSED" : "TEST_FAILED");
  }
}

async function publish(context: Context, { desk, policy }: ChangeTools, row: ChangeRow): Promise<void> {
  const { releaseId } = row;
  if (releaseId === null) throw new TillsyncError("INTERNAL", { change: row.id });
  let left = 0;
  try {
    left = (await publishRelease(context, await desk.read(releaseId), policy())).skipped.length;
  } catch (error) {
    // Published before, and the desk has closed it; or no terminal is left that may be sent it.
    if (toErrorCode(error) !== "STATE_CONFLICT") {
      if (!isFinal(error)) throw error;
      await fail(context, row, toErrorCode(error));
      return;
    }
  }
  const comment =
    left === 0 ? `release ${toHex(releaseId)}` : `release ${toHex(releaseId)}, ${left} terminals left out`;
  await transact(context.store, (tx) =>
    alterChange(tx, context.now(), row, "published", { ...SERVICE, comment }, { publishedAt: context.now() }),
  );
}

/** What no later visit will find otherwise. */
function isFinal(error: unknown): error is TillsyncError {
  const codes = ["NOT_FOUND", "EXPIRED", "RELEASE_CONFLICT", "STATEMENT_UNSIGNED", "TUSN_UNPROVEN", "WRONG_MERCHANT"];
  return error instanceof TillsyncError && codes.includes(error.code);
}

/** The order is stored with the change's event; the runner of orders sends it. */
async function askAcquirer(context: Context, row: ChangeRow, purpose: OrderPurpose): Promise<void> {
  const acquirer = await findAcquirer(context, row);
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
      ...{ change: row.id, purpose, acquirer, merchant: row.merchant, sealed },
      wanted: toBindingFacts(isBack ? going : coming),
      before: toBindingFacts(isBack ? coming : going),
      ...(isBack ? { reverses: done?.reference ?? "" } : {}),
    });
    await alterChange(tx, now, row, "ask_acquirer", { ...SERVICE, comment: purpose });
  });
}

/** What was sealed for one order alone goes with that order; every other is numbered by the change and its revision. */
function toRequestNo({ id, revision }: ChangeRow, purpose: OrderPurpose, sealed: Uint8Array | undefined): string {
  const named = sealed === undefined ? "" : parseSealedAccount(sealed).request;
  return named === "" ? `${id}${purpose === "change" ? "A" : "R"}${revision}` : named;
}

async function returnTerminals(context: Context, { policy }: ChangeTools, row: ChangeRow): Promise<void> {
  const { releaseId } = row;
  if (releaseId === null) throw new TillsyncError("INTERNAL", { change: row.id });
  let comment = "";
  try {
    const reason = `${row.id} failed`;
    const { ordered, left } = await orderRollback(context, { releaseId, reason }, policy());
    comment = `${ordered} ways back ordered, ${left.length} not`;
  } catch (error) {
    if (toErrorCode(error) !== "NOTHING_TO_RELEASE" && toErrorCode(error) !== "EXPIRED") throw error;
    // No way back was approved for these terminals, or its time is over: people have to release one.
    await fail(context, row, toErrorCode(error));
    return;
  }
  await transact(context.store, (tx) =>
    alterChange(tx, context.now(), row, "return_terminals", { ...SERVICE, comment }),
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
  const isInForce = bindings.some(({ changeId, state }) => changeId === row.id && state === "in_force");
  if (patch !== undefined) await changeRecord(tx, now, { ...act, patch });
  else if (row.kind === "settlement.remove") {
    const going = bindings.find(({ id, state }) => id === bindingId && state === "in_force");
    if (going !== undefined) await endBinding(tx, now, { ...act, bindingId: going.id });
  } else if (settlement !== undefined && !isInForce) {
    if (row.kind === "settlement.add") await addBinding(tx, now, { ...act, settlement });
    else await replaceBinding(tx, now, { ...act, settlement, bindingId: findGoing(bindings, bindingId).id });
  }
}

/** Ends it as failed, and gives up the account that it had prepared. */
export function fail(context: Context, row: ChangeRow, code: string): Promise<unknown> {
  return transact(context.store, async (tx) => {
    const now = context.now();
    const { bindings, version } = await readRecord(tx, row.merchant);
    const prepared = bindings.find(({ changeId, state }) => changeId === row.id && state === "prepared");
    if (prepared !== undefined) await endBinding(tx, now, { ...toAct(row, version), bindingId: prepared.id });
    return endChange(tx, now, row, "fail", SERVICE, { code });
  });
}

function toAct({ id, merchant, requester }: ChangeRow, version: number) {
  return { number: merchant, version, actor: requester, changeId: id };
}
