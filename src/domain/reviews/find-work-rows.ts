import type { ReviewChange, ReviewMerchant, ReviewOrder } from "./facts.ts";
import { type Next, toCommand, toFollow } from "./next.ts";
import { DAY_S, type ReviewPolicy } from "./policy.ts";
import { type ReviewRow, toRow } from "./row.ts";

/** Changes and orders that do not move. */
export function findWorkRows(facts: ReviewMerchant, now: number, policy: ReviewPolicy): readonly ReviewRow[] {
  const { number, changes, orders } = facts;
  return [
    ...changes
      .filter((change) => change.updatedAt + toDays(change, policy) * DAY_S <= now)
      .map((one) => toStuck(number, one)),
    ...orders.flatMap((order) => toOpenOrder(number, order)),
  ];
}

function toDays({ state }: ReviewChange, { draftDays, waitingDays, releasingDays }: ReviewPolicy): number {
  if (state === "releasing") return releasingDays;
  return state === "draft" || state === "rejected" ? draftDays : waitingDays;
}

function toStuck(merchant: string, change: ReviewChange): ReviewRow {
  const { id, kind, state, updatedAt, tasks } = change;
  const isWritten = state === "draft" || state === "rejected";
  const reported = [state, ...tasks].join(" ");
  const told = { kind: "change_stuck", severity: isWritten ? "note" : "soon", at: updatedAt, subject: id } as const;
  return toRow(merchant, "", { ...told, desired: kind, reported }, toChangeNext(change));
}

function toChangeNext({ id, state, isReleased, tasks }: ReviewChange): Next {
  const [task] = tasks;
  if (state === "draft") return { next: "submit_change", command: toCommand("tillsync", "changes", "submit", id) };
  if (state === "rejected") return { next: "amend_change", command: toCommand("tillsync", "changes", "amend", id) };
  if (state === "submitted") {
    // On an approver's own machine: what he signs is the release, or the content where there is none.
    const words = isReleased ? ["fetch"] : ["approve", id];
    const command = toCommand("tillsync-sign", ...words, "--service", "https://DESK:8884", "--key", "KEY.pem");
    return { next: "ask_approvers", command };
  }
  if (task === undefined) return toFollow(id);
  return { next: "do_task", command: toCommand("tillsync", "changes", "task", id, task, "--note", "NOTE") };
}

function toOpenOrder(
  merchant: string,
  { requestNo, acquirer, state, updatedAt, overdueAt }: ReviewOrder,
): readonly ReviewRow[] {
  const told = { kind: "order_open", subject: requestNo, acquirer: `${acquirer} ${state}` } as const;
  const toAct = (...act: readonly string[]) =>
    toCommand("tillsync", "acquirers", ...act, requestNo, "--reason", "WHY", "--by", "YOU");
  if (state === "contradicted") {
    const next = { next: "judge_order", command: toAct("confirm") } as const;
    return [toRow(merchant, "", { ...told, severity: "urgent", at: updatedAt }, next)];
  }
  const next = { next: "resume_order", command: toAct("resume") } as const;
  if (state === "held") return [toRow(merchant, "", { ...told, severity: "urgent", at: updatedAt }, next)];
  return overdueAt === null ? [] : [toRow(merchant, "", { ...told, severity: "soon", at: overdueAt }, next)];
}
