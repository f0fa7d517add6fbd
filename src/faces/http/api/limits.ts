import { MAX_ATTACHMENT_BYTES } from "../../../app/changes/attachments.ts";
import type { Rate } from "../rate-limit.ts";

/** Where the API listens unless told otherwise. */
export const DEFAULT_API_PORT = 8_887;

/** Connections from one address: the office and the channels behind it, each stream holds one. */
export const MAX_SOCKETS_PER_ADDRESS = 64;
/** A whole request has to be there within this: a release file of 64 MiB needs 5 Mbit/s. */
export const REQUEST_MS = 120_000;

/** Bodies in JSON, of strangers (who log in) and of others. */
export const MAX_LOGIN_BYTES = 4_096;
export const MAX_JSON_BYTES = 65_536;
/** Objects and lists within each other. */
export const MAX_JSON_DEPTH = 12;
export const MAX_UPLOAD_BYTES = MAX_ATTACHMENT_BYTES;
/** A table of BINs: all the BINs of the mainland are a few thousand lines. */
export const MAX_BIN_FILE_BYTES = 8 * 1_024 * 1_024;
/** Bodies and answers of more than MAX_JSON_BYTES at once, of all and of one account. */
export const MAX_LARGE = 6;
export const MAX_LARGE_OF_ONE = 2;

/** Questions to acquirers under way at once, of all and of one account: each holds a connection until it is answered. */
export const MAX_OUTSIDE = 6;
export const MAX_OUTSIDE_OF_ONE = 2;

/** Items of one page. */
export const MAX_PAGE = 200;
export const DEFAULT_PAGE = 50;

/** How much may be asked: from one address (IPv6: from one /64), by one account, and logins from one address. */
export interface Rates {
  readonly address: Rate;
  readonly account: Rate;
  readonly login: Rate;
}
export const RATES: Rates = {
  address: { burst: 300, perMinute: 900 },
  account: { burst: 120, perMinute: 300 },
  login: { burst: 10, perMinute: 5 },
};

/** How long the answer to an idempotency key is kept. */
export const KEPT_S = 86_400;
/**
 * How long a request counts as under way. Above every time-out: whoever has not ended by then is taken to be gone, and a
 * repetition is carried out anew.
 */
export const LEASE_S = 300;
/** When to come again while it is, at the most: hardly any takes that long. */
export const UNDER_WAY_S = 5;
/** Keys of one account that are kept at once. */
export const MAX_KEPT = 10_000;

/** Streams of events at once, of all and of one account. */
export const MAX_STREAMS = 100;
export const MAX_STREAMS_OF_ONE = 4;
/** How often the database is asked for events. */
export const POLL_MS = 1_000;
/** Looks after which something is sent in any case, and whoever has not taken what was sent before is cut. */
export const LOOKS_PER_HEARTBEAT = 15;
/** Looks after which a stream ends: whoever watches comes again, with the rights that he has by then. */
export const LOOKS_PER_STREAM = 300;
/** Events that are written at once. */
export const MAX_EVENTS_AT_ONCE = 100;
