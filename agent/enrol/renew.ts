import type { KeyObject, X509Certificate } from "node:crypto";
import { toRsaPublicKey } from "../../certs/x509/rsa-key.ts";
import { toUtf8 } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { type Place, writePlace } from "../slots/place.ts";
import { createCertificationRequest } from "./certification-request.ts";
import { parseCertificate, toTerm, verifyCertificate } from "./issued.ts";
import type { EnrolmentService } from "./service.ts";

export interface RenewPorts {
  readonly tusn: Tusn;
  readonly deviceKey: KeyObject;
  readonly authorities: readonly X509Certificate[];
  readonly certificatePlace: Place;
  /** The service, over connections under this certificate. */
  readonly openService: (certificate: string) => EnrolmentService;
}

/**
 * Gets a new certificate for the same key by the present one; PEM both, `now` in seconds. It is verified, lasts longer
 * than the present one, and is durable when this resolves.
 *
 * @throws TillsyncError the service's refusal, FETCH_FAILED, CERTIFICATE_INVALID, ENROLMENT_PENDING, STATE_WRITE_FAILED
 */
export type Renew = (present: string, now: number) => Promise<string>;

export function createRenew(ports: RenewPorts): Renew {
  const { tusn, deviceKey, authorities, certificatePlace, openService } = ports;
  const expected = { tusn, publicKey: toRsaPublicKey(deviceKey), authorities };
  return async (present, now) => {
    const answer = await openService(present).renew(createCertificationRequest(deviceKey, tusn));
    if (answer.kind === "pending") throw new TillsyncError("ENROLMENT_PENDING");
    const certificate = verifyCertificate(answer.certificate, { ...expected, now });
    const isLonger = toTerm(certificate).notAfter > toTerm(parseCertificate(present)).notAfter;
    if (!isLonger) throw new TillsyncError("CERTIFICATE_INVALID", { what: "ends no later than the present one" });
    writePlace(certificatePlace, toUtf8(certificate.toString()));
    return certificate.toString();
  };
}
