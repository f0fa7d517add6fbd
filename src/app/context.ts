import type { IdentityPolicy } from "../domain/verdict.ts";
import type { Log } from "../log.ts";
import type { Store } from "../store/store.ts";

/** What every application service works with; the composition root makes one. */
export interface Context {
  readonly store: Store;
  /** The present in whole seconds. */
  now(): number;
  /** Bytes from a cryptographically secure source. */
  randomBytes(size: number): Uint8Array;
  readonly log: Log;
  /** What this installation demands of terminals' identities. */
  readonly identity: IdentityPolicy;
}
