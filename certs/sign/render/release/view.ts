import type { SuspicionKind } from "../../../../proto/confusables.ts";
import type { DifferenceClass } from "../../../../proto/difference.ts";
import type { OnFail } from "../../../../proto/directive.ts";
import type { Profile } from "../../../../proto/profile.ts";
import type { Tusn } from "../../../../proto/tusn.ts";
import type { Person, Policy, Role } from "../../../trust/policy.ts";
import type { Language } from "../words.ts";

/** How a release is to be shown. */
export interface ReleaseOptions {
  readonly policy: Policy;
  readonly lang: Language;
  /** Shows no last four digits of a new card or account, so that a checker can type them from the merchant's paper. */
  readonly blind: boolean;
  /** This terminal's directives in full; where the release has none for it, nothing of that part. */
  readonly terminal?: Tusn;
  /** Every terminal's directives in full, up to MAX_IN_FULL. */
  readonly all?: boolean;
  /** The persons of the policy whose signature holds. */
  readonly signedBy: readonly Person[];
  /** Seconds. */
  readonly now: number;
  /** Marks what is loud with the screen's own colours too. */
  readonly color?: boolean;
}

type Parts = Pick<Profile, "binding" | "merchant" | "acquiring" | "parameters">;
export type PartName = keyof Parts;

/** `merchant.name`: one for each field of a profile, so that no table of words can forget one. */
export type FieldName = { [P in PartName]: `${P}.${keyof Parts[P] & string}` }[PartName];

/** A field, old beside new; `before` is empty where there was none. `isChanged` is not told where it would reveal. */
export interface FieldView {
  readonly field: FieldName;
  readonly before: string;
  readonly after: string;
  readonly isChanged?: boolean;
}

/** How a directive came to be: a first profile, a change, or older content brought back. */
export type DirectiveKind = "first" | "change" | "restore";

/** Seconds; earliest and latest where directives differ. */
export interface Validity {
  readonly notBefore: readonly [earliest: number, latest: number];
  readonly notAfter: readonly [earliest: number, latest: number];
}

/** The ways back that are signed together with changes, and until when an operator may order them. */
export interface WayBack extends Validity {
  readonly terminals: number;
  readonly onFail: OnFail;
}

/** One settlement that takes the place of another, at every terminal where it does. All seven fields, changed or not. */
export interface SettlementView {
  /** Counted from 1. */
  readonly number: number;
  readonly merchant: string;
  readonly merchantName: string;
  readonly terminals: number;
  readonly examples: readonly Tusn[];
  readonly isFirst: boolean;
  readonly fields: readonly FieldView[];
}

/**
 * One value of a field among terminals that otherwise change alike. `before` is one of `befores` old ones, of most
 * terminals: a new value must not go unseen because many different ones give way to it.
 */
export interface VariantView {
  readonly before: string;
  readonly befores: number;
  readonly after: string;
  readonly terminals: number;
}

/** What a field becomes in a group: one variant where all are alike, else how many there are and some of them. */
export interface GroupFieldView {
  readonly field: FieldName;
  readonly distinct: number;
  readonly variants: readonly VariantView[];
}

/** Terminals that change alike. */
export interface GroupView {
  readonly kind: DirectiveKind;
  readonly class: DifferenceClass;
  readonly onFail: OnFail;
  readonly terminals: number;
  readonly merchants: number;
  /** Up to MAX_EXAMPLES. */
  readonly examples: readonly Tusn[];
  readonly merchantExamples: readonly string[];
  readonly validity: Validity;
  readonly sequence: readonly [lowest: number, highest: number];
  readonly wayBack?: WayBack;
  /** The number of its settlement change, where it has one. */
  readonly settlement?: number;
  readonly fields: readonly GroupFieldView[];
  /** Few terminals among many: looked at by nobody unless it is told. */
  readonly isOdd: boolean;
}

/** A terminal that gets the card number. Who has the private half of its device key can read it. */
export interface ReceiverView {
  readonly tusn: Tusn;
  /** SHA-256 of the SubjectPublicKeyInfo, hexadecimal. */
  readonly deviceKey: string;
}

/** One directive in full. */
export interface DirectiveView {
  readonly index: number;
  readonly tusn: Tusn;
  readonly kind: DirectiveKind | "reserve";
  readonly merchant: string;
  readonly sequence: number;
  readonly onFail: OnFail;
  readonly notBefore: number;
  readonly notAfter: number;
  /** SHA-256 of the device key's SubjectPublicKeyInfo and of the directive, hexadecimal. */
  readonly deviceKey: string;
  readonly digest: string;
  readonly fields: readonly FieldView[];
}

/**
 * `several-settlements`: one merchant's terminals would settle to different places. `route`: the acquirer, or the number
 * under which it knows the terminal, changes, which decides who is paid. `sequence`: one so high that hardly any later
 * directive could have a higher one, so that the terminal would stay as it is for good. The others are of proto/confusables.ts.
 */
export type WarningKind = SuspicionKind | "several-settlements" | "route" | "sequence" | "expired" | "not-yet-valid";

/** What a person has to be warned of, with how many terminals it concerns. */
export interface WarningView {
  readonly kind: WarningKind;
  /** Where it stands; `reason` and `person` are texts of the release and the policy. */
  readonly field?: FieldName | "reason" | "person";
  readonly merchant?: string;
  readonly before: string;
  readonly after: string;
  /** `U+0430` for each suspicious character. */
  readonly characters: readonly string[];
  readonly terminals: number;
  readonly examples: readonly Tusn[];
}

/** A list that is cut at a bound, with how many more there are. */
export interface Bounded<T> {
  readonly shown: readonly T[];
  readonly left: number;
}

/** A release as people read it before they sign; nothing a blind reader must not see is in it. Times in seconds. */
export interface ReleaseView {
  readonly releaseId: string;
  readonly purpose: DifferenceClass;
  /** Empty where it is not about one merchant's settlement. */
  readonly merchant: string;
  readonly reason: string;
  readonly created: number;
  readonly expires: number;
  /** SHA-256 of the statement, hexadecimal, and as groups of digits to be read out. */
  readonly digest: string;
  readonly fingerprint: string;
  readonly directives: number;
  readonly terminals: number;
  readonly reserves: number;
  readonly demanded: readonly Role[];
  readonly missing: readonly Role[];
  readonly signedBy: readonly { readonly id: string; readonly name: string }[];
  readonly warnings: Bounded<WarningView>;
  readonly settlements: Bounded<SettlementView>;
  /** Terminals to which the card number is sealed, or is to be: none where no terminal needs it. */
  readonly receivers: Bounded<ReceiverView>;
  readonly groups: Bounded<GroupView>;
  readonly inFull: Bounded<DirectiveView>;
}
