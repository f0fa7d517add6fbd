import { TillsyncError } from "../../proto/errors.ts";
import type { ApproverKey } from "../keys.ts";
import type { RoleHolders, RootContent } from "../trust/create.ts";

/** Who holds which role. Targets and snapshot have the same holders; the online key signs timestamps only. */
export interface Holders {
  readonly root: RoleHolders;
  readonly targets: RoleHolders;
  readonly online: ApproverKey;
}

/** Who holds which role of a root. @throws TillsyncError TRUST_INVALID where nobody signs timestamps */
export function toHolders({ roles }: RootContent): Holders {
  const [online] = roles.timestamp.keys;
  if (online === undefined) throw new TillsyncError("TRUST_INVALID", { what: "root.roles.timestamp" });
  return { root: roles.root, targets: roles.targets, online };
}

/** Whether two roles have the same keys and threshold. */
export function isSameHolders(a: RoleHolders, b: RoleHolders): boolean {
  return toText(a) === toText(b);
}

function toText({ keys, threshold }: RoleHolders): string {
  return [threshold, ...keys.map(({ id }) => id).sort()].join();
}
