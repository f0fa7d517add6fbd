import type { KeyObject } from "node:crypto";
import { generateRsaKey, parseRsaKey, toRsaKeyPem } from "../../certs/x509/rsa-key.ts";
import { toUtf8 } from "../../proto/bytes.ts";
import { type Place, readPlace, writePlace } from "../slots/place.ts";

/** The device key that is there; undefined where there is none. @throws TillsyncError KEY_INVALID */
export function findDeviceKey(place: Place): KeyObject | undefined {
  const bytes = readPlace(place);
  return bytes === undefined ? undefined : parseRsaKey(Buffer.from(bytes).toString("utf8"));
}

/**
 * Makes the device key, which never leaves the terminal. Durable before anybody hears of it: an enrolment that is cut
 * short goes on with the same key.
 *
 * @throws TillsyncError STATE_WRITE_FAILED
 */
export async function makeDeviceKey(place: Place): Promise<KeyObject> {
  const key = await generateRsaKey();
  writePlace(place, toUtf8(toRsaKeyPem(key)));
  return key;
}
