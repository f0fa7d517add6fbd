import type { Policy } from "../../../certs/trust/policy.ts";
import { isEqual, toHex } from "../../../proto/bytes.ts";
import { checkLine } from "../../../proto/check.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { toRedacted } from "../../../proto/redaction.ts";
import { checkNotSensitive } from "../../../proto/sensitive.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import { type Bar, findBar } from "../../domain/binding-gate.ts";
import { toDueAt } from "../../domain/validity.ts";
import { type IdentityPolicy, isSufficient } from "../../domain/verdict.ts";
import { findInStates, findReserves, type ReserveRow, setProgress } from "../../store/deployments.ts";
import { findTerminals } from "../../store/fleet.ts";
import { appendEntries } from "../../store/ledger.ts";
import { putOutbox } from "../../store/outbox.ts";
import { findQuarantined } from "../../store/quarantines.ts";
import { findReported } from "../../store/reported.ts";
import { findUnsettled } from "../../store/restores.ts";
import { type Tx, transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { toStepped } from "../deployment-steps.ts";
import { VerifiedReleases } from "../dispatch/verified-release.ts";
import { toEntry } from "../ledger-entries.ts";
import { noteOrders } from "./orders.ts";

export const MAX_REASON_CHARACTERS = 500;

export interface RollbackOrder {
  readonly releaseId: Uint8Array;
  /** Why: one line; what looks like a card number is cut. */
  readonly reason: string;
}

/** Why the way back of a terminal was not ordered. */
export type LeftReason = "not_committed" | "under_way" | "moved_on" | "tusn_unproven" | Bar;

export interface OrderedRollback {
  readonly ordered: number;
  readonly left: readonly { readonly tusn: Tusn; readonly reason: LeftReason }[];
}

/**
 * Orders the ways back that were approved together with a release, for its terminals that committed the change and hold
 * it still: state, outbox and ledger in one transaction. May be ordered again for those that commit later.
 *
 * @throws TillsyncError NOT_FOUND; NOTHING_TO_RELEASE where no way back can be ordered; EXPIRED; FIELD_INVALID and
 *   SENSITIVE_DATA for the reason; STATEMENT_UNSIGNED and others where the approval does not hold under the policy of
 *   today
 */
export async function orderRollback(context: Context, order: RollbackOrder, policy: Policy): Promise<OrderedRollback> {
  const { releaseId } = order;
  const now = context.now();
  checkNotSensitive(order.reason);
  const reason = checkLine(toRedacted(order.reason), MAX_REASON_CHARACTERS, "reason");
  const { statement } = await new VerifiedReleases(context.store).read(releaseId, policy);
  if (now > statement.expires) throw new TillsyncError("EXPIRED", { release: toHex(releaseId) });
  const result = await transact(context.store, async (tx) => {
    const reserves = await findReserves(tx, releaseId);
    const { taken, left } = await partReserves(tx, context, statement.purpose === "binding", reserves);
    if (taken.length === 0) {
      throw new TillsyncError("NOTHING_TO_RELEASE", { release: toHex(releaseId), left: left.length });
    }
    const detail = { reason, ordered: taken.length, left: left.length };
    await appendEntries(tx, [toEntry(now, "release.rollback_ordered", toHex(releaseId), { detail })]);
    await setProgress(tx, toStepped(taken, "ordered", now));
    await noteOrders(tx, taken, now);
    await putOutbox(
      tx,
      taken.map(({ tusn, sequence, notBefore }) => ({ tusn, sequence, dueAt: toDueAt(notBefore, now), sends: 0 })),
    );
    return { ordered: taken.length, left };
  });
  const counts = { ordered: result.ordered, left: result.left.length };
  context.log.info({ release: toHex(releaseId), ...counts }, "rollback ordered");
  return result;
}

/** Whether a release has ways back that can be ordered, now or once its changes are committed. */
export async function hasReserves({ store }: Context, releaseId: Uint8Array): Promise<boolean> {
  return (await findReserves(store, releaseId)).length > 0;
}

async function partReserves(tx: Tx, context: Context, isBinding: boolean, reserves: readonly ReserveRow[]) {
  const now = context.now();
  const tusns = reserves.map(({ tusn }) => tusn);
  const hindrances = await findHindrances(tx, tusns, isBinding, context.identity);
  const reported = new Map((await findReported(tx, tusns)).map((row) => [row.tusn, row]));
  const open = await findInStates(tx, tusns, ["pending", "sent", "verified", "applied"]);
  const busy = new Set(open.map(({ tusn }) => tusn));
  const taken: ReserveRow[] = [];
  const left: { tusn: Tusn; reason: LeftReason }[] = [];
  for (const reserve of reserves.filter(({ notAfter }) => now <= notAfter)) {
    const { tusn } = reserve;
    const current = reported.get(tusn)?.currentDigest ?? null;
    const hindrance = hindrances.get(tusn);
    if (hindrance !== undefined) left.push({ tusn, reason: hindrance });
    else if (reserve.changeState !== "committed") left.push({ tusn, reason: "not_committed" });
    else if (busy.has(tusn)) left.push({ tusn, reason: "under_way" });
    else if (!isSame(current, reserve.baseDigest)) left.push({ tusn, reason: "moved_on" });
    else taken.push(reserve);
  }
  return { taken, left };
}

/** Terminals that may not be sent their way back because of their identity, and why. */
async function findHindrances(tx: Tx, tusns: readonly Tusn[], isBinding: boolean, policy: IdentityPolicy) {
  const quarantined = new Set(await findQuarantined(tx, tusns));
  const unsettled = new Set(await findUnsettled(tx, tusns));
  const found = new Map<Tusn, LeftReason>();
  for (const terminal of await findTerminals(tx, tusns)) {
    const { tusn, life } = terminal;
    const bar = findBar({ life, quarantined: quarantined.has(tusn), unsettled: unsettled.has(tusn) });
    if (bar !== undefined) found.set(tusn, bar);
    else if (isBinding && !isSufficient(terminal, policy)) found.set(tusn, "tusn_unproven");
  }
  return found;
}

function isSame(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a !== null && b !== null && isEqual(a, b);
}
