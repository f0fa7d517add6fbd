import { type KeyObject, sign as signBytes } from "node:crypto";
import { concat, toDigest, toUtf8 } from "../../proto/bytes.ts";
import { type Delivery, parseDelivery, type Signature, toDeliveryBytes } from "../../proto/delivery.ts";
import { DIFFERENCE_CLASSES } from "../../proto/difference.ts";
import { type Directive, ON_FAIL, parseDirective, toDirectiveBytes } from "../../proto/directive.ts";
import { PAYLOAD_TYPES, toPreAuthEncoding } from "../../proto/dsse.ts";
import { type Profile, parseProfile, toProfileBytes } from "../../proto/profile.ts";
import { parseStatement, type Statement, toStatementBytes } from "../../proto/statement.ts";
import { toInclusionPath, toLeafHash, toTree } from "../../proto/tree.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { flipBit, mutate, reencode, splice } from "./red-team-bytes.ts";
import type { Random } from "./red-team-random.ts";
import { SAMPLE_PROFILE, toNextProfile } from "./release.ts";

/** What the red team has to make deliveries of. Nothing here holds an approver's private key. */
export interface Arsenal {
  readonly random: Random;
  /** Every delivery that was ever made. */
  readonly genuine: readonly Uint8Array[];
  /** Those that are about the terminal under attack as it is now. */
  readonly present: readonly Uint8Array[];
  /** Ed25519 private keys: all that were found, and fresh ones. */
  readonly keys: readonly KeyObject[];
  /** Their key ids, in the same order. */
  readonly ownKeyIds: readonly Uint8Array[];
  /** Key ids of the people, which everybody knows. */
  readonly keyIds: readonly Uint8Array[];
  /** Everything else in the loot that may pass for a signature. */
  readonly scraps: readonly Uint8Array[];
  /** Signatures by the people over any bytes, of any type but that of approvals. */
  signOther(type: string, bytes: Uint8Array): readonly Uint8Array[];
}

/** The terminal under attack, as the database knows it. */
export interface Victim {
  readonly tusn: Tusn;
  readonly deviceKey: Uint8Array;
  readonly sequence: number;
  /** Encoded profile that it holds. */
  readonly held: Uint8Array | undefined;
  readonly previous: Uint8Array | undefined;
  /** Seconds. */
  readonly now: number;
}

export type Forge = (arsenal: Arsenal, victim: Victim) => Uint8Array;

const DAY_S = 86_400;
const OTHER_TYPES = [PAYLOAD_TYPES.request, PAYLOAD_TYPES.hello, PAYLOAD_TYPES.report, PAYLOAD_TYPES.cardKey, ""];

/** How deliveries are made, by name, with how often. */
export const FORGERIES: readonly (readonly [name: string, weight: number, forge: Forge])[] = [
  ["parts of several", 12, toMixed],
  ["other signatures", 10, toOtherSignatures],
  ["changed statement", 10, toChangedStatement],
  ["changed directive", 10, toChangedDirective],
  ["own release", 14, toOwnRelease],
  ["signed as something else", 6, toOtherType],
  ["false proof", 8, toFalseProof],
  ["genuine, again or elsewhere", 10, ({ random, genuine }) => random.pick(genuine)],
  ["genuine, for now", 3, ({ random, present }) => random.pick(present)],
  [
    "changed bytes",
    9,
    ({ random, genuine, present }) => mutate(random.pick(random.chance(0.6) ? present : genuine), random),
  ],
  ["a bit over", 9, ({ random, present }) => toFlipped(random.pick(present), random)],
  ["another encoding", 4, ({ random, present }) => reencode(random.pick(present), random)],
  ["two spliced", 3, ({ random, genuine }) => splice(random.pick(genuine), random.pick(genuine), random)],
  ["noise", 2, ({ random }) => random.bytes(random.below(600))],
];

function toFlipped(bytes: Uint8Array, random: Random): Uint8Array {
  return flipBit(bytes, random.below(bytes.length * 8));
}

function toMixed({ random, genuine, present }: Arsenal): Uint8Array {
  const take = () => parseDelivery(random.pick(random.chance(0.5) ? present : genuine));
  const [a, b] = [take(), take()];
  return toDeliveryBytes({
    statement: random.pick([a, b]).statement,
    signatures: random.pick([a, b, take()]).signatures,
    index: random.pick([a, b]).index,
    path: random.pick([a, b]).path,
    directive: random.pick([a, b]).directive,
    nonce: random.pick([a, b]).nonce,
    sealed: random.pick([a.sealed, b.sealed, random.bytes(80)]),
  });
}

function toOtherSignatures(arsenal: Arsenal): Uint8Array {
  const { random, present, genuine } = arsenal;
  const delivery = parseDelivery(random.pick(present));
  const [first, second] = delivery.signatures;
  const other = parseDelivery(random.pick(genuine)).signatures;
  const forms: readonly (() => readonly Signature[])[] = [
    () => [],
    () => delivery.signatures.slice(0, 1),
    () => delivery.signatures.slice(1),
    () => (first === undefined ? [] : Array.from({ length: 1 + random.below(16) }, () => first)),
    // One person's signature under the other person's name.
    () => (first === undefined || second === undefined ? [] : [first, { ...second, value: first.value }]),
    () => (first === undefined ? [] : [first, ...arsenal.keyIds.map((keyId) => ({ keyId, value: first.value }))]),
    () => [...delivery.signatures.slice(0, 1), ...other].slice(0, 16),
    () => other,
    () => [...delivery.signatures.slice(0, 1), ...signAll(arsenal, delivery.statement)].slice(0, 16),
    () => delivery.signatures.map(({ keyId, value }) => ({ keyId, value: toFlipped(value, random) })),
    () => delivery.signatures.map(({ keyId, value }) => ({ keyId, value: toOtherScalar(value) })),
    () => delivery.signatures.map(({ keyId }) => ({ keyId, value: random.pick(arsenal.scraps) })),
    () => [{ keyId: random.bytes(32), value: random.bytes(64) }, ...random.shuffle(delivery.signatures)],
  ];
  return toDeliveryBytes({ ...delivery, signatures: random.pick(forms)() });
}

function toChangedStatement(arsenal: Arsenal, victim: Victim): Uint8Array {
  const { random, present, genuine } = arsenal;
  const delivery = parseDelivery(random.pick(random.chance(0.7) ? present : genuine));
  const statement = parseStatement(delivery.statement);
  const changes: readonly Partial<Statement>[] = [
    { purpose: random.pick(DIFFERENCE_CLASSES) },
    { purpose: "parameters", merchant: "" },
    { merchant: random.pick(["", "822391058121071", "000000000000000"]) },
    { root: random.bytes(32) },
    { root: toLeafHash(delivery.directive), size: 1 },
    { size: statement.size + 1 },
    { size: random.pick([0, 1, 2, 3, 200, 201, 0xffff_ffff]) },
    { created: random.pick([1, victim.now + 10 * DAY_S]) },
    { expires: 0xffff_ffff },
    { releaseId: random.bytes(16) },
    { reason: random.bytes(32) },
  ];
  const changed = toStatementBytes({ ...statement, ...random.pick(changes) });
  return toDeliveryBytes({
    ...delivery,
    statement: changed,
    signatures: random.chance(0.5) ? delivery.signatures : signAll(arsenal, changed),
  });
}

function toChangedDirective(arsenal: Arsenal, victim: Victim): Uint8Array {
  const delivery = parseDelivery(arsenal.random.pick(arsenal.present));
  const changed = changeDirective(parseDirective(delivery.directive), arsenal.random, victim);
  return toDeliveryBytes({ ...delivery, directive: toDirectiveBytes(changed) });
}

/** A release of its own making, right in everything but who signed it. */
function toOwnRelease(arsenal: Arsenal, victim: Victim): Uint8Array {
  const { random, present } = arsenal;
  const { directive, statement, ...rest } = toRelease(arsenal, victim);
  const theirs = parseDelivery(random.pick(present)).signatures;
  const signatures = random.pick([
    () => signAll(arsenal, statement),
    () => [...theirs, ...signAll(arsenal, statement)],
    () => toClaimed(arsenal, statement),
    () => theirs,
  ])();
  return toDeliveryBytes({ ...rest, statement, directive, signatures: signatures.slice(0, 16) });
}

/** People did sign these bytes: as a request, as a message, as a vouching for a key, and never as an approval. */
function toOtherType(arsenal: Arsenal, victim: Victim): Uint8Array {
  const { random, keyIds } = arsenal;
  const delivery = toRelease(arsenal, victim);
  const type = random.pick(OTHER_TYPES);
  const body = random.pick([delivery.statement, toPreAuthEncoding(PAYLOAD_TYPES.statement, delivery.statement)]);
  const values = arsenal.signOther(type, body);
  const signatures = keyIds.map((keyId, at) => ({ keyId, value: values[at] ?? random.bytes(64) }));
  return toDeliveryBytes({ ...delivery, signatures });
}

function toFalseProof(arsenal: Arsenal, victim: Victim): Uint8Array {
  const { random, present, genuine } = arsenal;
  const delivery = parseDelivery(random.pick(random.chance(0.5) ? present : genuine));
  const own = toRelease(arsenal, victim).directive;
  const leaf = toLeafHash(delivery.directive);
  const forms: readonly (() => Delivery)[] = [
    () => ({ ...delivery, directive: own }),
    () => ({ ...delivery, directive: own, path: [leaf, ...delivery.path] }),
    () => ({ ...delivery, directive: own, index: delivery.index ^ 1, path: [leaf, ...delivery.path.slice(1)] }),
    () => ({ ...delivery, index: delivery.index + 1 }),
    () => ({ ...delivery, index: random.pick([0xffff_ffff, 1 << 30, 200]) }),
    () => ({ ...delivery, path: delivery.path.slice(1) }),
    () => ({ ...delivery, path: [...delivery.path, random.bytes(32)] }),
    () => ({ ...delivery, path: random.shuffle(delivery.path) }),
    () => ({ ...delivery, path: Array.from({ length: 32 }, () => random.bytes(32)) }),
    // An inner node passed off as a leaf.
    () => ({
      ...delivery,
      directive: concat(Buffer.of(1), leaf, delivery.path[0] ?? leaf),
      path: delivery.path.slice(1),
    }),
    () => ({ ...delivery, directive: concat(leaf, delivery.path[0] ?? leaf), path: delivery.path.slice(1) }),
  ];
  return toDeliveryBytes(random.pick(forms)());
}

/** The thief's card for this terminal, in a release of one or more. */
function toRelease(arsenal: Arsenal, victim: Victim): Delivery {
  const { random } = arsenal;
  const directive = toDirectiveBytes(changeDirective(toThiefs(arsenal, victim), random, victim, 0.2));
  const others = Array.from({ length: random.pick([0, 0, 1, 3]) }, () => random.bytes(300));
  const leaves = [...others, directive];
  const tree = toTree(leaves.map(toLeafHash));
  const index = leaves.length - 1;
  const merchant = parseProfile(victim.held ?? toProfileBytes(SAMPLE_PROFILE)).merchant.number;
  const purpose = random.pick(["binding", "binding", "merchant", "parameters"] as const);
  const statement = toStatementBytes({
    releaseId: random.bytes(16),
    purpose,
    root: tree.root,
    size: tree.size,
    merchant: purpose === "binding" ? merchant : "",
    created: victim.now,
    expires: victim.now + DAY_S,
    reason: random.bytes(32),
  });
  const nonce = random.bytes(16);
  const path = toInclusionPath(tree, index);
  return { statement, signatures: [], index, path, directive, nonce, sealed: new Uint8Array(0) };
}

function toThiefs({ random }: Arsenal, { tusn, deviceKey, sequence, held, now }: Victim): Directive {
  const base = held === undefined ? undefined : parseProfile(held);
  return {
    tusn,
    deviceKey,
    sequence: sequence + 1,
    baseDigest: held === undefined ? new Uint8Array(0) : toDigest(held),
    profile: toProfileBytes(toThiefsProfile(base ?? SAMPLE_PROFILE, random)),
    notBefore: now - DAY_S,
    notAfter: now + DAY_S,
    onFail: random.pick(ON_FAIL),
    salt: random.bytes(16),
    restores: new Uint8Array(0),
  };
}

export function toThiefsProfile(profile: Profile, random: Random): Profile {
  const binding = { bin: "622202", last4: "6666", holder: "贼", commitment: toDigest(random.bytes(8)) };
  return toNextProfile(profile, random.chance(0.8) ? { binding } : { acquiring: { host: "10.6.6.6" } });
}

/** One field of the directive put to something that a thief would like. */
function changeDirective(directive: Directive, random: Random, victim: Victim, chance = 1): Directive {
  if (!random.chance(chance)) return directive;
  const { held, previous } = victim;
  const profile = toProfileBytes(toThiefsProfile(parseProfile(held ?? toProfileBytes(SAMPLE_PROFILE)), random));
  const changes: readonly Partial<Directive>[] = [
    { profile },
    { profile: mutate(directive.profile, random) },
    { tusn: victim.tusn },
    { deviceKey: victim.deviceKey },
    { sequence: random.pick([victim.sequence + 1, 1, 0xffff_ffff, victim.sequence]) },
    { baseDigest: held === undefined ? new Uint8Array(0) : toDigest(held) },
    { baseDigest: new Uint8Array(0) },
    { notBefore: 1, notAfter: 0xffff_ffff },
    { onFail: random.pick(ON_FAIL) },
    { salt: random.bytes(16) },
    { restores: toDigest(directive.profile) },
    previous === undefined ? { restores: random.bytes(32) } : { profile: previous, restores: toDigest(previous) },
  ];
  return { ...directive, ...random.pick(changes) };
}

/** By every key that there is, each under its own name. */
function signAll({ keys, ownKeyIds }: Arsenal, statement: Uint8Array): readonly Signature[] {
  const encoding = toPreAuthEncoding(PAYLOAD_TYPES.statement, statement);
  return keys.map((key, at) => ({ keyId: ownKeyIds[at] as Uint8Array, value: signBytes(null, encoding, key) }));
}

/** By keys of the red team under the names of the people. */
function toClaimed({ random, keys, keyIds }: Arsenal, statement: Uint8Array): readonly Signature[] {
  const encoding = toPreAuthEncoding(PAYLOAD_TYPES.statement, statement);
  return keyIds.map((keyId) => ({ keyId, value: signBytes(null, encoding, random.pick(keys)) }));
}

/** Order of the group of Ed25519 (RFC 8032 section 5.1). */
const ORDER = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n;

/** The same signature with its scalar one group order higher: equal to a verifier that does not look. */
export function toOtherScalar(value: Uint8Array): Uint8Array {
  const scalar = BigInt(`0x${Buffer.from(value.subarray(32)).reverse().toString("hex")}`) + ORDER;
  const bytes = Buffer.from(scalar.toString(16).padStart(64, "0").slice(-64), "hex").reverse();
  return concat(value.subarray(0, 32), bytes);
}

/** Text that passes for bytes of a signature. */
export function toScraps(texts: readonly string[]): readonly Uint8Array[] {
  return texts.map((text) => concat(toDigest(toUtf8(text)), toDigest(toUtf8(`${text}.`))));
}
