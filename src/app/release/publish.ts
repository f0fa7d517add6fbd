import type { WholeRelease } from "../../../certs/release.ts";
import { toSigners } from "../../../certs/signatures.ts";
import type { Policy } from "../../../certs/trust/policy.ts";
import { isEqual, toDigest, toHex } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { checkNotSensitive } from "../../../proto/sensitive.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import { toDueAt } from "../../domain/validity.ts";
import { addDeployments, findInStates, setProgress } from "../../store/deployments.ts";
import { closeDraft } from "../../store/drafts.ts";
import { raiseIssuedSequences } from "../../store/fleet.ts";
import { appendEntries } from "../../store/ledger.ts";
import { putOutbox } from "../../store/outbox.ts";
import { addProfiles, addRelease, findReleases } from "../../store/releases.ts";
import type { DeploymentRow } from "../../store/schema.ts";
import { type Store, type Tx, transact } from "../../store/store.ts";
import { findMissing, findOwner } from "../changes/release-owner.ts";
import type { Context } from "../context.ts";
import { toStepped } from "../deployment-steps.ts";
import { type EntryFields, type LedgerKind, toEntry } from "../ledger-entries.ts";
import { parseActor } from "../registry/act.ts";
import { noteLife } from "../registry/note-life.ts";
import { type Leaf, toLeaves } from "./leaves.ts";
import { noteOrders } from "./orders.ts";
import { parseRelease, verifyReleaseApproval } from "./parse-release.ts";
import { partLeaves, type SkippedLeaf } from "./standing.ts";

export interface PublishedRelease {
  readonly releaseId: Uint8Array;
  readonly deployments: number;
  /** Ways back that were approved with them, to be sent when an operator orders it. */
  readonly reserved: number;
  /** Waiting directives that this release took the place of. */
  readonly superseded: number;
  /** Directives left out because their terminal moved on since the release was built, or may not be sent them. */
  readonly skipped: readonly SkippedLeaf[];
  /** It was published before: nothing was done. */
  readonly already: boolean;
}

type Acting = Pick<EntryFields, "actor">;

/** Who signed it, and who had it published. */
interface People extends Acting {
  readonly approvers: readonly string[];
}

/** Terminals that one ledger entry names; beyond them they are only counted. */
const MAX_NAMED = 20;

/**
 * Takes a signed release into the queue, in one transaction: release, profiles, deployments, outbox and ledger. Judges
 * it as every terminal's gate will, so that nothing is sent that would be refused. A directive whose terminal moved on
 * since is left out, and the others go; where none is left, the release is refused as a whole.
 *
 * @param by who publishes it, which gives nobody's approval; the service where absent
 * @throws TillsyncError what `parseRelease`, `toLeaves`, `partLeaves`, `findOwner` and `parseActor` throw; STATEMENT_UNSIGNED;
 *   SELF_APPROVAL where the checker is one of those who wrote at its change; SENSITIVE_DATA
 */
export async function publishRelease(
  context: Context,
  bytes: Uint8Array,
  policy: Policy,
  by?: string,
): Promise<PublishedRelease> {
  const actor: Acting = by === undefined ? {} : { actor: parseActor(by) };
  const release = parseRelease(bytes);
  checkNotSensitive(release.file.reason);
  const approvers = verifyReleaseApproval(release, policy).map(({ id }) => id);
  const verifyOwn = (tx: Tx) => verifyOwner(tx, release, policy);
  const result = (await isPublished(context.store, release))
    ? toAlready(release)
    : await publishLeaves(context, release, toLeaves(release, policy, context), { approvers, ...actor }, verifyOwn);
  const { releaseId, deployments, reserved, superseded, skipped, already } = result;
  const counts = { deployments, reserved, superseded, skipped: skipped.length, already };
  context.log.info({ release: toHex(releaseId), ...counts }, "release published");
  return result;
}

function publishLeaves(
  context: Context,
  release: WholeRelease,
  leaves: readonly Leaf[],
  people: People,
  verifyOwn: (tx: Tx) => Promise<void>,
): Promise<PublishedRelease> {
  const { releaseId } = release.statement;
  return transact(context.store, async (tx) => {
    // Another process may have been quicker since the first look.
    if (await isPublished(tx, release)) return toAlready(release);
    await verifyOwn(tx);
    const now = context.now();
    const { taken, skipped } = await partLeaves(tx, leaves, context.identity);
    const tusns = taken.map(({ directive }) => directive.tusn);
    const superseded = await supersede(tx, tusns, now);
    await store(tx, release, taken, people, now);
    const bound = taken.filter(({ changesBinding }) => changesBinding);
    await noteLife(
      tx,
      now,
      bound.map(({ directive: { tusn } }) => ({ tusn, event: "bound" })),
    );
    await noteSkipped(tx, releaseId, skipped, people, now);
    await closeDraft(tx, releaseId, now, "published");
    const reserved = taken.filter(({ reserve }) => reserve !== undefined).length;
    return { releaseId, deployments: taken.length, reserved, superseded, skipped, already: false };
  });
}

/** What a change has given up is not published in its name, nor what only those checked who wrote at it. */
async function verifyOwner(
  tx: Tx,
  { statement: { releaseId, purpose }, file }: WholeRelease,
  policy: Policy,
): Promise<void> {
  const change = await findOwner(tx, releaseId, file.reason);
  if (change === undefined) return;
  const signers = toSigners(policy, file.statement, file.signatures);
  const missing = await findMissing(tx, change, signers, policy.thresholds[purpose]);
  if (missing.length > 0) throw new TillsyncError("SELF_APPROVAL", { change });
}

function toAlready({ statement: { releaseId } }: WholeRelease): PublishedRelease {
  return { releaseId, deployments: 0, reserved: 0, superseded: 0, skipped: [], already: true };
}

async function isPublished(db: Store, { statement, file }: WholeRelease): Promise<boolean> {
  const [known] = await findReleases(db, [statement.releaseId]);
  if (known === undefined) return false;
  if (!isEqual(known.statement, file.statement)) throw new TillsyncError("RELEASE_INVALID", { expected: "a new id" });
  return true;
}

/** What waits for these terminals gives way, and the ways back that were kept for them lead nowhere any more. */
async function supersede(tx: Tx, tusns: readonly Tusn[], now: number): Promise<number> {
  const waiting = await findInStates(tx, tusns, ["pending", "sent"]);
  const kept = await findInStates(tx, tusns, ["reserved"]);
  await setProgress(tx, [...toStepped(waiting, "superseded", now), ...toStepped(kept, "lapsed", now)]);
  const toEntries = (rows: readonly DeploymentRow[], kind: LedgerKind) =>
    rows.map(({ tusn, sequence, directiveDigest: digest }) =>
      toEntry(now, kind, tusn, { digest, detail: { sequence } }),
    );
  await appendEntries(tx, [...toEntries(waiting, "deployment.superseded"), ...toEntries(kept, "deployment.lapsed")]);
  return waiting.length;
}

async function store(
  tx: Tx,
  { file, statement }: WholeRelease,
  leaves: readonly Leaf[],
  { approvers, ...actor }: People,
  now: number,
): Promise<void> {
  const { reason } = file;
  const { releaseId, purpose, root, size, merchant, created, expires } = statement;
  await addRelease(
    tx,
    {
      id: releaseId,
      purpose,
      statement: file.statement,
      root,
      size,
      merchant,
      created,
      expires,
      reason,
      publishedAt: now,
    },
    file.signatures.map(({ keyId, value }) => ({ releaseId, keyId, value })),
  );
  await addProfiles(
    tx,
    leaves.flatMap(({ profiles }) => profiles),
  );
  await addDeployments(
    tx,
    leaves.flatMap(({ deployment, reserve }) => (reserve === undefined ? [deployment] : [deployment, reserve])),
  );
  await raiseIssuedSequences(tx, releaseId);
  await putOutbox(
    tx,
    leaves.map(({ directive: { tusn, sequence, notBefore } }) => {
      return { tusn, sequence, dueAt: toDueAt(notBefore, now), sends: 0 };
    }),
  );
  const detail = { approvers: approvers.join("+"), merchant, purpose, reason, size };
  await appendEntries(tx, [
    toEntry(now, "release.published", toHex(releaseId), { ...actor, digest: toDigest(file.statement), detail }),
  ]);
  // Whoever publishes a way back by itself orders it.
  const restoring = leaves.filter(({ directive }) => directive.restores.length > 0);
  await noteOrders(
    tx,
    restoring.map(({ deployment }) => deployment),
    now,
  );
}

async function noteSkipped(
  tx: Tx,
  releaseId: Uint8Array,
  skipped: readonly SkippedLeaf[],
  { approvers: _, ...actor }: People,
  now: number,
): Promise<void> {
  if (skipped.length === 0) return;
  const named = skipped.slice(0, MAX_NAMED).map(({ tusn, code }) => `${tusn} ${code}`);
  const detail = { skipped: skipped.length, terminals: named.join(", ") };
  await appendEntries(tx, [toEntry(now, "release.left_out", toHex(releaseId), { ...actor, detail })]);
}
