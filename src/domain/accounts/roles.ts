/**
 * What an account or API key is there for; each has exactly one, so that nobody both asks for a change and decides it.
 * `operator` works with terminals and changes. `checker` looks over what others ask for; his approval itself is a
 * signature (tillsync-sign), never a click. `agent` is a sales agent: he asks for changes of his own merchants.
 * `auditor` reads everything and changes nothing. `administrator` cares for accounts, and has no part in any change.
 */
export const ROLES = ["operator", "checker", "agent", "auditor", "administrator"] as const;
export type Role = (typeof ROLES)[number];

/** Roles that a program may have. To decide, and to give others rights, takes a person with a second factor. */
export const KEY_ROLES = ["operator", "agent", "auditor"] as const satisfies readonly Role[];
export type KeyRole = (typeof KEY_ROLES)[number];
