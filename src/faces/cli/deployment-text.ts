import type { DeploymentView } from "../../app/queries/deployments.ts";
import type { LedgerView } from "../../app/queries/ledger.ts";
import type { PublishedReleaseView } from "../../app/queries/releases.ts";
import { toSheet, toShortDigest, toTable, toTime } from "./output.ts";

export function toDeploymentsText(views: readonly DeploymentView[]): string {
  if (views.length === 0) return "No deployment.";
  const rows = views.map((view) => [
    view.tusn,
    String(view.sequence),
    view.state,
    view.code === "" ? "-" : view.code,
    view.detail === "" ? "-" : view.detail,
    toShortDigest(view.profileDigest),
    Buffer.from(view.releaseId).toString("hex"),
    toTime(view.updatedAt),
  ]);
  return toTable(["TUSN", "seq", "state", "code", "detail", "profile", "release", "updated"], rows);
}

export function toPublishedText(view: PublishedReleaseView): string {
  const states = Object.entries(view.states).map(([state, count]) => `${count} ${state}`);
  return toSheet([
    ["release", Buffer.from(view.id).toString("hex")],
    ["purpose", view.purpose],
    ["merchant", view.merchant === "" ? "-" : view.merchant],
    ["reason", view.reason],
    ["published", toTime(view.publishedAt)],
    ["expires", toTime(view.expires)],
    ["tree root", Buffer.from(view.root).toString("hex")],
    ["directives", String(view.size)],
    ["signed by keys", view.keyIds.map((id) => toShortDigest(id)).join(" ")],
    ["deployments", states.join(", ")],
  ]);
}

export function toLedgerText(view: LedgerView): string {
  const rows = view.entries.map((entry) => [
    String(entry.index),
    toTime(entry.at),
    entry.kind,
    entry.actor,
    entry.subject,
    entry.detail,
  ]);
  const head = toSheet([
    ["size", String(view.size)],
    ["root", Buffer.from(view.root).toString("hex")],
  ]);
  return `${head}\n\n${toTable(["index", "at", "kind", "actor", "subject", "detail"], rows)}`;
}
