import { createApproverKey, toPublicKey } from "../../../../certs/keys.ts";
import { verifyReleaseFile, type WholeRelease } from "../../../../certs/release.ts";
import type { ReleaseOptions } from "../../../../certs/sign/render/release/view.ts";
import { ALLOWED, DEFAULT_CAPS, type Policy } from "../../../../certs/trust/policy.ts";
import { toDigest, toUtf8 } from "../../../../proto/bytes.ts";
import { type Directive, toDirectiveBytes } from "../../../../proto/directive.ts";
import { type Profile, toProfileBytes } from "../../../../proto/profile.ts";
import { type Statement, toStatementBytes } from "../../../../proto/statement.ts";
import { toLeafHash, toTree } from "../../../../proto/tree.ts";
import { parseTusn, type Tusn } from "../../../../proto/tusn.ts";
import { SAMPLE_PROFILE } from "../../../support/release.ts";

export const NOW = 1_790_000_000;
const DAY_S = 86_400;
export const REASON = "商户申请更换结算卡";
export const NEW_CARD = {
  ...SAMPLE_PROFILE.binding,
  bank: "中国建设银行",
  cnaps: "105290000011",
  bin: "621700",
  last4: "7777",
  commitment: toDigest(toUtf8("the new card")),
};

const [maker, checker] = [createApproverKey(), createApproverKey()];

/** 李梅 makes and changes parameters, 王军 checks. */
export const POLICY: Policy = {
  version: 1,
  persons: [
    { id: "li.mei", name: "李梅", keys: [toPublicKey(maker)], roles: ["maker", "parameters"] },
    { id: "wang.jun", name: "王军", keys: [toPublicKey(checker)], roles: ["checker"] },
  ],
  thresholds: { binding: ["maker", "checker"], merchant: ["maker", "checker"], parameters: ["parameters"] },
  caps: DEFAULT_CAPS,
  ...ALLOWED,
};

/** What one terminal holds and would take; nothing held is a first profile. */
export interface Step {
  readonly tusn: Tusn;
  readonly base: Profile | undefined;
  readonly next: Profile;
  readonly change?: Partial<Directive>;
  /** Followed by the way back from it. */
  readonly hasReserve?: boolean;
  /** What becomes of a way back that fails its test, where that is not what becomes of the change. */
  readonly backOnFail?: Directive["onFail"];
  /** Tells its content as older content brought back. */
  readonly isRestore?: boolean;
}

/** The TUSN of the nth terminal. */
export function toTusn(at: number): Tusn {
  return parseTusn(`00000304N7NL${String(at).padStart(8, "0")}`);
}

/** The sample profile with parts replaced. */
export function toProfile(
  change: {
    readonly [P in "merchant" | "binding" | "acquiring" | "parameters"]?: Partial<Profile[P]>;
  },
): Profile {
  return {
    number: SAMPLE_PROFILE.number + 1,
    merchant: { ...SAMPLE_PROFILE.merchant, ...change.merchant },
    binding: { ...SAMPLE_PROFILE.binding, ...change.binding },
    acquiring: { ...SAMPLE_PROFILE.acquiring, ...change.acquiring },
    parameters: { ...SAMPLE_PROFILE.parameters, ...change.parameters },
  };
}

/** `count` terminals, each of which makes the same step unless `toNext` says otherwise. */
export function toSteps(count: number, toNext: (at: number) => Profile, rest: Partial<Step> = {}): readonly Step[] {
  return Array.from({ length: count }, (_, at) => ({
    tusn: toTusn(at + 1),
    base: SAMPLE_PROFILE,
    next: toNext(at),
    ...rest,
  }));
}

/** A release of these steps, whole: as it comes out of a file. */
export function toRelease(
  steps: readonly Step[],
  statement: Partial<Statement> = {},
  reason: string = REASON,
): WholeRelease {
  const leaves = steps.flatMap(toLeaves);
  const directives = leaves.map(({ directive }) => toDirectiveBytes(directive));
  const tree = toTree(directives.map(toLeafHash));
  const purpose = statement.purpose ?? "binding";
  return verifyReleaseFile({
    statement: toStatementBytes({
      releaseId: new Uint8Array(16).fill(0xab),
      purpose,
      root: tree.root,
      size: tree.size,
      merchant: purpose === "binding" ? SAMPLE_PROFILE.merchant.number : "",
      created: NOW,
      expires: NOW + 7 * DAY_S,
      reason: toDigest(toUtf8(reason)),
      ...statement,
    }),
    signatures: [],
    directives,
    bases: leaves.map(({ base }) => base),
    reason,
    recipients: [],
    sealed: [],
  });
}

export function toOptions(change: Partial<ReleaseOptions> = {}): ReleaseOptions {
  return { policy: POLICY, lang: "en", blind: false, signedBy: [], now: NOW, ...change };
}

interface Leaf {
  readonly directive: Directive;
  readonly base: Uint8Array;
}

function toLeaves({
  tusn,
  base,
  next,
  change = {},
  hasReserve = false,
  isRestore = false,
  backOnFail,
}: Step): readonly Leaf[] {
  const [held, profile] = [base === undefined ? new Uint8Array(0) : toProfileBytes(base), toProfileBytes(next)];
  const directive: Directive = {
    tusn,
    deviceKey: toDigest(toUtf8(tusn)),
    sequence: 5,
    baseDigest: held.length === 0 ? held : toDigest(held),
    profile,
    notBefore: NOW,
    notAfter: NOW + 7 * DAY_S,
    onFail: "rollback",
    salt: toDigest(toUtf8(`salt ${tusn}`)).slice(0, 16),
    restores: isRestore ? toDigest(profile) : new Uint8Array(0),
    ...change,
  };
  const back: Directive = {
    ...directive,
    sequence: directive.sequence + 1,
    baseDigest: toDigest(profile),
    profile: held,
    notAfter: NOW + 30 * DAY_S,
    restores: toDigest(held),
    ...(backOnFail === undefined ? {} : { onFail: backOnFail }),
  };
  return [{ directive, base: held }, ...(hasReserve ? [{ directive: back, base: profile }] : [])];
}
