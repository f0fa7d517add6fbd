import { TillsyncError } from "../../proto/errors.ts";
import type { RoleName } from "../trust/metadata.ts";
import { isSameHolders } from "./holders.ts";
import type { OfflineTrust } from "./offline-trust.ts";

/** Nobody alone may say who approves: the least threshold of root, targets and snapshot. */
export const LEAST_HOLDERS = 2;
/** Keys of one role. With these and a policy of any size, all files together still fit one message. */
export const MAX_HOLDERS = 10;

const OFFLINE_ROLES = ["root", "targets", "snapshot"] as const satisfies readonly RoleName[];

/**
 * The roles of a root that people may sign: nobody alone decides, the key that signs timestamps does nothing else, and
 * whoever signs the targets signs the snapshot.
 *
 * @throws TillsyncError POLICY_TOO_WEAK, TRUST_INVALID
 */
export function verifyRoot({ root, policy }: OfflineTrust): void {
  const { roles } = root;
  for (const name of OFFLINE_ROLES) {
    if (roles[name].threshold < LEAST_HOLDERS) throw new TillsyncError("POLICY_TOO_WEAK", { role: name });
    if (roles[name].keys.length > MAX_HOLDERS) throw new TillsyncError("TRUST_INVALID", { what: `root.roles.${name}` });
  }
  if (!isSameHolders(roles.snapshot, roles.targets)) {
    throw new TillsyncError("TRUST_INVALID", { what: "root.roles.snapshot" });
  }
  const [online, ...others] = roles.timestamp.keys;
  if (online === undefined || others.length > 0) {
    throw new TillsyncError("TRUST_INVALID", { what: "root.roles.timestamp" });
  }
  const offline = OFFLINE_ROLES.flatMap((name) => roles[name].keys);
  const approving = policy.persons.flatMap(({ keys }) => keys);
  if ([...offline, ...approving].some(({ id }) => id === online.id)) {
    throw new TillsyncError("POLICY_TOO_WEAK", { key: "the online key has another part" });
  }
}
