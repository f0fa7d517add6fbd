import type { Peer } from "../../../broker/bus.ts";
import { toHex } from "../../../proto/bytes.ts";

/** The two that one identity was used by, as far as they can be told apart, each in a few words. */
export interface Sides {
  /** Known first. */
  readonly before: string;
  /** What came on top of it. */
  readonly now: string;
}

const SHORT_HEX = 12;
/** An IPv6 address with its zone is shorter. */
const MAX_ADDRESS_CHARACTERS = 64;
const UNKNOWN = "a connection not known any more";

/** Address and certificate of a connection. */
export function toPeerText(peer: Pick<Peer, "remote" | "fingerprint"> | undefined): string {
  if (peer === undefined) return UNKNOWN;
  return `${peer.remote.slice(0, MAX_ADDRESS_CHARACTERS)} with certificate ${toShortHex(peer.fingerprint)}`;
}

/** What was said, by whom. */
export function toSaidText(peer: string, kind: "hello" | "report", counter: number, digest?: Uint8Array): string {
  return `${kind} ${digest === undefined ? "" : `${toShortHex(digest)} `}under counter ${counter}, ${peer}`;
}

function toShortHex(bytes: Uint8Array): string {
  return toHex(bytes).slice(0, SHORT_HEX);
}
