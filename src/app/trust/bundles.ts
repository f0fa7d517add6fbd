import { MAX_BUNDLE_ROOTS, MAX_TRUST_BUNDLE_BYTES } from "../../../proto/bounds.ts";
import { type TrustBundle, toTrustBundleBytes } from "../../../proto/trust-bundle.ts";

const NONE = new Uint8Array(0);
const ROOTS_ONLY = { timestamp: NONE, snapshot: NONE, targets: NONE, policy: NONE };

/**
 * Parts the roots, oldest first, over messages that terminals can take, the last of which has the other files too. As
 * few messages as that takes.
 */
export function toBundles(roots: readonly Uint8Array[], files: TrustBundle): readonly TrustBundle[] {
  const bundles: TrustBundle[] = [];
  let rest: readonly Uint8Array[] = roots;
  while (!fits({ ...files, roots: rest })) {
    const taken = takeFitting(rest);
    bundles.push({ ...ROOTS_ONLY, roots: taken });
    rest = rest.slice(taken.length);
  }
  return [...bundles, { ...files, roots: rest }];
}

/** As many as one message of roots holds, one at least. */
function takeFitting(roots: readonly Uint8Array[]): readonly Uint8Array[] {
  let taken = roots.slice(0, 1);
  while (taken.length < roots.length) {
    const more = roots.slice(0, taken.length + 1);
    if (!fits({ ...ROOTS_ONLY, roots: more })) break;
    taken = more;
  }
  return taken;
}

function fits(bundle: TrustBundle): boolean {
  if (bundle.roots.length === 0) return true;
  return bundle.roots.length <= MAX_BUNDLE_ROOTS && toTrustBundleBytes(bundle).length <= MAX_TRUST_BUNDLE_BYTES;
}
