import type { Merchant } from "../../../proto/profile.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import type { OnRecord } from "../acquirers/on-record.ts";
import type { BindingFacts, OrderState } from "../acquirers/order.ts";
import type { ChangeGroup, ChangeKind, ChangeState } from "../changes/change.ts";
import type { TaskKind } from "../changes/pack.ts";
import type { DeploymentState } from "../deployment.ts";
import type { Life } from "../life.ts";

// What a review looks at. Times in seconds, digests in hexadecimal.

/** A settlement account in force or prepared. */
export interface ReviewBinding extends BindingFacts {
  readonly id: number;
  readonly state: "in_force" | "prepared";
  readonly isPrimary: boolean;
  readonly validUntil: number | null;
  /** Since when it is in force, or was prepared. */
  readonly since: number;
  readonly changeId: string;
}

/** A change that has not ended. */
export interface ReviewChange {
  readonly id: string;
  readonly kind: ChangeKind;
  readonly group: ChangeGroup;
  readonly state: ChangeState;
  readonly updatedAt: number;
  /** Whether approvers sign a release for it, rather than its content. */
  readonly isReleased: boolean;
  /** What a person has yet to do. */
  readonly tasks: readonly TaskKind[];
}

/** An order to an acquirer that has not ended. */
export interface ReviewOrder {
  readonly requestNo: string;
  readonly acquirer: string;
  readonly state: OrderState;
  readonly updatedAt: number;
  /** When the alarm that it takes too long was raised; null before that. */
  readonly overdueAt: number | null;
}

/** What came of asking an acquirer for its record. */
export interface AskedRecord {
  readonly askedAt: number;
  /** When it answered last; null where it never did. */
  readonly answeredAt: number | null;
  /** What it answered then, masked; undefined where it had no account, or never answered. */
  readonly onRecord: OnRecord | undefined;
  /** Why the last question failed; empty where it was answered. */
  readonly code: string;
}

/** An acquirer of the merchant's terminals. */
export interface ReviewAcquirer {
  readonly code: string;
  /** Whether a program can ask it, a person has to, or nobody has told how. */
  readonly way: "machine" | "manual" | "none";
  readonly asked?: AskedRecord;
  /** When the record was last seen to show the account that was ordered; absent where no order was confirmed. */
  readonly confirmedAt?: number;
}

/** A merchant with all that hangs on it but its terminals. */
export interface ReviewMerchant extends Merchant {
  readonly licenceValidUntil: number | null;
  /** When its record began. */
  readonly began: number;
  /** When somebody last looked through it; absent where nobody has. */
  readonly reviewedAt?: number;
  /** Days between two reviews, by the pack that holds for it. */
  readonly reviewDays: number;
  readonly bindings: readonly ReviewBinding[];
  /** What terminals settled to before the primary account; absent where there was none. */
  readonly before?: BindingFacts;
  readonly changes: readonly ReviewChange[];
  readonly orders: readonly ReviewOrder[];
  readonly acquirers: readonly ReviewAcquirer[];
}

export interface ReviewDeployment {
  readonly sequence: number;
  readonly state: DeploymentState;
  readonly code: string;
  /** Empty where the terminal held nothing. */
  readonly base: string;
  readonly profile: string;
  readonly notAfter: number;
  readonly updatedAt: number;
  /** The change that it carries out; absent where none does. */
  readonly change?: { readonly id: string; readonly state: ChangeState };
}

/** What a terminal said of itself last. */
export interface ReviewReport {
  /** Digest of the profile that it holds; empty where it holds none. */
  readonly current: string;
  readonly lastSeen: number;
}

export interface ReviewTerminal {
  readonly tusn: Tusn;
  readonly life: Life;
  readonly enrolled: boolean;
  readonly reported?: ReviewReport;
  /** What the profile that it holds says; absent where its bytes are not known. */
  readonly held?: { readonly merchant: Merchant; readonly binding: BindingFacts };
  /** The newest one that was ordered. */
  readonly deployment?: ReviewDeployment;
}
