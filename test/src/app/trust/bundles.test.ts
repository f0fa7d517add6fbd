import { describe, expect, it } from "vitest";
import { MAX_BUNDLE_ROOTS, MAX_TRUST_BUNDLE_BYTES, MAX_TRUST_FILE_BYTES } from "../../../../proto/bounds.ts";
import { isRootsOnly, parseTrustBundle, type TrustBundle, toTrustBundleBytes } from "../../../../proto/trust-bundle.ts";
import { toBundles } from "../../../../src/app/trust/bundles.ts";

/** Distinct bytes of this length. */
function fill(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value);
}

function toFiles(length: number): TrustBundle {
  return { roots: [], timestamp: fill(600, 1), snapshot: fill(600, 2), targets: fill(600, 3), policy: fill(length, 4) };
}

/** What terminals would read, in order. */
function send(roots: readonly Uint8Array[], files: TrustBundle): readonly TrustBundle[] {
  return toBundles(roots, files).map((bundle) => {
    const bytes = toTrustBundleBytes(bundle);
    expect(bytes.length).toBeLessThanOrEqual(MAX_TRUST_BUNDLE_BYTES);
    return parseTrustBundle(bytes);
  });
}

describe("toBundles", () => {
  it("loses no root, keeps their order and has the other files in the last message only", () => {
    for (const [count, size, policy] of [
      [0, 0, 900],
      [1, 2_600, 900],
      [16, 2_600, 900],
      [17, 2_600, 900],
      [300, 2_600, 900],
      [40, 30_000, 30_000],
      [5, MAX_TRUST_FILE_BYTES, MAX_TRUST_FILE_BYTES - 8_000],
    ] as const) {
      const roots = Array.from({ length: count }, (_, n) => fill(size, n % 251));
      const sent = send(roots, toFiles(policy));
      expect(sent.flatMap((bundle) => bundle.roots.map((root) => root[0]))).toEqual(roots.map((root) => root[0]));
      expect(sent.map(isRootsOnly)).toEqual(sent.map((_, n) => n < sent.length - 1));
      expect(sent.every((bundle) => bundle.roots.length <= MAX_BUNDLE_ROOTS)).toBe(true);
      expect(sent.length).toBeLessThanOrEqual(1 + Math.max(count, 0));
    }
  });

  it("sends one message where one is enough", () => {
    const roots = Array.from({ length: 16 }, (_, n) => fill(3_000, n));
    expect(send(roots, toFiles(900))).toHaveLength(1);
    expect(send([...roots, fill(3_000, 16)], toFiles(900))).toHaveLength(2);
  });
});
