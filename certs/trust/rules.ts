import { MAX_TRUST_FILE_BYTES } from "../../proto/bounds.ts";
import type { Scheme } from "./schemes.ts";

/** What a reader of metadata takes. Everything under a root is read by the rules that the root was read by. */
export interface Rules {
  readonly schemes: readonly Scheme[];
  /** Largest file of each role, in bytes. */
  readonly bytes: Readonly<Record<"root" | "timestamp" | "snapshot" | "targets", number>>;
  /**
   * Whether a root is refused that gives a role fewer keys than its threshold. By the specification it may be followed,
   * and that role then never verifies.
   */
  readonly demandsSignableRoles: boolean;
}

/** Metadata of Tillsync's own making, as terminals and approvers read it. */
export const OWN: Rules = {
  schemes: ["ed25519"],
  bytes: {
    root: MAX_TRUST_FILE_BYTES,
    timestamp: MAX_TRUST_FILE_BYTES,
    snapshot: MAX_TRUST_FILE_BYTES,
    targets: MAX_TRUST_FILE_BYTES,
  },
  demandsSignableRoles: true,
};

/** Metadata of any repository: as wide as the specification. */
export const ANY: Rules = {
  schemes: ["ed25519", "ecdsa-sha2-nistp256", "rsassa-pss-sha256"],
  bytes: { root: 524_288, timestamp: 16_384, snapshot: 2_097_152, targets: 5_242_880 },
  demandsSignableRoles: false,
};
