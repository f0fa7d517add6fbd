import type { Actor } from "./actor.ts";
import type { Role } from "./roles.ts";

/**
 * Who may do what (PCI DSS 7.2.5, 7.3.3): a right that is not listed for a role is not given. `read` changes
 * nothing. What an agent has, and any key with a scope, is good for merchants in scope alone: see `isInScope`.
 */
export const RIGHTS = {
  "terminals.read": ["operator", "checker", "auditor"],
  /** Import; suspend, resume, retire, replace, revoke; tokens; release from quarantine. */
  "terminals.act": ["operator"],
  "merchants.read": ["operator", "checker", "agent", "auditor"],
  /** With their attachments, previews, cut-overs and receipts. */
  "changes.read": ["operator", "checker", "agent", "auditor"],
  /** Draft, amend, attach, submit, withdraw. */
  "changes.propose": ["operator", "agent"],
  /** Reject and comment; to approve is a signature. */
  "changes.decide": ["checker"],
  /** Put an approved change on its way, and do what it waits for: steps of a manual cut-over, follow-up tasks. */
  "changes.release": ["operator"],
  "releases.read": ["operator", "checker", "auditor"],
  "releases.build": ["operator"],
  /** Publish what approvers have signed. */
  "releases.publish": ["operator"],
  "ledger.read": ["operator", "checker", "auditor"],
  /** Who logged in from where, who failed, who changed what of accounts. */
  "audit.read": ["auditor", "administrator"],
  "accounts.read": ["auditor", "administrator"],
  "accounts.write": ["administrator"],
  "policies.read": ["operator", "checker", "auditor", "administrator"],
  /** Whoever is bound by a policy does not make it. */
  "policies.write": ["administrator"],
  "notices.read": ["operator", "checker", "auditor"],
  /** Send again what was given up. */
  "notices.write": ["operator"],
  "reviews.read": ["operator", "checker", "auditor"],
  /** Note that a review was done. */
  "reviews.write": ["operator"],
  /** His own account: who am I, log out, password, second factor. All that is left to a new account. */
  "account.own": ["operator", "checker", "agent", "auditor", "administrator"],
} as const satisfies Readonly<Record<string, readonly Role[]>>;

export type Right = keyof typeof RIGHTS;

/** All rights, in the table's order. */
export const RIGHT_NAMES = Object.keys(RIGHTS) as readonly Right[];

const OWN: Right = "account.own";

/** Default deny. It says nothing of which merchant is concerned: `isInScope` does. */
export function isAllowed(actor: Actor, right: Right): boolean {
  if (right === OWN) return actor.via === "session" && hasRight(actor.role, right);
  return !actor.isNew && hasRight(actor.role, right);
}

/** What the table says of a role. */
export function hasRight(role: Role, right: Right): boolean {
  const roles: readonly Role[] = RIGHTS[right];
  return roles.includes(role);
}
