import type { KeyObject } from "node:crypto";
import { toPublicKey } from "../../certs/keys.ts";
import type { TrustVersions } from "../../certs/trust/verify.ts";
import { toUtf8 } from "../../proto/bytes.ts";
import { TRUST_FILES, type TrustBundle, toTrustBundleBytes } from "../../proto/trust-bundle.ts";
import { flipBit, mutate, reencode } from "./red-team-bytes.ts";
import type { Random } from "./red-team-random.ts";
import { type Roles, sign, signRoot, signSnapshot, signTargets, signTimestamp } from "./red-team-trust.ts";

/** What the red team has to make trust metadata of. */
export interface TrustArsenal {
  readonly random: Random;
  /** Every bundle that was ever sent. */
  readonly bundles: readonly TrustBundle[];
  /** Every root there is, oldest first. */
  readonly roots: readonly Uint8Array[];
  readonly keys: readonly KeyObject[];
  /** Seconds. */
  readonly now: number;
}

type ForgeTrust = (arsenal: TrustArsenal) => Uint8Array;

const DAY_S = 86_400;

/** How trust bundles are made, by name, with how often. */
export const TRUST_FORGERIES: readonly (readonly [name: string, weight: number, forge: ForgeTrust])[] = [
  ["trust: files of several", 4, toMixed],
  ["trust: own timestamp", 6, toOwnTimestamp],
  ["trust: own policy", 5, toOwnPolicy],
  ["trust: own root", 4, toOwnRoot],
  ["trust: changed file", 4, toChangedFile],
  ["trust: genuine, again", 2, ({ random, bundles }) => toTrustBundleBytes(random.pick(bundles))],
  ["trust: a bit over", 3, ({ random, bundles }) => toFlipped(toTrustBundleBytes(random.pick(bundles)), random)],
  ["trust: changed bytes", 2, ({ random, bundles }) => mutate(toTrustBundleBytes(random.pick(bundles)), random)],
  ["trust: another encoding", 1, ({ random, bundles }) => reencode(toTrustBundleBytes(random.pick(bundles)), random)],
  ["trust: roots only", 1, ({ random, roots }) => toTrustBundleBytes({ ...NO_FILES, roots: random.shuffle(roots) })],
];

const NONE = new Uint8Array(0);
const NO_FILES = { timestamp: NONE, snapshot: NONE, targets: NONE, policy: NONE };

function toFlipped(bytes: Uint8Array, random: Random): Uint8Array {
  return flipBit(bytes, random.below(bytes.length * 8));
}

function toMixed({ random, bundles, roots }: TrustArsenal): Uint8Array {
  const mixed = { ...random.pick(bundles) };
  for (const file of TRUST_FILES) mixed[file] = random.pick(bundles)[file];
  return toTrustBundleBytes({ ...mixed, roots: random.pick([mixed.roots, roots, roots.slice(1), []]) });
}

/** What whoever holds the online key can do, and all of it. */
function toOwnTimestamp({ random, bundles, keys, now }: TrustArsenal): Uint8Array {
  const bundle = random.pick(bundles);
  const { snapshot } = random.pick([bundle, random.pick(bundles)]);
  const issued = random.pick([now, now, now, now + 400 * DAY_S, 1]);
  const timestamp = signTimestamp({
    version: random.pick([1, random.below(1_000) + 1, 0xffff_ffff, 0x1_0000_0000]),
    snapshot,
    snapshotVersion: random.pick([readVersion(snapshot), 1, 2, 3]),
    issued,
    expires: random.pick([issued + DAY_S, now + 3_650 * DAY_S]),
    signers: random.pick([keys, keys.slice(0, 1), keys.slice(1, 2)]),
  });
  return toTrustBundleBytes({ ...bundle, snapshot, timestamp });
}

/** A policy that names the red team, under metadata signed by every key it has. */
function toOwnPolicy({ random, bundles, keys, now }: TrustArsenal): Uint8Array {
  const bundle = random.pick(bundles);
  const policy = toThiefsPolicy(bundle.policy, keys, random);
  const expires = now + 365 * DAY_S;
  const version = random.pick([2, 3, 9]);
  const targets = random.chance(0.8) ? signTargets({ version, expires, signers: keys, policy }) : bundle.targets;
  const snapshot = random.chance(0.8)
    ? signSnapshot({ version, expires, signers: keys, targets, targetsVersion: readVersion(targets) })
    : bundle.snapshot;
  const snapshotVersion = readVersion(snapshot);
  const timestamp = signTimestamp({ version: 900, expires, signers: keys, snapshot, snapshotVersion, issued: now });
  return toTrustBundleBytes({ ...bundle, policy, targets, snapshot, timestamp });
}

/** The next root, naming keys of the red team, signed by every key it has; with a whole bundle of its own behind it. */
function toOwnRoot({ random, bundles, roots, keys, now }: TrustArsenal): Uint8Array {
  const bundle = random.pick(bundles);
  const expires = now + 365 * DAY_S;
  const own = { keys, threshold: 1 };
  const roles: Roles = { root: own, timestamp: own, snapshot: own, targets: own };
  const version = random.pick([1, 2, 3, 3, 4]);
  const root = signRoot({ version, expires, signers: keys, roles });
  const policy = toThiefsPolicy(bundle.policy, keys, random);
  const targets = signTargets({ version: 1, expires, signers: keys, policy });
  const snapshot = signSnapshot({ version: 1, expires, signers: keys, targets, targetsVersion: 1 });
  const timestamp = signTimestamp({ version: 1, expires, signers: keys, snapshot, snapshotVersion: 1, issued: now });
  const chain = random.pick([[root], [...roots, root], [root, ...roots], [...roots.slice(0, 1), root]]);
  return toTrustBundleBytes({ roots: chain, timestamp, snapshot, targets, policy });
}

/** One file with a member changed, its signatures kept or made anew by every key. */
function toChangedFile({ random, bundles, keys }: TrustArsenal): Uint8Array {
  const bundle = random.pick(bundles);
  const file = random.pick(["root", "timestamp", "snapshot", "targets"] as const);
  const bytes = file === "root" ? (bundle.roots[0] ?? NONE) : bundle[file];
  const { signed, signatures } = readJson(bytes) as { signed: Record<string, unknown>; signatures: object[] };
  const changes: readonly object[] = [
    { version: random.pick([0, 2, 3, -1, 1e30, "1", 0xffff_ffff]) },
    { expires: random.pick(["2099-01-01T00:00:00Z", "soon", 0]) },
    { _type: random.pick(["root", "timestamp", "snapshot", "targets", "mirrors"]) },
    { spec_version: random.pick(["2.0.0", "", 1]) },
    { roles: {}, keys: {} },
    { meta: { "snapshot.json": { version: 1 }, "targets.json": { version: 1 }, "../../etc/passwd": { version: 1 } } },
    { targets: { "policy.json": { length: 1, hashes: { sha256: "00" } }, "../policy.json": {} } },
    { more: "x".repeat(random.pick([1, 40_000])) },
  ];
  const changed = { ...signed, ...random.pick(changes) };
  const type = file;
  const again = random.chance(0.5)
    ? sign(type, { version: 1, expires: 4_000_000_000, signers: keys }, changed)
    : toUtf8(
        JSON.stringify({ signed: changed, signatures: random.pick([signatures, [], [...signatures, ...signatures]]) }),
      );
  return toTrustBundleBytes(
    file === "root" ? { ...bundle, roots: [again, ...bundle.roots.slice(1)] } : { ...bundle, [file]: again },
  );
}

function toThiefsPolicy(genuine: Uint8Array, keys: readonly KeyObject[], random: Random): Uint8Array {
  const policy = readJson(genuine) as {
    persons: { id: string; keys: object[] }[];
    thresholds: object;
    version: number;
  };
  const toEntry = (key: KeyObject) => ({
    algorithm: "ed25519",
    public: Buffer.from(toPublicKey(key).raw).toString("hex"),
  });
  const [first, second] = keys.slice(-2).map(toEntry);
  const roles = ["maker", "checker", "parameters", "log"];
  const changes: readonly object[] = [
    { persons: [...policy.persons, { id: "mallory", name: "贼", keys: [first], roles }] },
    {
      persons: [
        { id: "mallory", name: "贼", keys: [first], roles },
        { id: "trudy", name: "盗", keys: [second], roles },
      ],
    },
    { persons: policy.persons.map((person) => ({ ...person, keys: [...person.keys, first] })) },
    { thresholds: { binding: ["parameters"], merchant: ["parameters"], parameters: ["parameters"] } },
    { thresholds: { binding: [], merchant: [], parameters: [] } },
  ];
  return toUtf8(JSON.stringify({ ...policy, version: random.pick([policy.version, 9]), ...random.pick(changes) }));
}

/** Version that a metadata file says it is. */
export function readVersion(bytes: Uint8Array): number {
  const { signed } = readJson(bytes) as { signed: { version: number } };
  return signed.version;
}

/** Versions of everything in a bundle. */
export function readVersions({ timestamp, snapshot, targets, policy }: TrustBundle): TrustVersions {
  return {
    timestamp: readVersion(timestamp),
    snapshot: readVersion(snapshot),
    targets: readVersion(targets),
    policy: (readJson(policy) as { version: number }).version,
  };
}

function readJson(bytes: Uint8Array): unknown {
  return JSON.parse(Buffer.from(bytes).toString("utf8"));
}
