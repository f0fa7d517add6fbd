import { toMasked } from "../../../certs/attestation/masked.ts";
import { toClaimed } from "../../../certs/receipt/checked.ts";
import {
  type ChangeReceipt,
  MAX_RECEIPT_EVENTS,
  RECEIPT_VERSION,
  type ReceiptChecked,
} from "../../../certs/receipt/format.ts";
import type { Policy } from "../../../certs/trust/policy.ts";
import type { Trust } from "../../../certs/trust/verify.ts";
import { toHex } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { parseStatement } from "../../../proto/statement.ts";
import { toFrontierRoot } from "../../../proto/tree.ts";
import type { BindingFacts } from "../../domain/acquirers/order.ts";
import { listOrdersOf } from "../../store/acquirer-orders.ts";
import { listTicks } from "../../store/acquirer-ticks.ts";
import type { AcquirerOrderRow } from "../../store/acquirers-schema.ts";
import { listAttachments, listChangeEvents, listTasks } from "../../store/changes.ts";
import { findMerchants } from "../../store/fleet.ts";
import { findFrontier } from "../../store/ledger.ts";
import type { StoredReceipt } from "../../store/receipts.ts";
import { findReleases, findSignatures } from "../../store/releases.ts";
import type { Store, Tx } from "../../store/store.ts";
import { toOnRecord } from "../acquirers/orders.ts";
import { toApproval } from "../attestation/approval.ts";
import { findCertificate, toTold } from "../attestation/texts.ts";
import { toContentBytes } from "../changes/act.ts";
import { readDifferences } from "./differences.ts";
import { type ChangeSnapshot, parseSnapshotText } from "./order.ts";
import { readTerminals } from "./terminals.ts";

/** What receipts are made from beside the records. */
export interface ReceiptSources {
  readonly trust: Trust;
  /** Certificate of the private authority in PEM. */
  readonly authority: string;
  /** Seconds. */
  readonly now: number;
}

/** Signatures of one release that are told. */
const MAX_TOLD = 16;

/**
 * Everything that is to be kept of one ending of a change, as it stands at one moment: to be called in a transaction. No
 * card number is in it.
 *
 * @throws TillsyncError STORE_FAILED and others where somebody has edited the records so that they cannot be read
 */
export async function readReceipt(tx: Tx, row: StoredReceipt, sources: ReceiptSources): Promise<ChangeReceipt> {
  const { trust, authority, now } = sources;
  const change = parseSnapshotText(row.snapshot);
  const { endedAt, lastEvent, changeId } = row;
  // Whether it was published, the release itself tells: terminals hold what somebody published by hand just as well.
  const releaseId = change.releaseId === "" ? null : Buffer.from(change.releaseId, "hex");
  const { approval, signed } = await readApproval(tx, releaseId, trust.policy);
  const { terminals, count } = await readTerminals(tx, approval === null ? null : releaseId);
  const isProven = terminals.some(({ proof }) => proof !== null);
  const [merchant] = await findMerchants(tx, [row.merchant]);
  const events = (await listChangeEvents(tx, changeId)).filter(({ id }) => id <= lastEvent);
  const attachments = await listAttachments(tx, changeId);
  const orders = (await listOrdersOf(tx, changeId)).filter(({ createdAt }) => createdAt <= endedAt);
  const frontier = await findFrontier(tx);
  const { kind, requester, reasonCode, reason, pack, feeFen, code, recovery } = change;
  return {
    ...{ type: "tillsync-receipt", version: RECEIPT_VERSION, change: changeId, at: now },
    ...{ outcome: row.outcome, code, merchant: row.merchant, merchantName: toTold(merchant?.name ?? "") },
    ...{ kind, isRecovery: recovery === 1, requester: toTold(requester), reasonCode, reason: toTold(reason) },
    ...{ pack, feeFen },
    times: {
      created: change.createdAt,
      submitted: change.submittedAt,
      published: change.publishedAt ?? approval?.publishedAt ?? null,
      ended: endedAt,
    },
    differences: await readDifferences(tx, change),
    evidence: attachments
      .filter(({ at }) => at <= endedAt)
      .map(({ kind, name, type, size, digest, actor, at }) => {
        return { kind, name: toTold(name), type, size, digest: toHex(digest), actor: toTold(actor), at };
      }),
    ...{ approval, signed, checked: toChecked(change, trust.policy), terminals },
    authority: isProven ? (findCertificate(authority)?.raw ?? new Uint8Array(0)) : new Uint8Array(0),
    orders: orders.map(toOrder),
    steps: await readSteps(tx, orders),
    tasks: (await listTasks(tx, changeId)).map(({ kind, doneAt, doneBy, note }) => {
      return { kind, doneAt, doneBy: toTold(doneBy), note: toTold(note) };
    }),
    events: events.slice(-MAX_RECEIPT_EVENTS).map(({ at, event, state, actor, comment }) => {
      return { at, event, state, actor: toTold(actor), comment: toTold(comment) };
    }),
    counts: { terminals: count, events: events.length },
    trust: { root: trust.rootVersion, timestamp: trust.versions.timestamp, policy: trust.policy.version },
    ledger: { size: frontier.size, root: toHex(toFrontierRoot(frontier)) },
  };
}

/** The release that was published, and who signed it; nothing where none was, or somebody has removed it. */
async function readApproval(
  db: Store,
  releaseId: Uint8Array | null,
  policy: Policy,
): Promise<Pick<ChangeReceipt, "approval" | "signed">> {
  const [release] = releaseId === null ? [] : await findReleases(db, [releaseId]);
  if (release === undefined) return { approval: null, signed: null };
  const { statement: bytes, reason, publishedAt } = release;
  const rows = await findSignatures(db, [release.id]);
  const signatures = rows.slice(0, MAX_TOLD).map(({ keyId, value }) => ({ keyId, value }));
  const statement = parseStatement(bytes);
  return {
    approval: toApproval({ statement, bytes, signatures }, policy, { reason, publishedAt }),
    signed: {
      statement: bytes,
      signatures: signatures.map(({ keyId, value }) => ({ keyId: toHex(keyId), value: toHex(value) })),
    },
  };
}

/** A checker's word where there was no release. @throws TillsyncError STORE_FAILED where somebody has edited it */
function toChecked(change: ChangeSnapshot, policy: Policy): ReceiptChecked | null {
  if (change.approval === "") return null;
  const { authorization, method, path, body } = parseEvidence(change.approval);
  const { keyId } = toClaimed(authorization);
  const person = policy.persons.find(({ keys }) => keys.some(({ id }) => id === keyId));
  return {
    ...{ keyId, authorization, method, path, body: Buffer.from(body, "base64") },
    ...{ person: person?.id ?? "", name: person?.name ?? "" },
    holds: person?.roles.includes("checker") ?? false,
    content: toContentBytes(change),
  };
}

function parseEvidence(text: string): Readonly<Record<"authorization" | "method" | "path" | "body", string>> {
  const { authorization, method, path, body } = JSON.parse(text);
  if ([authorization, method, path, body].some((part) => typeof part !== "string")) {
    throw new TillsyncError("STORE_FAILED", { column: "changes.approval" });
  }
  return { authorization, method, path, body };
}

function toOrder(row: AcquirerOrderRow): ChangeReceipt["orders"][number] {
  const { requestNo, purpose, acquirer, state, reference, code, words, updatedAt } = row;
  const wanted = JSON.parse(row.wanted) as BindingFacts;
  const shown = toOnRecord(row);
  return {
    ...{ requestNo, purpose, acquirer, state, reference: toTold(reference), code: toTold(code), words: toTold(words) },
    wanted: `${toMasked(wanted)} ${wanted.bank}`,
    shown:
      shown === undefined
        ? null
        : {
            ...{ masked: toTold(shown.masked), bank: toTold(shown.bank), holder: toTold(shown.holder) },
            ...{ credit: shown.credit, at: shown.at },
          },
    at: updatedAt,
  };
}

async function readSteps(db: Store, orders: readonly AcquirerOrderRow[]): Promise<ChangeReceipt["steps"]> {
  const steps: ChangeReceipt["steps"][number][] = [];
  for (const { requestNo } of orders) {
    for (const { step, person, at, evidence, noted } of await listTicks(db, requestNo)) {
      const digest = evidence === null ? "" : toHex(evidence);
      steps.push({ requestNo, step, person: toTold(person), at, evidence: digest, noted: toTold(noted) });
    }
  }
  return steps;
}
