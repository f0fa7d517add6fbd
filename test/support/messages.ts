import { concat, toDigest, toUtf8 } from "../../proto/bytes.ts";
import type { Delivery, ReleaseFile } from "../../proto/delivery.ts";
import { type Directive, toDirectiveBytes } from "../../proto/directive.ts";
import type { LedgerEntry } from "../../proto/ledger-entry.ts";
import { type Profile, toProfileBytes } from "../../proto/profile.ts";
import { type Statement, toStatementBytes } from "../../proto/statement.ts";
import type { Hello, Report } from "../../proto/terminal-messages.ts";
import type { TrustBundle } from "../../proto/trust-bundle.ts";
import { parseTusn } from "../../proto/tusn.ts";

// One good value of every message.

export const digest = toDigest(toUtf8("x"));
export const none = new Uint8Array(0);
export const salt = digest.subarray(0, 16);
export const tusn = parseTusn("00000304N7NL01933217");

export const profile: Profile = {
  number: 1,
  merchant: {
    number: "822584053110001",
    name: "福州茉莉茶庄有限公司",
    shortName: "茉莉茶庄",
    licenceNo: "310115600985533",
    taxNo: "91350100M000100Y43",
    uscc: "91350100M000100Y43",
    mcc: "5411",
  },
  binding: {
    kind: "card",
    bank: "中国工商银行",
    cnaps: "102100099996",
    holder: "王丽",
    bin: "622848",
    last4: "0018",
    commitment: digest,
  },
  acquiring: {
    acquirer: "48210000",
    terminalNo: "58D01115",
    host: "127.0.0.1",
    port: 9000,
    tpdu: Uint8Array.of(0x60, 0, 6, 0, 0),
  },
  parameters: {
    amountFen: 1,
    connectMs: 1_000,
    answerMs: 1_000,
    attempts: 3,
    retryBaseMs: 100,
    reversalBaseMs: 100,
    deadlineS: 60,
  },
};
export const directive: Directive = {
  tusn,
  deviceKey: digest,
  sequence: 1,
  baseDigest: none,
  profile: toProfileBytes(profile),
  notBefore: 100,
  notAfter: 200,
  onFail: "rollback",
  salt,
  restores: none,
};
export const statement: Statement = {
  releaseId: salt,
  purpose: "binding",
  root: digest,
  size: 1,
  merchant: profile.merchant.number,
  created: 100,
  expires: 200,
  reason: toDigest(toUtf8("更名")),
};
export const signature = { keyId: digest, value: concat(digest, digest) };
export const delivery: Delivery = {
  statement: toStatementBytes(statement),
  signatures: [signature],
  index: 0,
  path: [digest],
  directive: toDirectiveBytes(directive),
  nonce: salt,
  sealed: none,
};
export const releaseFile: ReleaseFile = {
  statement: delivery.statement,
  signatures: [signature],
  directives: [delivery.directive],
  bases: [none],
  reason: "更名",
  recipients: [{ index: 0, deviceKey: concat(digest, digest), cardKey: digest, proof: concat(digest, digest) }],
  sealed: [{ index: 0, bytes: concat(digest, digest) }],
};
export const hello: Hello = {
  tusn,
  counter: 1,
  sequence: 0,
  current: none,
  previous: none,
  phase: "idle",
  directive: none,
  timestampVersion: 0,
  stale: true,
  unsent: 0,
  agentVersion: "0.1.0",
  rootVersion: 1,
  cardKey: none,
  cardKeyProof: none,
  run: none,
  busy: "",
};
export const report: Report = {
  tusn,
  counter: 2,
  kind: "rolled_back",
  code: "TEST_FAILED",
  directive: digest,
  sequence: 1,
  current: none,
  previous: none,
  nonce: salt,
  at: 150,
  detail: "purchase 97",
};
export const entry: LedgerEntry = {
  at: 100,
  kind: "release.published",
  actor: "wang.li",
  subject: tusn,
  digest,
  detail: "{}",
};
export const bundle: TrustBundle = {
  roots: [digest],
  timestamp: digest,
  snapshot: digest,
  targets: digest,
  policy: digest,
};
