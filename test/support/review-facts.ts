import type { OnRecord } from "../../src/domain/acquirers/on-record.ts";
import type { BindingFacts } from "../../src/domain/acquirers/order.ts";
import type {
  ReviewAcquirer,
  ReviewBinding,
  ReviewDeployment,
  ReviewMerchant,
  ReviewTerminal,
} from "../../src/domain/reviews/facts.ts";
import { DAY_S } from "../../src/domain/reviews/policy.ts";
import { START, TUSN_0 } from "./fleet-store.ts";
import { MERCHANT_FACTS } from "./merchant-facts.ts";

export const NOW = START;
export const inDays = (days: number) => NOW + days * DAY_S;

const { ownerKind: _, principal: __, contacts: ___, ...MERCHANT } = MERCHANT_FACTS;

export const ACCOUNT: BindingFacts = {
  ...{ kind: "card", bank: "农业银行", cnaps: "103100000026", holder: "林秀英", bin: "622848", last4: "0018" },
  commitment: "11".repeat(32),
};
export const OTHER_ACCOUNT: BindingFacts = {
  ...{ ...ACCOUNT, bank: "工商银行", cnaps: "102100099996", bin: "622202", last4: "5702" },
  commitment: "22".repeat(32),
};

export function toReviewBinding(change: Partial<ReviewBinding> = {}): ReviewBinding {
  const standing = { id: 1, state: "in_force", isPrimary: true, validUntil: null, changeId: "" } as const;
  return { ...ACCOUNT, ...standing, since: inDays(-100), ...change };
}

/** A merchant with nothing to say of, but what is changed. */
export function toReviewMerchant(change: Partial<ReviewMerchant> = {}): ReviewMerchant {
  return {
    ...{ ...MERCHANT, licenceValidUntil: inDays(400), began: inDays(-100), reviewDays: 365 },
    ...{ bindings: [toReviewBinding()], changes: [], orders: [], acquirers: [] },
    ...change,
  };
}

export function toOnRecord(change: Partial<OnRecord> = {}): OnRecord {
  const shown = { kind: "", masked: "622848***0018", bank: "", cnaps: "", holder: "", credit: "" } as const;
  return { ...shown, at: inDays(-1), ...change };
}

/** An acquirer that was asked a day ago and answered as is wanted. */
export function toReviewAcquirer(change: Partial<ReviewAcquirer> = {}): ReviewAcquirer {
  const asked = { askedAt: inDays(-1), answeredAt: inDays(-1), onRecord: toOnRecord(), code: "" };
  return { code: "A1", way: "machine", asked, ...change };
}

export const [OLD, NEW] = ["aa".repeat(32), "bb".repeat(32)] as const;

export function toReviewDeployment(change: Partial<ReviewDeployment> = {}): ReviewDeployment {
  const row = { sequence: 2, state: "committed", code: "", base: OLD, profile: NEW } as const;
  return { ...row, notAfter: inDays(1), updatedAt: inDays(-1), ...change };
}

/** A terminal with nothing to say of, but what is changed. */
export function toReviewTerminal(change: Partial<ReviewTerminal> = {}): ReviewTerminal {
  return {
    ...{ tusn: TUSN_0, life: "active", enrolled: true, reported: { current: NEW, lastSeen: inDays(-1) } },
    ...{ held: { merchant: MERCHANT, binding: ACCOUNT }, deployment: toReviewDeployment() },
    ...change,
  };
}
