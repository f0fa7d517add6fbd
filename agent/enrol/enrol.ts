import type { KeyObject, X509Certificate } from "node:crypto";
import { toDigits } from "../../certs/sign/render/fingerprint.ts";
import { toDeviceKey } from "../../certs/x509/identity.ts";
import { toRsaPublicKey } from "../../certs/x509/rsa-key.ts";
import { toUtf8 } from "../../proto/bytes.ts";
import { type ErrorCode, TillsyncError } from "../../proto/errors.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { type Place, readPlace, writePlace } from "../slots/place.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { createCertificationRequest } from "./certification-request.ts";
import { findDeviceKey, makeDeviceKey } from "./device-key.ts";
import { verifyCertificate } from "./issued.ts";
import type { CertificateRequest, Claim, EnrolmentService, Issued } from "./service.ts";

/** Between two askings, whatever the service says, in seconds; and where it says nothing. */
export const MIN_RETRY_S = 1;
export const MAX_RETRY_S = 300;
export const DEFAULT_RETRY_S = 15;
/** Factors are few: so many cryptograms at most are made in one enrolment. */
export const MAX_ASKINGS = 1_000;

/** A terminal as its files show it. */
export interface Installed {
  readonly tusn: Tusn;
  readonly keyPlace: Place;
  readonly certificatePlace: Place;
  /** The authorities that were named on the terminal. */
  readonly authorities: readonly X509Certificate[];
  /** The terminal's clock, in seconds. */
  readonly clock: () => number;
}

/** Refusals that pass by themselves. */
const LATER: readonly ErrorCode[] = ["ENROLMENT_PENDING", "RATE_LIMITED", "DESK_BUSY"];

export interface EnrolPorts extends Installed, Claim {
  readonly service: EnrolmentService;
  readonly terminal: Pick<Terminal, "computeCryptogram">;
  /** Asks for a certificate though a good one is there. */
  readonly again: boolean;
  /** How long to wait for the people who have to admit the terminal, in seconds. */
  readonly waitS: number;
  /** Seconds from some moment on, which nobody can set. */
  readonly uptime: () => number;
  readonly pause: (seconds: number) => Promise<void>;
  /** Tells a person what is going on; never a secret. */
  readonly tell: (text: string) => void;
}

export type Enrolled =
  | { readonly kind: "present" | "issued"; readonly certificate: X509Certificate }
  /** Nobody admitted it in time. The same command goes on later. SHA-256 of the key that is to be admitted. */
  | { readonly kind: "pending"; readonly deviceKey: Uint8Array };

/**
 * Gets this terminal its certificate: key, request, proof of the TUSN where it is wanted, and the certificate, which is
 * verified before it takes the place of another. Cut short anywhere, it is begun again with the same key and request.
 *
 * @throws TillsyncError the service's refusal, PROOF_UNAVAILABLE, COMMAND_FAILED, CERTIFICATE_INVALID, KEY_INVALID,
 *   FETCH_FAILED, STATE_WRITE_FAILED
 */
export async function enrol(ports: EnrolPorts): Promise<Enrolled> {
  const { keyPlace, certificatePlace, tusn, token, tell } = ports;
  const held = ports.again ? undefined : findEnrolled(ports);
  if (held !== undefined) return { kind: "present", certificate: held };
  const found = findDeviceKey(keyPlace);
  tell(found === undefined ? "making the device key" : "the device key is there");
  const key = found ?? (await makeDeviceKey(keyPlace));

  const request = createCertificationRequest(key, tusn);
  const deviceKey = toDeviceKey(toRsaPublicKey(key));
  const issued = await askUntilAdmitted(ports, { tusn, token, request }, deviceKey);
  if (issued === undefined) return { kind: "pending", deviceKey };
  const certificate = verifyCertificate(issued, toExpected(ports, key));
  writePlace(certificatePlace, toUtf8(certificate.toString()));
  return { kind: "issued", certificate };
}

/** The certificate that is there, where it is good for this terminal and its key now. @throws TillsyncError KEY_INVALID */
export function findEnrolled(installed: Installed): X509Certificate | undefined {
  const key = findDeviceKey(installed.keyPlace);
  const bytes = readPlace(installed.certificatePlace);
  if (key === undefined || bytes === undefined) return undefined;
  try {
    return verifyCertificate(Buffer.from(bytes).toString("utf8"), toExpected(installed, key));
  } catch (error) {
    if (!(error instanceof TillsyncError)) throw error;
    return undefined;
  }
}

function toExpected({ tusn, authorities, clock }: Installed, key: KeyObject) {
  return { tusn, publicKey: toRsaPublicKey(key), authorities, now: clock() };
}

/** Undefined where time ran out. */
async function askUntilAdmitted(
  ports: EnrolPorts,
  request: Omit<CertificateRequest, "proof">,
  deviceKey: Uint8Array,
): Promise<string | undefined> {
  const { uptime, pause, waitS, tell } = ports;
  const until = uptime() + waitS;
  let isPending = false;
  for (let askings = 0; askings < MAX_ASKINGS; askings += 1) {
    const answer = await ask(ports, request).catch((error: unknown) => toLater(error, isPending));
    if (answer.kind === "issued") return answer.certificate;
    isPending = true;
    const seconds = Math.min(Math.max(answer.retryAfterS ?? DEFAULT_RETRY_S, MIN_RETRY_S), MAX_RETRY_S);
    if (uptime() + seconds > until) return undefined;
    tell(`waiting for a second person to admit the device key ${toDigits(deviceKey)}; asking again in ${seconds} s`);
    await pause(seconds);
  }
  return undefined;
}

async function ask(ports: EnrolPorts, request: Omit<CertificateRequest, "proof">): Promise<Issued> {
  const { service, terminal, tell } = ports;
  const factor = await service.askFactor(request);
  if (factor === undefined) return service.askCertificate({ ...request, proof: undefined });
  tell("the terminal proves its TUSN");
  const cryptogram = await terminal.computeCryptogram(factor);
  return service.askCertificate({ ...request, proof: { factor, cryptogram } });
}

/** What passes by itself: the service has too much to do, or went away while somebody is waited for. */
function toLater(error: unknown, isPending: boolean): Issued {
  if (!(error instanceof TillsyncError)) throw error;
  const { code, fields } = error;
  const isLater = LATER.includes(code) || (code === "FETCH_FAILED" && isPending);
  if (!isLater) throw error;
  const retryAfterS = fields["retryAfterS"];
  return { kind: "pending", retryAfterS: typeof retryAfterS === "number" ? retryAfterS : undefined };
}
