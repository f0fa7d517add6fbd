import type { Generated } from "kysely";
import type { ChangeEvent, ChangeGroup, ChangeKind, ChangeState, ReasonCode } from "../domain/changes/change.ts";
import type { EvidenceKind, TaskKind } from "../domain/changes/pack.ts";

// Rows of the operators' workflow; `schema.ts` holds the others and the rules for all.

/** What happens to a change beside the events that move it on. */
export const CHANGE_NOTES = [
  "created",
  "attached",
  "published",
  "ask_acquirer",
  "acquirer",
  "return_terminals",
  "recorded",
  "task_done",
] as const;

/** A request to alter a merchant's records. Who decided what when stands in `changeEvents`. */
export interface ChangeRow {
  /** `C` and 16 hexadecimal digits. */
  readonly id: string;
  readonly merchant: string;
  readonly kind: ChangeKind;
  readonly groupName: ChangeGroup;
  readonly state: ChangeState;
  /** Counts what was altered in it: whoever alters it names the one that he has read. */
  readonly revision: number;
  /** Version of the merchant's record that it was made for. */
  readonly baseVersion: number;
  readonly requester: string;
  readonly reasonCode: ReasonCode;
  readonly reason: string;
  /** 1 where the present account is forgotten. */
  readonly recovery: 0 | 1;
  /** What shall be, as JSON (domain/changes/content.ts); no card number. */
  readonly content: string;
  /** The pack by which it was judged last, such as `48221000/*@3`; empty before. */
  readonly pack: string;
  /** Of its submission. */
  readonly feeFen: number;
  /** Its release, from submission on; null where terminals are not concerned. */
  readonly releaseId: Uint8Array | null;
  /** A checker's signed request that approved it where there is no release to sign, as JSON; else empty. */
  readonly approval: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly submittedAt: number | null;
  readonly publishedAt: number | null;
  readonly recordedAt: number | null;
  readonly endedAt: number | null;
  /** Code of what it failed or was rejected for, or, while `releasing`, of what it is taken back for; else empty. */
  readonly code: string;
}

/** What happened to a change, in the order of `id`; never altered or removed. The cursor of notices and of streams. */
export interface ChangeEventRow {
  readonly id: Generated<number>;
  readonly changeId: string;
  readonly at: number;
  readonly event: ChangeEvent | (typeof CHANGE_NOTES)[number];
  readonly state: ChangeState;
  readonly actor: string;
  /** Comment in words, or facts; no card number. */
  readonly comment: string;
}

/** Evidence; the bytes lie in the data folder under their digest. */
export interface AttachmentRow {
  readonly changeId: string;
  /** SHA-256. */
  readonly digest: Uint8Array;
  readonly kind: EvidenceKind;
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly actor: string;
  readonly at: number;
}

/** What a person has yet to do before a change is done. */
export interface ChangeTaskRow {
  readonly changeId: string;
  readonly kind: TaskKind;
  readonly createdAt: number;
  readonly doneAt: number | null;
  readonly doneBy: string;
  readonly note: string;
}

/** A policy pack as it was loaded; never altered or removed. */
export interface PolicyPackRow {
  readonly acquirer: string;
  readonly model: string;
  readonly version: number;
  /** The file's text. */
  readonly text: string;
  readonly loadedAt: number;
  readonly loadedBy: string;
}

export interface ChangesTables {
  changes: ChangeRow;
  changeEvents: ChangeEventRow;
  attachments: AttachmentRow;
  changeTasks: ChangeTaskRow;
  policyPacks: PolicyPackRow;
}
