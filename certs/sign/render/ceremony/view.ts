import type { DifferenceClass } from "../../../../proto/difference.ts";
import type { Missing } from "../../../ceremony/complete.ts";
import type { RoleName } from "../../../trust/metadata.ts";
import type { Caps, Role } from "../../../trust/policy.ts";

/** Old beside new; `before` is absent where there was none. */
export interface Pair<T> {
  readonly before?: T;
  readonly after: T;
}

/** A public key as people compare it: its id in hexadecimal, and the digits that are read out. */
export interface KeyView {
  readonly id: string;
  readonly fingerprint: string;
  /** The person of the policy whose key it is, if any. */
  readonly person?: string;
}

export interface KeysView {
  readonly added: readonly KeyView[];
  readonly removed: readonly KeyView[];
  readonly kept: readonly KeyView[];
}

export interface PersonView {
  readonly id: string;
  readonly kind: "added" | "removed" | "changed" | "same";
  readonly name: Pair<string>;
  readonly roles: Pair<readonly Role[]>;
  readonly keys: KeysView;
}

/** Who holds a role of the root. */
export interface HoldersView {
  readonly threshold: Pair<number>;
  readonly keys: KeysView;
}

/**
 * What makes trust looser, or unusable. `cap-raised`: more may change at once. `roles-fewer`: fewer people, or others,
 * sign for a class. `threshold-lowered`: fewer keys sign for a role of the root. `both-roles`: one person makes and
 * checks. `approver-added`, `key-added`: somebody else's signature counts. `cannot-sign`: not enough persons are left
 * for a class. `frozen`: nothing may change at all; `unfrozen`: it may again. `name-odd`, `name-alike`: a name, or an id, is not what it looks like.
 */
export type TrustWarningKind =
  | "cap-raised"
  | "roles-fewer"
  | "threshold-lowered"
  | "both-roles"
  | "approver-added"
  | "key-added"
  | "holder-added"
  | "cannot-sign"
  | "frozen"
  | "unfrozen"
  | "name-odd"
  | "name-alike";

export interface TrustWarningView {
  readonly kind: TrustWarningKind;
  /** Whom or what it concerns. */
  readonly subject:
    | { readonly cap: keyof Caps }
    | { readonly class: DifferenceClass }
    | { readonly role: RoleName }
    | { readonly person: string; readonly name: string }
    | { readonly none: true };
  readonly before: string;
  readonly after: string;
}

/** Signatures that one file has under one root. */
export interface SignaturesView extends Pick<Missing, "file" | "under" | "threshold" | "have"> {
  readonly signed: readonly KeyView[];
  readonly open: readonly KeyView[];
}

/** A change of trust as people read it before they sign. Times in seconds. */
export interface CeremonyReport {
  readonly reason: string;
  readonly isNew: boolean;
  /** Over reason and what is signed, signatures left out: the same for everyone at every moment. */
  readonly fingerprint: string;
  readonly versions: Readonly<Record<"root" | "targets" | "snapshot" | "policy", Pair<number>>>;
  readonly expires: Readonly<Record<"root" | "targets" | "snapshot", Pair<number>>>;
  readonly warnings: readonly TrustWarningView[];
  readonly persons: readonly PersonView[];
  readonly thresholds: Readonly<Record<DifferenceClass, Pair<readonly Role[]>>>;
  readonly caps: Readonly<Record<keyof Caps, Pair<number>>>;
  readonly types: Pair<readonly string[]>;
  readonly algorithms: Pair<readonly string[]>;
  readonly holders: Readonly<Record<RoleName, HoldersView>>;
  readonly signatures: readonly SignaturesView[];
}
