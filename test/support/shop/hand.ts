import type { ChangeKind, ReasonCode } from "../../../src/domain/changes/change.ts";
import type { EvidenceKind, TaskKind } from "../../../src/domain/changes/pack.ts";
import type { MerchantFacts, RecordPatch } from "../../../src/domain/records/record.ts";

/** A change as somebody asks for it. Files are paths on the machine of whoever made them. */
export interface Asked {
  readonly kind: ChangeKind;
  readonly reasonCode: ReasonCode;
  readonly reason: string;
  readonly isRecovery?: boolean;
  readonly patch?: RecordPatch;
  /** Made by `tillsync-sign binding`. */
  readonly binding?: string;
  /** Made by `tillsync-sign acquirer-seal`. */
  readonly sealed?: string;
}

/** What a dry run told. */
export interface Previewed {
  readonly feeFen: number;
  readonly findings: readonly { readonly weight: string; readonly code: string; readonly what: string }[];
  /** Terminals that it would reach; absent where none is concerned. */
  readonly reached?: number;
}

/** A change as it is told, as far as the command line and the API tell the same. */
export interface ShownChange {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly code: string;
  readonly revision: number;
  readonly requester: string;
  readonly feeFen: number;
  readonly isRecovery: boolean;
  readonly releaseId: string;
  readonly pack: string;
  readonly attachments: readonly { readonly kind: string; readonly digest: string; readonly size: number }[];
  readonly tasks: readonly { readonly kind: string; readonly doneAt: number | null; readonly doneBy: string }[];
  readonly orders: readonly ShownOrder[];
  readonly terminals: readonly { readonly tusn: string; readonly state: string; readonly code: string }[];
  readonly events: readonly { readonly event: string; readonly actor: string; readonly comment: string }[];
}

export interface ShownOrder {
  readonly requestNo: string;
  readonly purpose: string;
  readonly state: string;
  readonly code: string;
  readonly reference: string;
}

/** A merchant's record likewise. */
export interface ShownMerchant
  extends Pick<MerchantFacts, "name" | "shortName" | "licenceNo" | "taxNo" | "uscc" | "contacts"> {
  readonly version: number;
  readonly settlement: { readonly kind: string; readonly number: string; readonly holder: string };
  readonly bindings: readonly { readonly id: number; readonly number: string; readonly state: string }[];
}

/** By what an operator's work is done: the command line, or the API. Whatever is refused rejects with Refused. */
export interface Hand {
  create(asked: Asked): Promise<string>;
  attach(id: string, kind: EvidenceKind): Promise<void>;
  preview(id: string): Promise<Previewed>;
  amend(id: string, amendment: Partial<Omit<Asked, "kind">>): Promise<void>;
  submit(id: string): Promise<void>;
  reject(id: string, comment: string): Promise<void>;
  task(id: string, task: TaskKind, note: string): Promise<void>;
  show(id: string): Promise<ShownChange>;
  merchant(): Promise<ShownMerchant>;
}

/** A code of docs/errors.md. */
export class Refused extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** The least that is a PDF by its first bytes, another one for each change and kind. */
export function toEvidencePdf(id: string, kind: EvidenceKind): Buffer {
  return Buffer.from(`%PDF-1.7 ${id} ${kind}`);
}
