import type { Role } from "./roles.ts";

/** Whoever a request comes from, as far as it matters to what he may do. */
export interface Actor {
  /** As the ledger tells it: an account's name, or `key:` and the name of an API key. */
  readonly name: string;
  readonly role: Role;
  /** Numbers of the merchants that he may meet; undefined where he may meet all, which no agent may. */
  readonly merchants: ReadonlySet<string> | undefined;
  readonly via: "session" | "key";
  /** Id of the same human being in the trust policy; empty where he signs nothing. */
  readonly person: string;
  /** Has yet to choose a password or to set the second factor, and may do nothing else until then. */
  readonly isNew: boolean;
}

/**
 * Whether the actor may meet anything of this merchant. Where not, it is as if there were no such merchant: NOT_FOUND.
 */
export function isInScope(actor: Pick<Actor, "role" | "merchants">, merchantNumber: string): boolean {
  if (actor.merchants === undefined) return actor.role !== "agent";
  return actor.merchants.has(merchantNumber);
}
