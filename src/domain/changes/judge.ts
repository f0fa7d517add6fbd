import type { ErrorCode } from "../../../proto/errors.ts";
import type { BindingKind } from "../../../proto/profile.ts";
import type { ChangeKind } from "./change.ts";
import type { EvidenceKind, KindRules, MerchantField, PolicyPack } from "./pack.ts";
import { findOpenTime } from "./windows.ts";

/** `refused`: it cannot be submitted. `deferred`: it goes on later by itself. `noted`: whoever approves should know. */
export type Weight = "refused" | "deferred" | "noted";

/** One thing that a policy says of a change. */
export interface Finding {
  readonly weight: Weight;
  readonly code: ErrorCode;
  /** The rule, field or evidence that it is about. */
  readonly what: string;
  /** Seconds; when it will be different, where that is known. */
  readonly until?: number;
}

/** What a policy looks at. */
export interface ChangeFacts {
  readonly kind: ChangeKind;
  /** Merchant fields that it would change. */
  readonly fields: readonly MerchantField[];
  /** Kind of the account that it would bring in. */
  readonly account?: BindingKind;
  readonly evidence: readonly EvidenceKind[];
  /** The present account is forgotten: who he is stands in for what he knows. */
  readonly isRecovery: boolean;
  /** When the last change of the kind was done, in seconds. */
  readonly lastDoneAt: number | undefined;
  /** Accounts in force. */
  readonly inForce: number;
}

const DAY_S = 86_400;

/** Everything the pack has to say, in a fixed order; nothing where all is well. `now` in seconds. */
export function judgeChange(pack: PolicyPack, facts: ChangeFacts, now: number): readonly Finding[] {
  const rules = pack.kinds[facts.kind];
  if (rules === undefined) return [refuse("POLICY_FORBIDS", facts.kind)];
  return [
    ...facts.fields.filter((field) => !pack.fields.includes(field)).map((field) => refuse("POLICY_FORBIDS", field)),
    ...(facts.account === undefined || pack.settlement.kinds.includes(facts.account)
      ? []
      : [refuse("POLICY_FORBIDS", facts.account)]),
    ...judgeEvidence(rules, facts),
    ...judgePace(rules, facts, now),
    ...(facts.kind === "settlement.remove" && facts.inForce < 2 ? [refuse("BINDING_LAST", facts.kind)] : []),
    ...judgeHour(pack, now),
  ];
}

function judgeEvidence(rules: KindRules, { evidence, isRecovery }: ChangeFacts): readonly Finding[] {
  const wanted = isRecovery ? rules.recoveryEvidence : rules.evidence;
  if (wanted === undefined) return [refuse("POLICY_FORBIDS", "recovery")];
  return wanted.filter((kind) => !evidence.includes(kind)).map((kind) => refuse("EVIDENCE_MISSING", kind));
}

function judgePace({ minDays }: KindRules, { lastDoneAt, kind }: ChangeFacts, now: number): readonly Finding[] {
  const until = (lastDoneAt ?? Number.NEGATIVE_INFINITY) + minDays * DAY_S;
  return until > now ? [{ ...refuse("CHANGE_TOO_SOON", kind), until }] : [];
}

function judgeHour({ blackouts, timeZone }: PolicyPack, now: number): readonly Finding[] {
  const until = findOpenTime(blackouts, timeZone, now);
  return until === undefined || until === now
    ? []
    : [{ weight: "deferred", code: "CHANGE_BLACKOUT", what: timeZone, until }];
}

function refuse(code: ErrorCode, what: string): Finding {
  return { weight: "refused", code, what };
}
