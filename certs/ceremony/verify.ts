import { isEqual } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { OFFLINE_VALIDITY_S } from "../trust/create.ts";
import { parseMetadata, toRoleKeys, verifyRole } from "../trust/metadata.ts";
import { type Ceremony, OFFLINE_FILES, type OfflineFiles } from "./ceremony.ts";
import { type OfflineTrust, parseNextPolicy, parseNextRoot, verifyOfflineTrust } from "./offline-trust.ts";
import { verifyRoot } from "./rules.ts";

/** Clocks of the machines that a ceremony passes may differ by this much, and it may take this long. */
const VALIDITY_SLACK_S = 31 * 86_400;

/** What a ceremony would make of the trust there is. */
export interface CeremonyView {
  readonly reason: string;
  /** Undefined where there is no trust yet. */
  readonly before: OfflineTrust | undefined;
  /** Everything as it shall be, what stays included. */
  readonly after: OfflineTrust;
  /** Whether a root is to be signed. */
  readonly changesRoot: boolean;
  /** Whether targets, snapshot and policy are. */
  readonly changesPolicy: boolean;
}

/**
 * Everything that must hold before anyone signs: it reads whole, versions go up by one, the next root can be left again,
 * nothing is weaker than what is built in. Signatures of the next files are not judged: see `toMissing`.
 *
 * @param now seconds
 * @throws TillsyncError TRUST_INVALID, TRUST_UNSIGNED, TRUST_EXPIRED, POLICY_TOO_WEAK, KEY_INVALID, BYTES_TOO_LARGE,
 *   BYTES_NOT_CANONICAL
 */
export function verifyCeremony(ceremony: Ceremony, now: number): CeremonyView {
  const { reason, present, next } = ceremony;
  const before = present === undefined ? undefined : verifyOfflineTrust(present);
  const root = next.root === undefined ? undefined : parseNextRoot(next.root);
  const policy = toPolicyFiles(next);
  const content = policy === undefined ? undefined : parseNextPolicy(policy);
  const after = { ...before, ...(root === undefined ? {} : { root }), ...content } as OfflineTrust;
  if ((root ?? content) === undefined) throw new TillsyncError("TRUST_INVALID", { what: "nothing changes" });
  if (before === undefined && (root === undefined || content === undefined)) {
    throw new TillsyncError("TRUST_INVALID", { what: "ceremony.next" });
  }
  if (root !== undefined) verifyNext(root, before?.root, "root", now);
  if (content !== undefined && policy !== undefined) {
    verifyNext(content.targets, before?.targets, "targets", now);
    verifyNext(content.snapshot, before?.snapshot, "snapshot", now);
    const isSame = present !== undefined && isEqual(present.policy, policy.policy);
    verifyVersion(content.policy.version, (before?.policy.version ?? 0) + (isSame ? 0 : 1), "policy");
  }
  verifyRoot(after);
  if (content === undefined) verifyStillSigned(toAfter(ceremony));
  return { reason, before, after, changesRoot: root !== undefined, changesPolicy: content !== undefined };
}

/**
 * Whether the ceremony starts from the trust that this machine has verified itself: a file's word is not taken for it.
 *
 * @param held the newest files of this machine; undefined where it has none
 * @throws TillsyncError STATE_CONFLICT
 */
export function verifyBase(ceremony: Ceremony, held: OfflineFiles | undefined): void {
  const { present } = ceremony;
  const differing = OFFLINE_FILES.find((file) => {
    const [a, b] = [present?.[file], held?.[file]];
    return a === undefined || b === undefined ? a !== b : !isEqual(a, b);
  });
  if (differing !== undefined) throw new TillsyncError("STATE_CONFLICT", { trust: differing });
}

/** All files as they shall be; those of `next` may lack signatures. */
export function toAfter({ present, next }: Ceremony): OfflineFiles {
  return { ...present, ...next } as OfflineFiles;
}

function toPolicyFiles({ targets, snapshot, policy }: Ceremony["next"]): Omit<OfflineFiles, "root"> | undefined {
  if (targets !== undefined && snapshot !== undefined && policy !== undefined) return { targets, snapshot, policy };
  if ((targets ?? snapshot ?? policy) !== undefined)
    throw new TillsyncError("TRUST_INVALID", { what: "ceremony.next" });
  return undefined;
}

interface Issued {
  readonly version: number;
  readonly expires: number;
}

function verifyNext(next: Issued, before: Issued | undefined, what: string, now: number): void {
  verifyVersion(next.version, (before?.version ?? 0) + 1, what);
  if (next.expires <= now) throw new TillsyncError("TRUST_EXPIRED", { what });
  if (next.expires > now + OFFLINE_VALIDITY_S + VALIDITY_SLACK_S) {
    throw new TillsyncError("TRUST_INVALID", { what: `${what}.expires` });
  }
}

function verifyVersion(version: number, expected: number, what: string): void {
  if (version !== expected) throw new TillsyncError("TRUST_INVALID", { what: `${what} version`, version, expected });
}

/** Where the policy stays, its signatures must be enough under the next root too. */
function verifyStillSigned(files: OfflineFiles): void {
  const root = parseMetadata("root", files.root);
  verifyRole(parseMetadata("targets", files.targets), toRoleKeys(root, "targets"));
  verifyRole(parseMetadata("snapshot", files.snapshot), toRoleKeys(root, "snapshot"));
}
