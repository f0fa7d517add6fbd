import { generateKeyPairSync, randomBytes } from "node:crypto";
import type { GateContext } from "../agent/gate.ts";
import { createApproverKey, toPublicKey } from "../certs/keys.ts";
import { signStatement } from "../certs/signatures.ts";
import { createTrust } from "../certs/trust/create.ts";
import { ALLOWED, MOST } from "../certs/trust/policy.ts";
import { verifyTrust } from "../certs/trust/verify.ts";
import { toDeviceKey } from "../certs/x509/identity.ts";
import { NONCE_BYTES, SALT_BYTES, toDigest, toUtf8 } from "../proto/bytes.ts";
import { toDeliveryBytes } from "../proto/delivery.ts";
import { type Directive, toDirectiveBytes } from "../proto/directive.ts";
import { type Profile, toProfileBytes } from "../proto/profile.ts";
import { RELEASE_ID_BYTES, toStatementBytes } from "../proto/statement.ts";
import { toInclusionPath, toLeafHash, toTree } from "../proto/tree.ts";
import { parseTusn } from "../proto/tusn.ts";

const NOW = 1_800_000_000;
const DAY_S = 86_400;

const PROFILE: Profile = {
  number: 1,
  merchant: {
    number: "822391058121070",
    name: "福州市鼓楼区闽江春茶楼",
    shortName: "闽江春茶楼",
    licenceNo: "92350102MA5HAU1JXU",
    taxNo: "92350102MA5HAU1JXU",
    uscc: "92350102MA5HAU1JXU",
    mcc: "5812",
  },
  binding: {
    kind: "card",
    bank: "中国农业银行福州鼓楼支行",
    cnaps: "103391035913",
    holder: "林秀英",
    bin: "622848",
    last4: "7264",
    commitment: toDigest(toUtf8("sample")),
  },
  acquiring: {
    acquirer: "48220000",
    terminalNo: "31143823",
    host: "127.0.0.1",
    port: 18_583,
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

const tusn = parseTusn("00000304N7NL01933217");

/** Directive bytes as a large release holds them: one per terminal, each with its own salt. */
export function createDirectives(count: number): readonly Uint8Array[] {
  const profile = toProfileBytes(PROFILE);
  return Array.from({ length: count }, (_, index) => toDirectiveBytes(toDirective(profile, index, randomBytes(32))));
}

/** A delivery that the gate accepts, one leaf of a release of `size` directives, and what its terminal knows. */
export function createDelivery(size: number): { readonly delivery: Uint8Array; readonly context: GateContext } {
  const [maker, checker, online] = [createApproverKey(), createApproverKey(), createApproverKey()];
  const people = [maker, checker];
  const policy = {
    version: 1,
    persons: [
      { id: "maker", name: "maker", keys: [toPublicKey(maker)], roles: ["maker"] as const },
      { id: "checker", name: "checker", keys: [toPublicKey(checker)], roles: ["checker", "parameters"] as const },
    ],
    thresholds: {
      binding: ["maker", "checker"] as const,
      merchant: ["maker", "checker"] as const,
      parameters: ["parameters"] as const,
    },
    caps: MOST,
    ...ALLOWED,
  };
  const bundle = createTrust({ root: people, targets: people, snapshot: [online], timestamp: [online] }, policy, NOW);
  const deviceKey = toDeviceKey(generateKeyPairSync("rsa", { modulusLength: 2_048 }).publicKey);
  const directive = toDirectiveBytes(toDirective(toProfileBytes(PROFILE), 0, deviceKey));
  const tree = toTree([directive, ...createDirectives(size - 1)].map(toLeafHash));
  const statement = toStatementBytes({
    releaseId: randomBytes(RELEASE_ID_BYTES),
    purpose: "binding",
    root: tree.root,
    size,
    merchant: PROFILE.merchant.number,
    created: NOW,
    expires: NOW + DAY_S,
    reason: toDigest(toUtf8("bench")),
  });
  const delivery = toDeliveryBytes({
    statement,
    signatures: people.map((key) => signStatement(key, statement)),
    index: 0,
    path: toInclusionPath(tree, 0),
    directive,
    nonce: randomBytes(NONCE_BYTES),
    sealed: new Uint8Array(0),
  });
  const trust = verifyTrust(bundle.root, bundle);
  const nothing = { held: undefined, previous: undefined, sequence: 0, cardChanges: [] };
  return { delivery, context: { trust, now: NOW, past: NOW, tusn, deviceKey, ...nothing } };
}

function toDirective(profile: Uint8Array, index: number, deviceKey: Uint8Array): Directive {
  return {
    tusn,
    deviceKey,
    sequence: index + 1,
    baseDigest: new Uint8Array(0),
    profile,
    notBefore: NOW,
    notAfter: NOW + DAY_S,
    onFail: "rollback",
    salt: randomBytes(SALT_BYTES),
    restores: new Uint8Array(0),
  };
}
