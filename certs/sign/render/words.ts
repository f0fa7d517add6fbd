import type { DifferenceClass } from "../../../proto/difference.ts";
import type { OnFail } from "../../../proto/directive.ts";
import type { BindingKind } from "../../../proto/profile.ts";
import type { RoleName } from "../../trust/metadata.ts";
import type { Caps, Role } from "../../trust/policy.ts";
import type { CeremonyReport, PersonView, SignaturesView, TrustWarningKind } from "./ceremony/view.ts";
import { en } from "./en.ts";
import type { DirectiveView, FieldName, WarningView } from "./release/view.ts";
import { zh } from "./zh.ts";

export const LANGUAGES = ["zh", "en"] as const;
export type Language = (typeof LANGUAGES)[number];

/** Everything that is said about a change of trust. */
export interface TrustWords {
  readonly title: string;
  readonly newTrust: string;
  readonly versions: string;
  readonly version: Readonly<Record<keyof CeremonyReport["versions"], string>>;
  readonly expiry: string;
  readonly warnings: Readonly<Record<TrustWarningKind, string>>;
  readonly persons: string;
  readonly personKinds: Readonly<Record<PersonView["kind"], string>>;
  readonly name: string;
  readonly roles: string;
  readonly noRoles: string;
  readonly key: string;
  readonly keyAdded: string;
  readonly keyRemoved: string;
  readonly thresholds: string;
  readonly caps: string;
  readonly cap: Readonly<Record<keyof Caps, string>>;
  readonly allowed: string;
  readonly types: string;
  readonly algorithms: string;
  readonly holders: string;
  readonly holder: Readonly<Record<RoleName, string>>;
  readonly threshold: string;
  readonly signatures: string;
  readonly under: Readonly<Record<SignaturesView["under"], string>>;
  readonly signed: string;
  readonly open: string;
  readonly unchanged: (persons: number) => string;
  readonly haveOf: (have: number, threshold: number) => string;
}

/** Everything that is said about a release, in one language. A word that is missing does not compile. */
export interface Words {
  readonly trust: TrustWords;
  readonly fields: Readonly<Record<FieldName, string>>;
  readonly kinds: Readonly<Record<BindingKind, string>>;
  readonly purposes: Readonly<Record<DifferenceClass, string>>;
  readonly roles: Readonly<Record<Role, string>>;
  readonly onFail: Readonly<Record<OnFail, string>>;
  readonly directiveKinds: Readonly<Record<DirectiveView["kind"], string>>;
  readonly warnings: Readonly<Record<WarningView["kind"], string>>;

  readonly release: string;
  readonly purpose: string;
  readonly merchant: string;
  readonly reason: string;
  readonly person: string;
  readonly valid: string;
  readonly terminals: string;
  readonly mustSign: string;
  readonly signedBy: string;
  readonly stillMissing: string;
  readonly compare: string;
  readonly nobody: string;
  readonly nothing: string;
  readonly distinctPersons: string;
  readonly warning: string;
  readonly settlement: string;
  readonly field: string;
  readonly before: string;
  readonly after: string;
  readonly hadNone: string;
  readonly changed: string;
  readonly blind: string;
  readonly unchangedContent: string;
  readonly allElse: string;
  readonly onFailure: string;
  readonly wayBack: string;
  readonly examples: string;
  readonly odd: string;
  readonly sequence: string;
  readonly deviceKey: string;
  readonly digest: string;
  readonly noSuchTerminal: string;

  readonly complete: string;
  readonly from: (from: string, to: string) => string;
  readonly range: (from: string, to: string) => string;
  /** `seconds` is at least 0. */
  readonly left: (seconds: number) => string;
  readonly count: (terminals: number) => string;
  readonly withReserves: (reserves: number) => string;
  readonly settlementChange: (number: number, of: number) => string;
  readonly firstSettlement: (number: number, of: number) => string;
  readonly ofMerchant: (terminals: number, merchant: string) => string;
  readonly ofMerchants: (terminals: number, merchants: number) => string;
  readonly numberGoesTo: (terminals: number) => string;
  readonly seeSettlement: (number: number) => string;
  readonly differs: (distinct: number) => string;
  readonly canBeUndone: (terminals: number, until: string) => string;
  readonly more: (left: number, how: "all" | "terminal") => string;
}

export const WORDS: Readonly<Record<Language, Words>> = { zh, en };
