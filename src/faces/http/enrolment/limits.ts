import type { Rate } from "../rate-limit.ts";

/** Body of a request: a certification request of 4,096 bits is a tenth of it. */
export const MAX_BODY_BYTES = 16_384;
/** A whole request has to be there within this: what terminals send is small. */
export const REQUEST_MS = 12_000;

/** Requests from one address (IPv6: from one /64); a shop full of terminals comes from one. */
export const ADDRESS_RATE: Rate = { burst: 300, perMinute: 300 };
/** Requests for one TUSN, whether or not there is such a terminal; and renewals of one terminal. */
export const TUSN_RATE: Rate = { burst: 20, perMinute: 20 };

/** A wrong token is refused no sooner than this: how long it took tells nothing of what is on record. */
export const REFUSAL_MS = 250;
/** When a terminal whose enrolment waits for a person is to ask again, in seconds. */
export const PENDING_S = 30;
