import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isEqual, toDigest, toHex } from "../../../proto/bytes.ts";
import { checkChoice, isLine } from "../../../proto/check.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { toRedacted } from "../../../proto/redaction.ts";
import { isOpen } from "../../domain/changes/change.ts";
import { EVIDENCE_KINDS, type EvidenceKind } from "../../domain/changes/pack.ts";
import { addAttachment, listAttachments } from "../../store/changes.ts";
import type { AttachmentRow } from "../../store/changes-schema.ts";
import { type Store, transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { draftFile } from "../durable-file.ts";
import { parseActor } from "../registry/act.ts";
import { alterChange, readChange } from "./act.ts";

const FOLDER = "attachments";
export const MAX_ATTACHMENT_BYTES = 10 * 1_024 * 1_024;
export const MAX_ATTACHMENTS = 20;
const MAX_NAME_CHARACTERS = 120;
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/** By their first bytes: what a name or a header says of a file is its sender's word. */
const TYPES: readonly (readonly [type: string, beginning: readonly number[]])[] = [
  ["application/pdf", [0x25, 0x50, 0x44, 0x46, 0x2d]],
  ["image/jpeg", [0xff, 0xd8, 0xff]],
  ["image/png", [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
];

export interface NewAttachment {
  readonly kind: EvidenceKind;
  /** As people call it; never used as a path. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly actor: string;
}

/** Evidence of one data folder, each file under its digest. */
export interface Attachments {
  /**
   * Keeps evidence for an open change. The same file twice is kept once.
   *
   * @throws TillsyncError NOT_FOUND, ATTACHMENT_INVALID, DATA_FOLDER_INVALID; STATE_CONFLICT where the change has ended or
   *   has as many as it may
   */
  add(changeId: string, attachment: NewAttachment): Promise<AttachmentRow>;
  /** The bytes, as they came. @throws TillsyncError NOT_FOUND; ATTACHMENT_INVALID where they were altered since */
  read(changeId: string, digest: Uint8Array): Promise<Uint8Array>;
}

export function openAttachments(context: Context, dataFolder: string): Attachments {
  const toPath = (digest: Uint8Array) => join(dataFolder, FOLDER, toHex(digest));
  return {
    add: async (changeId, { kind, name, bytes, actor }) => {
      checkChoice(kind, EVIDENCE_KINDS, "kind");
      const type = toType(bytes);
      if (!isLine(name, MAX_NAME_CHARACTERS)) throw new TillsyncError("ATTACHMENT_INVALID", { expected: "a name" });
      const digest = toDigest(bytes);
      // Whoever is refused in any case writes nothing.
      await readPlace(context.store, changeId, digest);
      mkdirSync(join(dataFolder, FOLDER), { recursive: true, mode: FOLDER_MODE });
      const draft = await draftFile(toPath(digest), bytes, FILE_MODE);
      try {
        return await transact(context.store, async (tx) => {
          const at = context.now();
          const { row, same } = await readPlace(tx, changeId, digest);
          const attachment: AttachmentRow = same ?? {
            ...{ changeId, digest, kind, name: toRedacted(name), type, size: bytes.length },
            ...{ actor: parseActor(actor), at },
          };
          if (same === undefined) {
            await addAttachment(tx, attachment);
            const act = { actor: attachment.actor, comment: `${kind} ${toHex(digest)}` };
            await alterChange(tx, at, row, "attached", act);
          }
          // Last, so that what is refused leaves no file; within, so that a row never names what is not there. A file that
          // was there is replaced: it may have been damaged meanwhile.
          await draft.keep();
          return attachment;
        });
      } catch (error) {
        await draft.drop();
        throw error;
      }
    },
    read: async (changeId, digest) => {
      const held = await listAttachments(context.store, changeId);
      const row = held.find((one) => isEqual(one.digest, digest));
      if (row === undefined || !existsSync(toPath(digest))) throw new TillsyncError("NOT_FOUND", { change: changeId });
      const bytes = readFileSync(toPath(digest));
      if (!isEqual(toDigest(bytes), digest)) throw new TillsyncError("ATTACHMENT_INVALID", { expected: "its digest" });
      return bytes;
    },
  };
}

/**
 * The change, and its attachment of that digest where it has one.
 *
 * @throws TillsyncError NOT_FOUND; STATE_CONFLICT where it takes no other
 */
async function readPlace(db: Store, changeId: string, digest: Uint8Array) {
  const row = await readChange(db, changeId);
  if (!isOpen(row.state)) throw new TillsyncError("STATE_CONFLICT", { state: row.state, event: "attach" });
  const held = await listAttachments(db, changeId);
  const same = held.find((one) => isEqual(one.digest, digest));
  if (same === undefined && held.length >= MAX_ATTACHMENTS) {
    throw new TillsyncError("STATE_CONFLICT", { attachments: MAX_ATTACHMENTS });
  }
  return { row, same };
}

function toType(bytes: Uint8Array): string {
  if (bytes.length > MAX_ATTACHMENT_BYTES)
    throw new TillsyncError("ATTACHMENT_INVALID", { most: MAX_ATTACHMENT_BYTES });
  const found = TYPES.find(([, beginning]) => beginning.every((byte, index) => bytes[index] === byte));
  if (found === undefined) throw new TillsyncError("ATTACHMENT_INVALID", { expected: "PDF, JPEG or PNG" });
  return found[0];
}
