import { parseMetadata } from "../../../certs/trust/metadata.ts";
import type { TrustBundle } from "../../../proto/trust-bundle.ts";

/** People need this long to meet and sign: from here on it is warned of. */
export const WARN_BEFORE_S = 30 * 86_400;

/** A file that people sign and that ends soon, or has ended. `expires` in seconds. */
export interface Expiring {
  readonly file: "root" | "targets" | "snapshot";
  readonly expires: number;
}

/** What `tillsync trust renew` should be run for by now. */
export function findExpiring(bundle: TrustBundle, now: number): readonly Expiring[] {
  const root = bundle.roots.at(-1);
  const files = [
    ...(root === undefined ? [] : [["root", root] as const]),
    ["targets", bundle.targets] as const,
    ["snapshot", bundle.snapshot] as const,
  ];
  return files
    .map(([file, bytes]) => ({ file, expires: parseMetadata(file, bytes).expires }))
    .filter(({ expires }) => expires - now <= WARN_BEFORE_S);
}
