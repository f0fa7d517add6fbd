import { MAX_RELEASE_FILE_BYTES } from "../../../proto/bounds.ts";

/** Connections at once, in all and from one address; of IPv6 from one subscriber. */
export const MAX_SOCKETS = 256;
export const MAX_SOCKETS_PER_ADDRESS = 32;
/** Requests that one connection may make before it has to be opened anew. */
export const MAX_REQUESTS_PER_SOCKET = 1_000;

/** Until a TLS handshake is through, and until the headers are there. */
export const HANDSHAKE_MS = 10_000;
export const HEADERS_MS = 10_000;
/** Until a whole request is there. Only an approver's has a body: this is 64 MiB over a slow line. */
export const REQUEST_MS = 600_000;
/** Between two requests. */
export const KEEP_ALIVE_MS = 5_000;
/** Neither side has sent anything, as when a client does not read. */
export const SILENT_MS = 30_000;
/** How often connections are held against the above. */
export const CHECK_MS = 1_000;
/** What remains of the body of a refused request is read and dropped for so long, that the client sees the answer. */
export const LINGER_MS = 2_000;

export const MAX_HEADER_BYTES = 8_192;
export const MAX_HEADERS = 64;
/** Path and query. */
export const MAX_URL_CHARACTERS = 256;
export const MAX_PARAMETER_CHARACTERS = 64;

/** Body of a request that is to have none. */
export const MAX_NO_BODY_BYTES = 1;
/** Body of one that an approver is known to have signed. */
export const MAX_SIGNED_BODY_BYTES = MAX_RELEASE_FILE_BYTES;
/** Lines of log about requests that no approver made, in a minute; the rest is counted. */
export const MAX_STRANGER_LINES = 60;
/** Release files that are held for requests at once, coming or going: 4 times 64 MiB at most. */
export const MAX_TRANSFERS = 4;
/** A transfer that takes longer, by a client that reads ever so slowly, is ended. */
export const TRANSFER_MS = 600_000;
