import { isEqual } from "../../../proto/bytes.ts";
import { parseDirective } from "../../../proto/directive.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import type { OrderState } from "../../domain/acquirers/order.ts";
import { DEFAULT_PACK, type PolicyPack, toPackName } from "../../domain/changes/pack.ts";
import type { CutOverState, Progress } from "../../domain/changes/progress.ts";
import type { DeploymentState } from "../../domain/deployment.ts";
import { listOrdersOf } from "../../store/acquirer-orders.ts";
import type { AcquirerOrderRow } from "../../store/acquirers-schema.ts";
import { listTasks } from "../../store/changes.ts";
import type { ChangeRow } from "../../store/changes-schema.ts";
import { listDeployments } from "../../store/deployments.ts";
import type { DeploymentRow } from "../../store/schema.ts";
import type { Store } from "../../store/store.ts";
import { listLoadedPacks } from "./packs.ts";

const WAITING: readonly DeploymentState[] = ["pending", "sent", "verified", "applied"];
/** A release may hold so many; with their ways back. */
const MAX_DEPLOYMENTS = 100_000;

/**
 * The pack that a change is carried out by: the one that said so when it was handed in. Its release was built and
 * signed for that, and a newer one must not turn half of it another way.
 *
 * @throws TillsyncError PACK_INVALID where it is on record no more, or somebody has edited one
 */
export async function readPackOf(
  store: Store,
  { id, pack: names }: Pick<ChangeRow, "id" | "pack">,
): Promise<PolicyPack> {
  const packs = [DEFAULT_PACK, ...(await listLoadedPacks(store)).map(({ pack }) => pack)];
  // The first of them; names of models may hold spaces.
  const pack = packs.find((one) => `${names} `.startsWith(`${toPackName(one)} `));
  if (pack === undefined) throw new TillsyncError("PACK_INVALID", { change: id, expected: names });
  return pack;
}

/** How far a change is that is being carried out, read from the records. */
export async function readProgress(store: Store, row: ChangeRow, pack: PolicyPack): Promise<Progress> {
  const rules = pack.kinds[row.kind];
  const { ahead, back } = await readDeployments(store, row.releaseId);
  const orders = (await listOrdersOf(store, row.id)).filter((order) => isOfThisTry(row, order));
  const order = orders.findLast(({ purpose }) => purpose === "change");
  const undoing = orders.findLast(({ purpose }) => purpose === "reversal");
  const committed = ahead.filter(({ state }) => state === "committed").length;
  const waiting = ahead.filter(({ state }) => WAITING.includes(state)).length;
  const ordered = back.filter(({ state }) => state !== "reserved" && state !== "lapsed");
  return {
    hasTerminals: row.releaseId !== null,
    published: row.publishedAt !== null,
    ...{ committed, waiting, failed: ahead.length - committed - waiting },
    ordered: ordered.length,
    returning: ordered.filter(({ state }) => WAITING.includes(state)).length,
    cutOver: rules?.cutOver ?? "none",
    acquirer: order === undefined ? "unasked" : toCutOverState(order.state),
    undoing: undoing === undefined ? undefined : toCutOverState(undoing.state),
    onFailure: rules?.onFailure ?? "keep",
    isFailing: row.code !== "",
    recorded: row.recordedAt !== null,
    tasks: (await listTasks(store, row.id)).filter(({ doneAt }) => doneAt === null).length,
  };
}

/** A release's deployments, those of the change itself and its ways back apart. */
export async function readDeployments(store: Store, releaseId: Uint8Array | null) {
  if (releaseId === null) return { ahead: [], back: [] };
  const rows = await listDeployments(store, { releaseId, limit: MAX_DEPLOYMENTS });
  return { ahead: rows.filter((row) => !isWayBack(row)), back: rows.filter(isWayBack) };
}

function isWayBack({ directive, baseDigest, profileDigest }: DeploymentRow): boolean {
  const { restores } = parseDirective(directive);
  return restores.length > 0 && isEqual(restores, profileDigest) && baseDigest !== null;
}

/** A change that failed may be opened again: what was ordered for it before counts no more. */
function isOfThisTry({ submittedAt }: ChangeRow, { createdAt }: Pick<AcquirerOrderRow, "createdAt">): boolean {
  return createdAt >= (submittedAt ?? 0);
}

/** What only a person can settle is waited for. */
function toCutOverState(state: OrderState): CutOverState {
  switch (state) {
    case "confirmed":
    case "failed":
    case "succeeded":
      return state;
    default:
      return "asked";
  }
}
