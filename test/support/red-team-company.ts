import type { KeyObject } from "node:crypto";
import { sign as signBytes } from "node:crypto";
import { type ApproverKey, toPublicKey } from "../../certs/keys.ts";
import { ALLOWED, DEFAULT_CAPS, type Person, type Policy, type Role, toPolicyBytes } from "../../certs/trust/policy.ts";
import { parseDelivery, type ReleaseFile, toDeliveryBytes } from "../../proto/delivery.ts";
import { toPreAuthEncoding } from "../../proto/dsse.ts";
import { toInclusionPath, toLeafHash, toTree } from "../../proto/tree.ts";
import type { TrustBundle } from "../../proto/trust-bundle.ts";
import { Register, type Rules } from "./red-team-oracle.ts";
import { type Random, toKey } from "./red-team-random.ts";
import { type Roles, signRoot, signSnapshot, signTargets, signTimestamp } from "./red-team-trust.ts";
import { type ReleaseRequest, toDeliveries } from "./release.ts";

const DAY_S = 86_400;
const YEAR_S = 365 * DAY_S;
/** The people of the company; the third left, and the newer policy does not name her. */
export const PEOPLE = ["li.mei", "wang.jun", "zhao.lei"] as const;
export type PersonId = (typeof PEOPLE)[number];
const ROLES: Readonly<Record<PersonId, readonly Role[]>> = {
  "li.mei": ["maker", "parameters"],
  "wang.jun": ["checker"],
  "zhao.lei": ["checker"],
};

/** Two generations of root and policy: the second root has another online key, the second policy one person less. */
export type Generation = 1 | 2;

/**
 * A company whose approvers' and root holders' keys are on no server, and all that it signed. What a red team may have
 * of it is `onlineKeys` and whatever was sent anywhere; the closures keep the rest.
 */
export interface Company {
  readonly register: Register;
  readonly roots: readonly [first: Uint8Array, second: Uint8Array];
  /** Every key that was ever on a server. */
  readonly onlineKeys: readonly [first: KeyObject, second: KeyObject];
  readonly policies: readonly [first: Uint8Array, second: Uint8Array];
  readonly publicKeys: Readonly<Record<PersonId, ApproverKey>>;
  /** Raw private keys that must be nowhere among what the red team got. */
  readonly secrets: readonly Uint8Array[];
  rules(policy: Uint8Array): Rules;
  /** Trust metadata as the service sends it, under a timestamp of this version, signed at `now`. */
  bundle(generation: Generation, timestampVersion: number, now: number): TrustBundle;
  /** A release that these people sign; of so many of its directives that a red team need know. */
  approve(
    request: Omit<ReleaseRequest, "signers">,
    signers: readonly PersonId[],
    known?: number,
  ): readonly ReturnType<Register["add"]>[];
  /** Puts a release that was built and signed elsewhere on the register. */
  registerFile(file: ReleaseFile, signers: readonly PersonId[]): void;
  keysOf(signers: readonly PersonId[]): readonly KeyObject[];
  /** Signatures by all people over any bytes, of any type but that of approvals: what a server can talk them into. */
  signOther(type: string, bytes: Uint8Array): readonly Uint8Array[];
}

export function createCompany(random: Random, now: number): Company {
  const make = () => {
    const seed = random.bytes(32);
    return { seed, key: toKey(seed) };
  };
  const people = { "li.mei": make(), "wang.jun": make(), "zhao.lei": make() };
  const holders = [make(), make(), make()];
  const online = [make(), make()] as const;
  const offline = holders.map(({ key }) => key);
  const publicKeys = {
    "li.mei": toPublicKey(people["li.mei"].key),
    "wang.jun": toPublicKey(people["wang.jun"].key),
    "zhao.lei": toPublicKey(people["zhao.lei"].key),
  };
  const toPolicy = (version: number, ids: readonly PersonId[]): Policy => ({
    version,
    persons: ids.map((id): Person => ({ id, name: id, keys: [publicKeys[id]], roles: ROLES[id] })),
    thresholds: { binding: ["maker", "checker"], merchant: ["maker", "checker"], parameters: ["parameters"] },
    caps: DEFAULT_CAPS,
    ...ALLOWED,
  });
  const policies = [toPolicyBytes(toPolicy(1, PEOPLE)), toPolicyBytes(toPolicy(2, ["li.mei", "wang.jun"]))] as const;
  const expires = now + YEAR_S;
  const toRoles = (timestamp: KeyObject): Roles => ({
    root: { keys: offline, threshold: 2 },
    targets: { keys: offline, threshold: 2 },
    snapshot: { keys: offline, threshold: 2 },
    timestamp: { keys: [timestamp], threshold: 1 },
  });
  const signers = offline.slice(0, 2);
  const roots = [
    signRoot({ version: 1, expires, signers, roles: toRoles(online[0].key) }),
    signRoot({ version: 2, expires, signers, roles: toRoles(online[1].key) }),
  ] as const;
  const targets = policies.map((policy, at) => signTargets({ version: at + 1, expires, signers, policy }));
  const snapshots = targets.map((bytes, at) =>
    signSnapshot({ version: at + 1, expires, signers, targets: bytes, targetsVersion: at + 1 }),
  );
  const register = new Register();

  return {
    register,
    roots,
    onlineKeys: [online[0].key, online[1].key],
    policies,
    publicKeys,
    secrets: [...Object.values(people), ...holders].map(({ seed }) => seed),
    rules: (policy) => ({
      makers: ["li.mei"],
      checkers: Buffer.compare(policy, policies[0]) === 0 ? ["wang.jun", "zhao.lei"] : ["wang.jun"],
      parameters: ["li.mei"],
      cardChangesPerDay: DEFAULT_CAPS.cardChangesPerDay,
      directivesPerBindingRelease: DEFAULT_CAPS.directivesPerBindingRelease,
    }),
    bundle: (generation, version, at) => {
      const snapshot = snapshots[generation - 1] as Uint8Array;
      const timestamp = signTimestamp({
        ...{ version, issued: at, expires: at + DAY_S, signers: [online[generation - 1]?.key as KeyObject] },
        ...{ snapshot, snapshotVersion: generation },
      });
      return {
        roots: roots.slice(0, generation),
        timestamp,
        snapshot,
        targets: targets[generation - 1] as Uint8Array,
        policy: policies[generation - 1] as Uint8Array,
      };
    },
    approve: (request, ids, known) => {
      // Nothing of chance but what the seed gives.
      const directives = request.directives.map((directive) => ({ ...directive, salt: random.bytes(16) }));
      const statement = { ...request.statement, releaseId: random.bytes(16) };
      const deliveries = toDeliveries({ ...request, directives, statement, signers: ids.map((id) => people[id].key) });
      return deliveries
        .slice(0, known)
        .map((bytes) => register.add(toDeliveryBytes({ ...parseDelivery(bytes), nonce: random.bytes(16) }), ids));
    },
    registerFile: (file, ids) => {
      const tree = toTree(file.directives.map(toLeafHash));
      for (const [index, directive] of file.directives.entries()) {
        const { statement, signatures } = file;
        const path = toInclusionPath(tree, index);
        const rest = { nonce: random.bytes(16), sealed: new Uint8Array(0) };
        register.add(toDeliveryBytes({ statement, signatures, index, path, directive, ...rest }), ids);
      }
    },
    keysOf: (ids) => ids.map((id) => people[id].key),
    signOther: (type, bytes) => {
      if (type.includes("statement")) throw new Error("that would be an approval");
      return PEOPLE.map((id) => signBytes(null, toPreAuthEncoding(type, bytes), people[id].key));
    },
  };
}
