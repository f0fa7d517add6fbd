import { DEFAULT_RECORD_POLICY, type RecordPolicy } from "../records/policy.ts";
import type { ChangeKind } from "./change.ts";
import type { CutOver, OnFailure } from "./progress.ts";
import type { Hours } from "./windows.ts";

/** Stands for every acquirer, or every model. */
export const ANY = "*";

/** What evidence may be asked for, each a kind of attachment. */
export const EVIDENCE_KINDS = [
  "licence",
  "identity_card",
  "bank_card",
  "account_permit",
  "authorisation",
  "request_form",
  "other",
] as const;
export type EvidenceKind = (typeof EVIDENCE_KINDS)[number];

/** Merchant fields that a pack may open for changes. */
export const MERCHANT_FIELDS = [
  "name",
  "shortName",
  "licenceNo",
  "taxNo",
  "uscc",
  "mcc",
  "principal",
  "licenceValidUntil",
] as const;
export type MerchantField = (typeof MERCHANT_FIELDS)[number];

/** What follows a change before it is done, by a person. */
export const TASK_KINDS = ["update_contact", "tell_merchant", "collect_old_card"] as const;
export type TaskKind = (typeof TASK_KINDS)[number];

/** Rules for one kind of change. */
export interface KindRules {
  /** Days between two changes of the kind, from the end of one to the submission of the next. */
  readonly minDays: number;
  /** Shown before submitting; in fen. */
  readonly feeFen: number;
  readonly evidence: readonly EvidenceKind[];
  /** What is asked for instead where the present account is forgotten; recovery is not possible where it is absent. */
  readonly recoveryEvidence?: readonly EvidenceKind[];
  readonly cutOver: CutOver;
  readonly onFailure: OnFailure;
  readonly tasks: readonly TaskKind[];
  /** Hours during which terminals may take it. */
  readonly validityH: number;
}

/** What an acquirer allows on a model of terminals: data with a version, loaded by an administrator. */
export interface PolicyPack {
  /** Institution code, or ANY. */
  readonly acquirer: string;
  /** Model name, or ANY. */
  readonly model: string;
  readonly version: number;
  /** IANA name. */
  readonly timeZone: string;
  /** Kinds that are not there are not allowed. */
  readonly kinds: Readonly<Partial<Record<ChangeKind, KindRules>>>;
  readonly fields: readonly MerchantField[];
  readonly settlement: {
    readonly kinds: readonly ("card" | "account")[];
    /** As in RecordPolicy. */
    readonly representativeCard: boolean;
    readonly unknownBin: RecordPolicy["unknownBin"];
    readonly unknownPrincipal: RecordPolicy["unknownPrincipal"];
  };
  /** Hours in which terminals take nothing. */
  readonly blackouts: readonly Hours[];
  /** Days between two reviews of a merchant's data. */
  readonly reviewDays: number;
}

const CAREFUL = { cutOver: "none", onFailure: "keep", tasks: [], validityH: 7 * 24 } as const;

/** What holds where no pack is loaded: the customary rules of acquirers (card: once in 30 days, with evidence). */
export const DEFAULT_PACK: PolicyPack = {
  acquirer: ANY,
  model: ANY,
  version: 0,
  timeZone: "Asia/Shanghai",
  kinds: {
    merchant: { ...CAREFUL, minDays: 0, feeFen: 0, evidence: ["licence"] },
    contact: { ...CAREFUL, minDays: 0, feeFen: 0, evidence: [] },
    "settlement.add": { ...CAREFUL, minDays: 0, feeFen: 0, evidence: ["bank_card"] },
    "settlement.replace": {
      ...{ ...CAREFUL, onFailure: "reverse", minDays: 30, feeFen: 0, evidence: ["identity_card", "bank_card"] },
      ...{ recoveryEvidence: ["identity_card", "bank_card", "request_form"], tasks: ["update_contact"] },
    },
    "settlement.remove": { ...CAREFUL, minDays: 0, feeFen: 0, evidence: ["request_form"] },
  },
  fields: MERCHANT_FIELDS,
  settlement: {
    kinds: ["card", "account"],
    representativeCard: true,
    unknownBin: "warn",
    unknownPrincipal: "warn",
  },
  blackouts: [],
  reviewDays: 365,
};

/**
 * The pack for an acquirer and a model: the one that names both, else the acquirer's, else the model's, else the general
 * one; of several versions the highest.
 */
export function choosePack(packs: readonly PolicyPack[], acquirer: string, model: string): PolicyPack {
  const rank = (pack: PolicyPack) => (pack.acquirer === ANY ? 0 : 2) + (pack.model === ANY ? 0 : 1);
  const fits = packs.filter(
    (pack) => (pack.acquirer === acquirer || pack.acquirer === ANY) && (pack.model === model || pack.model === ANY),
  );
  const [best] = fits.toSorted((a, b) => rank(b) - rank(a) || b.version - a.version);
  return best ?? DEFAULT_PACK;
}

/** As changes and receipts name it, such as `48221000/*@3`. */
export function toPackName({ acquirer, model, version }: PolicyPack): string {
  return `${acquirer}/${model}@${version}`;
}

/** What a pack says of the records themselves. */
export function toRecordPolicy({ settlement }: PolicyPack): RecordPolicy {
  const { representativeCard, unknownBin, unknownPrincipal } = settlement;
  return { ...DEFAULT_RECORD_POLICY, representativeCard, unknownBin, unknownPrincipal };
}
