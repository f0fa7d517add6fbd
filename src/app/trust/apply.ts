import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type Ceremony, OFFLINE_FILES, type OfflineFiles, parseCeremony } from "../../../certs/ceremony/ceremony.ts";
import { completeCeremony, toMissing } from "../../../certs/ceremony/complete.ts";
import { type Emergency, findEmergencies } from "../../../certs/ceremony/emergency.ts";
import { type CeremonyView, verifyBase, verifyCeremony } from "../../../certs/ceremony/verify.ts";
import { toPrivateKeyPem } from "../../../certs/keys.ts";
import { toCanonicalBytes } from "../../../certs/trust/json.ts";
import { parseMetadata } from "../../../certs/trust/metadata.ts";
import { verifyRoots } from "../../../certs/trust/roots.ts";
import { type Trust, type TrustVersions, verifyTrust } from "../../../certs/trust/verify.ts";
import { concat, isEqual, toDigest } from "../../../proto/bytes.ts";
import { TRUST_FILES, type TrustBundle } from "../../../proto/trust-bundle.ts";
import { appendEntries } from "../../store/ledger.ts";
import { transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { toEntry } from "../ledger-entries.ts";
import { finishCommit, type NewFile, runSteps, toCommitSteps } from "./commit.ts";
import { toSignedBundle } from "./install.ts";
import { withLock } from "./lock.ts";
import { findOnlineKey, NEXT_ONLINE_KEY_FILE, ONLINE_KEY_FILE, SECRET_MODE, toOnlineKeyOf } from "./online-key.ts";
import { type HeldTrust, readHeldTrust, toRootFile } from "./read-folder.ts";

const PUBLIC_MODE = 0o644;
const SUBJECT = "trust";
/** Hexadecimal digits of a key's id that an entry tells. */
const KEY_ID_DIGITS = 12;

export interface AppliedCeremony {
  readonly rootVersion: number;
  readonly versions: TrustVersions;
  readonly emergencies: readonly Emergency[];
  /** It was in force before: nothing was done. */
  readonly already: boolean;
}

/**
 * Puts a ceremony in force that everybody has signed: verifies it whole against the trust there is, tells the ledger,
 * then changes the folder in one go, with a fresh timestamp. The entry comes first, so that no change is without one; a
 * power cut between the two leaves an entry to be repeated when the ceremony is applied again.
 *
 * @throws TillsyncError STATE_CONFLICT where the ceremony starts from other trust; TRUST_UNSIGNED, TRUST_EXPIRED,
 *   KEY_INVALID where the service has not the online key that the root names; whatever `parseCeremony`, `completeCeremony`
 *   and `verifyTrust` throw
 */
export async function applyCeremony(context: Context, folder: string, bytes: Uint8Array): Promise<AppliedCeremony> {
  return await withLock(folder, async () => {
    await finishCommit(folder);
    const now = context.now();
    const held = await readHeldTrust(folder);
    const ceremony = parseCeremony(bytes);
    const view = verifyCeremony(ceremony, now);
    if (isInForce(ceremony, held)) return toApplied(held.trust, [], true);
    verifyBase(ceremony, toOfflineFiles(held));
    const files = completeCeremony(ceremony, now);
    const { bundle, newFiles } = await prepare(folder, held, files, now);
    const trust = verifyTrust(held.trust.root, bundle, held.trust.versions);
    const emergencies = findEmergencies(view);
    await note(context, { ceremony, view, trust, emergencies, digest: toDigest(concat(files.root, files.policy)) });
    await runSteps(folder, toCommitSteps(newFiles));
    await forgetNextKey(folder, newFiles);
    return toApplied(trust, emergencies, false);
  });
}

/** What of the folder people have signed. */
export function toOfflineFiles({ trust, bundle }: HeldTrust): OfflineFiles {
  const { targets, snapshot, policy } = bundle;
  return { root: trust.root, targets, snapshot, policy };
}

/** The bundle to verify, and everything that changes in the folder. */
async function prepare(
  folder: string,
  held: HeldTrust,
  files: OfflineFiles,
  now: number,
): Promise<{ readonly bundle: TrustBundle; readonly newFiles: readonly NewFile[] }> {
  const { metadata, changed } = verifyRoots(held.trust.root, [files.root]);
  const keys = [await findOnlineKey(folder), await findOnlineKey(folder, NEXT_ONLINE_KEY_FILE)];
  const onlineKey = toOnlineKeyOf(files.root, keys);
  // Under another online key versions begin anew: a thief of the old one may have driven them to the highest there is.
  const isNewLine = changed.has("timestamp") || changed.has("snapshot");
  const version = isNewLine ? 1 : held.trust.versions.timestamp + 1;
  const bundle = toSignedBundle(files, onlineKey, version, now);
  const toPublic = (name: string, content: Uint8Array): NewFile => ({ name, bytes: content, mode: PUBLIC_MODE });
  const isNewRoot = !isEqual(files.root, held.trust.root);
  return {
    bundle,
    newFiles: [
      ...(isNewRoot ? [toPublic(toRootFile(metadata.version), files.root), toPublic("root.json", files.root)] : []),
      ...TRUST_FILES.map((name) => toPublic(`${name}.json`, bundle[name])),
      ...(onlineKey === keys[0]
        ? []
        : [{ name: ONLINE_KEY_FILE, bytes: toPrivateKeyPem(onlineKey), mode: SECRET_MODE }]),
    ],
  };
}

/** The next online key has taken its place. Left where it is after a power cut, it harms nothing: it is the present one. */
async function forgetNextKey(folder: string, newFiles: readonly NewFile[]): Promise<void> {
  if (newFiles.some(({ name }) => name === ONLINE_KEY_FILE)) {
    await rm(join(folder, NEXT_ONLINE_KEY_FILE), { force: true });
  }
}

interface Noted {
  readonly ceremony: Ceremony;
  readonly view: CeremonyView;
  readonly trust: Trust;
  readonly emergencies: readonly Emergency[];
  /** Of root and policy as they are from now on. */
  readonly digest: Uint8Array;
}

async function note(context: Context, { ceremony, view, trust, emergencies, digest }: Noted): Promise<void> {
  const now = context.now();
  const detail = {
    reason: ceremony.reason,
    root: trust.rootVersion,
    targets: trust.versions.targets,
    policy: trust.versions.policy,
    persons: toPersonsText(view),
    signed: toSignersText(ceremony, now),
  };
  const entries = [
    toEntry(now, "trust.changed", SUBJECT, { digest, detail }),
    ...(emergencies.length === 0
      ? []
      : [
          toEntry(now, "alarm.trust_emergency", SUBJECT, {
            digest,
            detail: { ...detail, what: emergencies.join(" ") },
          }),
        ]),
  ];
  await transact(context.store, (tx) => appendEntries(tx, entries));
  context.log[emergencies.length === 0 ? "info" : "warn"](
    { ...detail, emergencies: emergencies.join(" ") },
    "trust changed",
  );
}

/** Who came (+), left (-) or has another key or part (*). */
function toPersonsText({ before, after }: CeremonyView): string {
  const was = new Map((before?.policy.persons ?? []).map((person) => [person.id, JSON.stringify(toFacts(person))]));
  const is = new Map(after.policy.persons.map((person) => [person.id, JSON.stringify(toFacts(person))]));
  return [
    ...[...is.keys()].filter((id) => !was.has(id)).map((id) => `+${id}`),
    ...[...was.keys()].filter((id) => !is.has(id)).map((id) => `-${id}`),
    ...[...is].filter(([id, facts]) => was.has(id) && was.get(id) !== facts).map(([id]) => `*${id}`),
  ].join(" ");
}

function toFacts({ name, keys, roles }: CeremonyView["after"]["policy"]["persons"][number]): object {
  return { name, roles, keys: keys.map(({ id }) => id) };
}

function toSignersText(ceremony: Ceremony, now: number): string {
  const signed = toMissing(ceremony, now).flatMap(({ signers }) => signers.filter((signer) => signer.signed));
  return [...new Set(signed.map(({ key }) => key.id.slice(0, KEY_ID_DIGITS)))].join(" ");
}

/** Whether the parts that the ceremony would sign anew are those in force. */
function isInForce({ next }: Ceremony, trust: HeldTrust): boolean {
  const files = toOfflineFiles(trust);
  return OFFLINE_FILES.every((file) => {
    const bytes = next[file];
    if (bytes === undefined) return true;
    if (file === "policy") return isEqual(bytes, files.policy);
    const [asked, held] = [bytes, files[file]].map((metadata) =>
      toCanonicalBytes(parseMetadata(file, metadata).signed),
    );
    return asked !== undefined && held !== undefined && isEqual(asked, held);
  });
}

function toApplied(trust: Trust, emergencies: readonly Emergency[], already: boolean): AppliedCeremony {
  return { rootVersion: trust.rootVersion, versions: trust.versions, emergencies, already };
}
