import { toSigners } from "../../../certs/signatures.ts";
import type { Person, Policy, Role } from "../../../certs/trust/policy.ts";
import { DIGEST_BYTES, isEqual, toDigest, toHex, toUtf8 } from "../../../proto/bytes.ts";
import { checkText } from "../../../proto/check.ts";
import { parseReleaseFile } from "../../../proto/delivery.ts";
import { TillsyncError, toErrorCode } from "../../../proto/errors.ts";
import { parseFlatJson } from "../../../proto/flat-json.ts";
import { parseStatement } from "../../../proto/statement.ts";
import { listWithoutRelease } from "../../store/changes.ts";
import type { ChangeRow } from "../../store/changes-schema.ts";
import { findReleases } from "../../store/releases.ts";
import { transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import type { Desk } from "../desk/desk.ts";
import { type SignedEvidence, toEvidence } from "../enrolment/unbinding-body.ts";
import { moveChange, readChange, toContentBytes, toContentDigest } from "./act.ts";
import { findAuthors } from "./authors.ts";
import { findMissing } from "./release-owner.ts";

/** What the desk says of a change's release. */
export type Approval =
  | { readonly state: "waiting"; readonly missing: readonly Role[] }
  | { readonly state: "approved"; readonly by: readonly string[] }
  /** It is gone from the desk: expired, or closed as altered. */
  | { readonly state: "lapsed" };

/** Changes that are listed for approvers at once. */
const MAX_WAITING = 200;
const DIGEST = new RegExp(`^[0-9a-f]{${2 * DIGEST_BYTES}}$`);

/**
 * Whose signatures are on a change's release. Whoever wrote at the change fills no place of a checker: he may have made
 * the release, and somebody else has to have looked at it.
 *
 * @throws TillsyncError STORE_FAILED
 */
export async function readApproval(
  context: Context,
  desk: Pick<Desk, "read">,
  policy: Policy,
  { id, releaseId }: Pick<ChangeRow, "id" | "releaseId">,
): Promise<Approval> {
  if (releaseId === null) return { state: "waiting", missing: ["checker"] };
  const [published] = await findReleases(context.store, [releaseId]);
  // Somebody has published it from his own copy of the file, with all signatures.
  if (published !== undefined) return { state: "approved", by: [] };
  const file = await readFile(desk, releaseId);
  if (file === undefined) return { state: "lapsed" };
  const { statement, signatures } = parseReleaseFile(file);
  const signers = toSigners(policy, statement, signatures);
  const demanded = policy.thresholds[parseStatement(statement).purpose];
  const missing = await findMissing(context.store, id, signers, demanded);
  return missing.length > 0 ? { state: "waiting", missing } : { state: "approved", by: signers.map(({ id }) => id) };
}

async function readFile(desk: Pick<Desk, "read">, releaseId: Uint8Array): Promise<Uint8Array | undefined> {
  try {
    return await desk.read(releaseId);
  } catch (error) {
    if (["NOT_FOUND", "EXPIRED", "STATE_CONFLICT"].includes(toErrorCode(error))) return undefined;
    throw error;
  }
}

/**
 * A checker approves what no terminal is given (contacts, an account beside the one in use): his signed request over the
 * digest of its content is kept. The same word twice changes nothing.
 *
 * @throws TillsyncError NOT_FOUND, FIELD_INVALID, FIELD_MISSING, SIGNER_NOT_ALLOWED, SELF_APPROVAL; STATE_CONFLICT where it
 *   waits for no such word; VERSION_CONFLICT where its content is another than was looked at
 */
export async function approveChange(
  context: Context,
  { id: person, roles }: Person,
  id: string,
  signed: SignedEvidence,
): Promise<ChangeRow> {
  const seen = parseApprovalBody(signed.body);
  const row = await readChange(context.store, id);
  if (!roles.includes("checker")) throw new TillsyncError("SIGNER_NOT_ALLOWED", { expected: "checker" });
  if ((await findAuthors(context.store, id)).has(person)) throw new TillsyncError("SELF_APPROVAL", { change: id });
  if (row.state === "approved" && row.approval !== "") return row;
  if (row.releaseId !== null) throw new TillsyncError("STATE_CONFLICT", { expected: "a signature on its release" });
  if (!isEqual(seen, toContentDigest(row))) throw new TillsyncError("VERSION_CONFLICT", { change: id });
  const evidence = toEvidence(signed);
  const comment = `evidence ${toHex(toDigest(toUtf8(evidence)))}`;
  return transact(context.store, (tx) =>
    moveChange(tx, context.now(), row, "approve", { actor: person, comment }, { approval: evidence }),
  );
}

/** `{"digest": 64 hexadecimal digits}`, that of `toContentDigest`. */
function parseApprovalBody(body: Uint8Array): Uint8Array {
  return Buffer.from(checkText(parseFlatJson(body, ["digest"]).digest, DIGEST, "digest"), "hex");
}

/** A change that waits for a checker's word alone. */
export type WaitingChange = Pick<ChangeRow, "id" | "merchant" | "kind" | "reason" | "requester">;

/** The one that was looked at longest ago first, at most MAX_WAITING. */
export async function listWaitingChanges({ store }: Context): Promise<readonly WaitingChange[]> {
  const rows = await listWithoutRelease(store, "submitted", MAX_WAITING);
  return rows.map(({ id, merchant, kind, reason, requester }) => ({ id, merchant, kind, reason, requester }));
}

/** What a checker is to read: the bytes whose digest he approves. @throws TillsyncError NOT_FOUND where it waits for no such word */
export async function readWaitingChange({ store }: Context, id: string): Promise<Uint8Array> {
  const row = await readChange(store, id);
  if (row.state !== "submitted" || row.releaseId !== null) throw new TillsyncError("NOT_FOUND", { change: id });
  return toContentBytes(row);
}
