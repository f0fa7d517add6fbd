import type { Rate } from "../rate-limit.ts";

/** Questions of one address (IPv6: of one /64) on the public page, and of all together. */
export const PUBLIC_RATE: Rate = { burst: 10, perMinute: 20 };
export const PUBLIC_RATE_IN_ALL: Rate = { burst: 300, perMinute: 3_000 };
/** Wrong keys from one address: after the burst no key is looked at, for a few minutes each. */
export const WRONG_KEY_RATE: Rate = { burst: 10, perMinute: 1 / 3 };
/** Look-ups of one auditor; each costs an entry in the ledger. */
export const AUDITOR_RATE: Rate = { burst: 120, perMinute: 240 };

/** Of one request for many checks. */
export const MAX_CHECK_LINES = 10_000;
export const MAX_CHECK_BYTES = 1_048_576;
/** How many single look-ups such a request counts for. */
export const CHECKS_COST = 20;
/** The public page's form: 128 characters, of three bytes each, each of them escaped. */
export const MAX_FORM_BYTES = 1_536;
