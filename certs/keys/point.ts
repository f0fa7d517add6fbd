// What node:crypto does not judge about an Ed25519 public key: it takes any 32 bytes, also those under which signatures
// verify that nobody made. (Bytes that are no point of the curve verify nothing.)

const P = 2n ** 255n - 19n;
/** The highest bit tells which of the two x of a y is meant (RFC 8032 section 5.1.2). */
const SIGN = 2n ** 255n;

const ORDER_EIGHT = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
/** y of the points of order 1, 2, 4 and 8, for either x. */
const SMALL_ORDER: ReadonlySet<bigint> = new Set([1n, P - 1n, 0n, ORDER_EIGHT, P - ORDER_EIGHT]);

/**
 * Whether 32 bytes encode a point in the one canonical way (RFC 8032 section 5.1.3), and not one of small order: under
 * such a key one signature holds for many messages (Chalkias, Garillot and Nikolaenko, "Taming the many EdDSAs", 2020).
 */
export function isSoundPoint(raw: Uint8Array): boolean {
  const encoded = BigInt(`0x${Buffer.from(raw).reverse().toString("hex")}`);
  const y = encoded % SIGN;
  return y < P && !SMALL_ORDER.has(y);
}
