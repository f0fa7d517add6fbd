import type { KeyObject } from "node:crypto";
import { isEqual } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { type Ceremony, type OfflineFiles, parseCeremony, toCeremonyBytes } from "../../ceremony/ceremony.ts";
import { signCeremony } from "../../ceremony/sign.ts";
import { verifyBase } from "../../ceremony/verify.ts";
import { toPublicKey } from "../../keys.ts";
import type { Arguments } from "../arguments.ts";
import { confirm } from "../confirm.ts";
import { hasTrust, openHome, readTrust } from "../home.ts";
import { print } from "../output.ts";
import type { Ports } from "../ports.ts";
import { renderCeremony, toCeremonyJson } from "../render/ceremony.ts";
import type { Signed } from "../signed.ts";
import { toHome, toLanguage, toPrompts } from "./options.ts";

// A change of trust is signed with a key that the present root or the next one names, and only where it starts from the
// trust that this machine has proven itself. That may be stale: a lost online key is one reason for a change.

export function showCeremony(bytes: Uint8Array, given: Arguments, ports: Ports): void {
  const ceremony = parseCeremony(bytes);
  const options = { lang: toLanguage(given, ports), now: ports.now() };
  print(ports, given.flag("json"), toCeremonyJson(ceremony, options), () => renderCeremony(ceremony, options));
}

/**
 * @param openKey called once everything else was found in order
 * @throws TillsyncError STATE_CONFLICT where it starts from other trust than is held here; as `signCeremony`, `confirm`
 */
export async function signCeremonyFile(
  bytes: Uint8Array,
  given: Arguments,
  ports: Ports,
  openKey: () => Promise<KeyObject>,
): Promise<Signed> {
  const ceremony = parseCeremony(bytes);
  verifyBase(ceremony, readHeld(toHome(given, ports)));
  const options = { lang: toLanguage(given, ports), now: ports.now() };
  const { fingerprint } = toCeremonyJson(ceremony, options);
  const key = await openKey();
  // Refuses a key that has no part in it before anything is shown.
  const signed = signCeremony(ceremony, key, options.now);
  const show = given.flag("json") ? ports.err : ports.out;
  show(`${renderCeremony(ceremony, options)}\n\n`);
  if (!given.flag("yes")) {
    await confirm(fingerprint, { prompt: ports.prompt, prompts: toPrompts(given, ports), err: ports.err });
  }
  const merge = (other: Uint8Array): Uint8Array => {
    const latest = parseCeremony(other);
    if (toCeremonyJson(latest, options).fingerprint !== fingerprint) throw new TillsyncError("STATE_CONFLICT");
    verifyBase(latest, ceremony.present);
    return verifyWritten(signCeremony(latest, key, options.now), other);
  };
  return { bytes: verifyWritten(signed, bytes), signer: toPublicKey(key).id, merge };
}

/** The trust that this machine has proven; undefined where it has pinned no root yet. */
function readHeld(home: string): OfflineFiles | undefined {
  if (!hasTrust(home)) return undefined;
  const { root } = readTrust(home);
  const { targets, snapshot, policy } = openHome(home).read();
  return { root, targets, snapshot, policy };
}

/** What is about to be kept, read as everybody else will read it. */
function verifyWritten(signed: Ceremony, before: Uint8Array): Uint8Array {
  const bytes = toCeremonyBytes(signed);
  parseCeremony(bytes);
  if (isEqual(bytes, before)) throw new TillsyncError("SIGNER_NOT_ALLOWED", { why: "has signed already" });
  return bytes;
}
