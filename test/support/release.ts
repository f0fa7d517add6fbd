import { type KeyObject, randomBytes } from "node:crypto";
import { createApproverKey, toPublicKey } from "../../certs/keys.ts";
import { signStatement } from "../../certs/signatures.ts";
import { createTimestamp, createTrust, type NewTrust, type RoleSigners } from "../../certs/trust/create.ts";
import { ALLOWED, DEFAULT_CAPS, type Policy } from "../../certs/trust/policy.ts";
import { NONCE_BYTES, SALT_BYTES, toDigest, toUtf8 } from "../../proto/bytes.ts";
import { toDeliveryBytes } from "../../proto/delivery.ts";
import type { DifferenceClass } from "../../proto/difference.ts";
import { type Directive, toDirectiveBytes } from "../../proto/directive.ts";
import { type Profile, parseProfile, toProfileBytes } from "../../proto/profile.ts";
import { RELEASE_ID_BYTES, type Statement, toStatementBytes } from "../../proto/statement.ts";
import { toInclusionPath, toLeafHash, toTree } from "../../proto/tree.ts";
import type { Tusn } from "../../proto/tusn.ts";

const DAY_S = 86_400;
/** Why, in every release made here. */
export const REASON = "a test";

/** A maker, a checker and the trust metadata that names them; the maker alone signs for parameters. */
export interface TestApprovers {
  readonly maker: KeyObject;
  readonly checker: KeyObject;
  readonly policy: Policy;
  /** Version 1 of everything, signed at `now`. */
  readonly trust: NewTrust;
  /** The same under a newer timestamp. */
  renew(version: number, now: number): NewTrust;
}

/** `now` in seconds. */
export function createApprovers(now: number): TestApprovers {
  const maker = createApproverKey();
  const checker = createApproverKey();
  const policy: Policy = {
    version: 1,
    persons: [
      { id: "li.mei", name: "李梅", keys: [toPublicKey(maker)], roles: ["maker", "parameters"] },
      { id: "wang.jun", name: "王军", keys: [toPublicKey(checker)], roles: ["checker"] },
    ],
    thresholds: { binding: ["maker", "checker"], merchant: ["maker", "checker"], parameters: ["parameters"] },
    caps: DEFAULT_CAPS,
    ...ALLOWED,
  };
  const offline = [createApproverKey()];
  const online = [createApproverKey()];
  const signers: RoleSigners = { root: offline, targets: offline, snapshot: online, timestamp: online };
  const trust = createTrust(signers, policy, now);
  return {
    maker,
    checker,
    policy,
    trust,
    renew: (version, later) => ({ ...trust, timestamp: createTimestamp(online, version, trust.snapshot, 1, later) }),
  };
}

/** A restaurant with a settlement card, whose acquirer listens on this machine; limits fit for tests. */
export const SAMPLE_PROFILE: Profile = {
  number: 1,
  merchant: {
    number: "822290058120001",
    name: "上海市静安区小张餐饮店",
    shortName: "小张餐饮",
    licenceNo: "91350100M000100Y43",
    taxNo: "91350100M000100Y43",
    uscc: "91350100M000100Y43",
    mcc: "5812",
  },
  binding: {
    kind: "card",
    bank: "中国农业银行",
    cnaps: "103100000026",
    holder: "张伟",
    bin: "622848",
    last4: "0018",
    commitment: toDigest(Buffer.from("the first card")),
  },
  acquiring: {
    acquirer: "48220000",
    terminalNo: "58D01115",
    host: "127.0.0.1",
    port: 9,
    tpdu: Buffer.from("6000060000", "hex"),
  },
  parameters: {
    amountFen: 1,
    connectMs: 1_000,
    answerMs: 1_000,
    attempts: 2,
    retryBaseMs: 10,
    reversalBaseMs: 10,
    deadlineS: 30,
  },
};

/** What differs from a profile; each group is merged field by field. */
export interface ProfileChange {
  readonly number?: number;
  readonly merchant?: Partial<Profile["merchant"]>;
  readonly binding?: Partial<Profile["binding"]>;
  readonly acquiring?: Partial<Profile["acquiring"]>;
  readonly parameters?: Partial<Profile["parameters"]>;
}

/** The next number of a profile, with changes. */
export function toNextProfile(profile: Profile, change: ProfileChange): Profile {
  return {
    number: change.number ?? profile.number + 1,
    merchant: { ...profile.merchant, ...change.merchant },
    binding: { ...profile.binding, ...change.binding },
    acquiring: { ...profile.acquiring, ...change.acquiring },
    parameters: { ...profile.parameters, ...change.parameters },
  };
}

export interface DirectiveRequest {
  readonly tusn: Tusn;
  readonly deviceKey: Uint8Array;
  readonly sequence: number;
  /** What the terminal must hold; absent where nothing. */
  readonly base?: Profile;
  readonly profile: Profile;
  /** Seconds; the directive is valid from then for a day. */
  readonly now: number;
}

export function toDirective(request: DirectiveRequest, change: Partial<Directive> = {}): Directive {
  return {
    tusn: request.tusn,
    deviceKey: request.deviceKey,
    sequence: request.sequence,
    baseDigest: request.base === undefined ? new Uint8Array(0) : toDigest(toProfileBytes(request.base)),
    profile: toProfileBytes(request.profile),
    notBefore: request.now,
    notAfter: request.now + DAY_S,
    onFail: "rollback",
    salt: randomBytes(SALT_BYTES),
    restores: new Uint8Array(0),
    ...change,
  };
}

export interface ReleaseRequest {
  readonly directives: readonly Directive[];
  readonly purpose: DifferenceClass;
  /** Keys that sign, each once. */
  readonly signers: readonly KeyObject[];
  /** Seconds; the release expires a day later. */
  readonly now: number;
  /** Puts other values into the statement before it is signed. */
  readonly statement?: Partial<Statement>;
}

/** Encoded deliveries, one for each directive in order: one release, one tree, one statement. */
export function toDeliveries(request: ReleaseRequest): readonly Uint8Array[] {
  const leaves = request.directives.map(toDirectiveBytes);
  const tree = toTree(leaves.map(toLeafHash));
  const statement = toStatementBytes({
    releaseId: randomBytes(RELEASE_ID_BYTES),
    purpose: request.purpose,
    root: tree.root,
    size: tree.size,
    merchant: request.statement?.merchant ?? toMerchantNumber(request),
    created: request.now,
    expires: request.now + DAY_S,
    reason: toDigest(toUtf8(REASON)),
    ...request.statement,
  });
  const signatures = request.signers.map((signer) => signStatement(signer, statement));
  return leaves.map((directive, index) =>
    toDeliveryBytes({
      statement,
      signatures,
      index,
      path: toInclusionPath(tree, index),
      directive,
      nonce: randomBytes(NONCE_BYTES),
      sealed: new Uint8Array(0),
    }),
  );
}

/** One directive in a release of its own, signed by maker and checker. */
export function toDelivery(
  approvers: TestApprovers,
  directive: Directive,
  purpose: DifferenceClass,
  now: number,
): Uint8Array {
  const signers = [approvers.maker, approvers.checker];
  const [delivery] = toDeliveries({ directives: [directive], purpose, signers, now });
  return delivery as Uint8Array;
}

function toMerchantNumber({ purpose, directives }: ReleaseRequest): string {
  const [first] = directives;
  return purpose !== "binding" || first === undefined ? "" : parseProfile(first.profile).merchant.number;
}
