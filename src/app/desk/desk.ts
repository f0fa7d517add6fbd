import { verifyRelease } from "../../../certs/release.ts";
import { toSigners } from "../../../certs/signatures.ts";
import type { Policy } from "../../../certs/trust/policy.ts";
import { toHex } from "../../../proto/bytes.ts";
import { parseReleaseFile, toReleaseFileBytes } from "../../../proto/delivery.ts";
import { TillsyncError, toErrorCode } from "../../../proto/errors.ts";
import { checkNotSensitive } from "../../../proto/sensitive.ts";
import { parseStatement } from "../../../proto/statement.ts";
import { addDraft, closeDraft, findDraft, listDrafts, putDraftFile } from "../../store/drafts.ts";
import { appendEntries } from "../../store/ledger.ts";
import { findReleases } from "../../store/releases.ts";
import type { DraftRow } from "../../store/schema.ts";
import { type Tx, transact } from "../../store/store.ts";
import { findAuthors, verifyNotOwn } from "../changes/authors.ts";
import { findOwner } from "../changes/release-owner.ts";
import type { Context } from "../context.ts";
import { type EntryFields, toEntry } from "../ledger-entries.ts";
import { parseActor } from "../registry/act.ts";
import { parseRelease } from "../release/parse-release.ts";
import { type MergedRelease, mergeRelease } from "./merge.ts";
import { type OpenRelease, type Outline, toOpenRelease, toOutline } from "./outline.ts";

/** Releases that may lie on the desk at once, each with a file of up to 64 MiB. */
export const MAX_OPEN_RELEASES = 100;
/** Others may add to the same release meanwhile; each try that fails is another's that succeeded. */
const MAX_TRIES = 32;

/**
 * Where releases lie between their builder, their approvers and their publication. It holds no private key, and its word
 * counts for nothing: approvers' programs, the publisher and every terminal verify the file by themselves.
 */
export interface Desk {
  /**
   * Puts a release file on the desk, or adds to the one that lies there. Signatures that count for nothing are left out.
   *
   * @param by who hands it in; the service where absent
   * @param within what is stored together with it, where it did not lie there before
   * @throws TillsyncError what `within` and `findOwner` throw; what `parseRelease` and `verifyRelease` throw; SENSITIVE_DATA; STATE_CONFLICT where it was published or closed
   *   before or the desk is full; what `sign` throws
   */
  submit(bytes: Uint8Array, by?: string, within?: (tx: Tx) => Promise<unknown>): Promise<OpenRelease>;
  /** What waits for signatures, the oldest first. Expired releases are closed. */
  list(): Promise<readonly OpenRelease[]>;
  /** The release file. @throws TillsyncError NOT_FOUND, EXPIRED */
  read(releaseId: Uint8Array): Promise<Uint8Array>;
  /**
   * Adds what another copy of the file brings. Two at once lose nothing of each other.
   *
   * @param by who brings it; the service where absent
   * @throws TillsyncError SELF_APPROVAL where somebody would check a change that he wrote at; NOT_FOUND, EXPIRED,
   *   STATE_CONFLICT, what `parseReleaseFile`, `mergeRelease` and `parseActor` throw
   */
  sign(releaseId: Uint8Array, bytes: Uint8Array, by?: string): Promise<OpenRelease>;
}

export function openDesk(context: Context, policy: () => Policy): Desk {
  const { store } = context;
  /** By the digest of the file, so that none is ever stale. */
  const outlines = new Map<string, Outline>();

  const submit: Desk["submit"] = async (bytes, by, within) => {
    const actor = toActor(by);
    const release = parseRelease(bytes);
    checkNotSensitive(release.file.reason);
    verifyRelease(release, policy(), context.now());
    const { releaseId, expires } = release.statement;
    const signatures = release.file.signatures.filter(
      (signature) => toSigners(policy(), release.file.statement, [signature]).length > 0,
    );
    const unsigned = { ...release.file, signatures: [], sealed: [] };
    const merged = mergeRelease(unsigned, { ...release.file, signatures }, policy());
    const file = toReleaseFileBytes(merged.file);
    await closeExpired();
    const added = await transact(store, async (tx) => {
      const now = context.now();
      if ((await findReleases(tx, [releaseId])).length > 0) throw closed("published");
      if (!(await addDraft(tx, { releaseId, file, submittedAt: now, expiresAt: expires }))) return false;
      if ((await listDrafts(tx, MAX_OPEN_RELEASES + 1)).length > MAX_OPEN_RELEASES) throw full();
      const { purpose, merchant, size } = release.statement;
      const detail = { purpose, merchant, size, reason: release.file.reason };
      await appendEntries(tx, [toEntry(now, "draft.submitted", toHex(releaseId), { ...actor, detail })]);
      await within?.(tx);
      await findOwner(tx, releaseId, release.file.reason);
      return true;
    });
    return added ? toOpenRelease(toOutline(file, merged.file), policy()) : sign(releaseId, file, by);
  };

  const list = async () => {
    await closeExpired();
    const open: OpenRelease[] = [];
    const kept = new Set<string>();
    for (const { releaseId, fileDigest } of await listDrafts(store, MAX_OPEN_RELEASES)) {
      const name = toHex(fileDigest);
      try {
        const outline = outlines.get(name) ?? (await readOutline(releaseId));
        // Closed by another process meanwhile.
        if (outline === undefined) continue;
        open.push(toOpenRelease(outline, policy()));
        outlines.set(name, outline);
        kept.add(name);
      } catch (error) {
        if (toErrorCode(error) === "STORE_FAILED") throw error;
        // It was whole when it came: somebody has edited the database. The others are shown all the same.
        await close(releaseId, "altered");
      }
    }
    for (const name of outlines.keys()) if (!kept.has(name)) outlines.delete(name);
    return open;
  };

  const closeExpired = async () => {
    for (const { releaseId, expiresAt } of await listDrafts(store, MAX_OPEN_RELEASES)) {
      if (expiresAt < context.now()) await close(releaseId, "expired");
    }
  };

  const sign = async (releaseId: Uint8Array, bytes: Uint8Array, by?: string) => {
    const actor = toActor(by);
    const other = parseReleaseFile(bytes);
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const draft = await findOpen(releaseId);
      const merged = mergeRelease(parseReleaseFile(draft.file), other, policy());
      const file = toReleaseFileBytes(merged.file);
      const isNew = merged.signers.length + merged.sealed > 0;
      if (!isNew || (await put(draft, file, merged, actor))) {
        return toOpenRelease(toOutline(file, merged.file), policy());
      }
    }
    throw new TillsyncError("STATE_CONFLICT", { tries: MAX_TRIES });
  };

  const put = (draft: DraftRow, file: Uint8Array, { signers, sealed }: MergedRelease, actor: Acting) =>
    transact(store, async (tx) => {
      if (!(await putDraftFile(tx, draft.releaseId, draft.fileDigest, file))) return false;
      const { statement, reason } = parseReleaseFile(file);
      const change = await findOwner(tx, draft.releaseId, reason);
      if (change !== undefined) {
        const { purpose } = parseStatement(statement);
        verifyNotOwn(change, await findAuthors(tx, change), signers, policy().thresholds[purpose]);
      }
      const detail = { signedBy: signers.map(({ id }) => id).join("+"), sealed };
      await appendEntries(tx, [toEntry(context.now(), "draft.signed", toHex(draft.releaseId), { ...actor, detail })]);
      return true;
    });

  const findOpen = async (releaseId: Uint8Array) => {
    const draft = await findDraft(store, releaseId);
    if (draft === undefined) throw new TillsyncError("NOT_FOUND", { release: toHex(releaseId) });
    if (draft.closedAt !== null) throw closed(draft.closedWhy ?? "");
    if (draft.expiresAt < context.now()) throw new TillsyncError("EXPIRED", { release: toHex(releaseId) });
    return draft;
  };

  const readOutline = async (releaseId: Uint8Array) => {
    const draft = await findDraft(store, releaseId);
    return draft === undefined || draft.closedAt !== null ? undefined : toOutline(draft.file);
  };

  const close = (releaseId: Uint8Array, why: "expired" | "altered") =>
    transact(store, async (tx) => {
      const now = context.now();
      if (!(await closeDraft(tx, releaseId, now, why))) return;
      const subject = toHex(releaseId);
      const alarms =
        why === "altered" ? [toEntry(now, "alarm.record_altered", subject, { detail: { what: "draft" } })] : [];
      await appendEntries(tx, [toEntry(now, "draft.closed", subject, { detail: { why } }), ...alarms]);
    });

  return { submit, list, sign, read: async (releaseId) => (await findOpen(releaseId)).file };
}

type Acting = Pick<EntryFields, "actor">;

/** @throws TillsyncError SENSITIVE_DATA, CONFIG_INVALID */
function toActor(by: string | undefined): Acting {
  return by === undefined ? {} : { actor: parseActor(by) };
}

function closed(why: string): TillsyncError {
  return new TillsyncError("STATE_CONFLICT", { release: why });
}

function full(): TillsyncError {
  return new TillsyncError("STATE_CONFLICT", { openReleases: MAX_OPEN_RELEASES });
}
