// Addresses as far as they tell who is who: whoever has one address of a subscriber's has as many as he likes.

const GROUPS = 8;
/** Groups of an IPv6 address that one subscriber has at least. */
const NETWORK_GROUPS = 4;
const GROUP = /^[0-9a-f]{1,4}$/i;
const V4 = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/;
const MAX_OCTET = 255;
/** First six groups of an IPv4 address that is written as IPv6 (RFC 4291, 2.5.5.2). */
const MAPPED = "0:0:0:0:0:ffff";

/**
 * The network that an address is taken to be in: so many bits of IPv4, however it is written, or 64 bits of IPv6. All 32 bits
 * are the address itself. Any other text is given back as it is.
 */
export function toNetwork(address: string, v4Bits: 24 | 32): string {
  const [text = ""] = address.split("%");
  const groups = parseGroups(text);
  const octets = groups === undefined ? parseOctets(text) : toMapped(groups);
  if (octets !== undefined) return v4Bits === 32 ? octets.join(".") : `${octets.slice(0, 3).join(".")}.0/24`;
  return groups === undefined ? address : `${toText(groups.slice(0, NETWORK_GROUPS))}::/64`;
}

/** The eight groups of an IPv6 address (RFC 4291, 2.2); an IPv4 address at its end stands for two. */
function parseGroups(text: string): readonly number[] | undefined {
  const last = text.lastIndexOf(":") + 1;
  const octets = parseOctets(text.slice(last));
  const plain = octets === undefined ? text : text.slice(0, last) + toText(toPair(octets));
  const [head = "", tail, ...more] = plain.split("::");
  const [leading, trailing] = [toParts(head), toParts(tail ?? "")];
  const missing = GROUPS - leading.length - trailing.length;
  const isWhole = tail === undefined ? missing === 0 : missing > 0;
  if (!isWhole || more.length > 0 || ![...leading, ...trailing].every((part) => GROUP.test(part))) return undefined;
  return [...leading, ...Array<string>(missing).fill("0"), ...trailing].map((part) => Number.parseInt(part, 16));
}

function parseOctets(text: string): readonly number[] | undefined {
  const octets = V4.exec(text)?.slice(1).map(Number);
  return octets?.every((octet) => octet <= MAX_OCTET) === true ? octets : undefined;
}

function toMapped(groups: readonly number[]): readonly number[] | undefined {
  if (toText(groups.slice(0, -2)) !== MAPPED) return undefined;
  return groups.slice(-2).flatMap((group) => [group >> 8, group & 0xff]);
}

function toPair([a = 0, b = 0, c = 0, d = 0]: readonly number[]): readonly number[] {
  return [a * 256 + b, c * 256 + d];
}

function toParts(text: string): readonly string[] {
  return text === "" ? [] : text.split(":");
}

function toText(groups: readonly number[]): string {
  return groups.map((group) => group.toString(16)).join(":");
}
