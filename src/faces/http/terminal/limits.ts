import { POLLING_LIMITS } from "../../../../broker/polling/limits.ts";
import type { Rate } from "../rate-limit.ts";

/** Connections at once: one of each terminal that polls, and those that come anew. */
export const MAX_SOCKETS = POLLING_LIMITS.terminals + 1_000;
/** From one address: many terminals may share one. */
export const MAX_SOCKETS_PER_ADDRESS = 2_000;
/** Of one terminal: the one that it uses, and one that it has given up without saying so. */
export const MAX_SOCKETS_PER_TERMINAL = 2;
/** A whole request has to be there within this: what terminals send is small. */
export const REQUEST_MS = 12_000;
/** Between two requests, above the time that a terminal is asked to wait: a handshake costs more than a poll. */
export const KEEP_ALIVE_MS = 60_000;

/** Requests of one terminal: at work about one in two seconds. */
export const TERMINAL_RATE: Rate = { burst: 60, perMinute: 60 };
/** When a message that was not stored is to come again, in seconds. */
export const NOT_STORED_S = 5;
