import type { X509Certificate } from "node:crypto";
import type { FastifyInstance, FastifyReply } from "fastify";
import { toTusn } from "../../../../certs/x509/identity.ts";
import { TillsyncError, toErrorCode } from "../../../../proto/errors.ts";
import type { Enrolment } from "../../../app/enrolment/enrol.ts";
import { parseClaimant, parseEnrolmentRequest, parseRenewal } from "./body.ts";
import { readClientCertificate } from "./client.ts";
import type { Gate } from "./gate.ts";
import { MAX_BODY_BYTES, PENDING_S } from "./limits.ts";

export const PEM_CRL_TYPE = "application/x-pem-file";
export const DER_CRL_TYPE = "application/pkix-crl";

export interface EnrolmentRoutes {
  readonly gate: Gate;
  readonly enrolment: Enrolment;
  renew(shown: X509Certificate, request: Uint8Array): Promise<X509Certificate>;
  /** The list of revoked certificates in PEM. */
  revocations(): Promise<string>;
  /** Certificate of the authority, in PEM. */
  readonly authority: string;
}

/** Our own enrolment: texts in JSON, certificates in PEM. */
export function addEnrolmentRoutes(app: FastifyInstance, routes: EnrolmentRoutes): void {
  const { gate, enrolment, renew, revocations, authority } = routes;
  const sendIssued = (reply: FastifyReply, issued: X509Certificate) =>
    reply.send({ certificate: issued.toString(), chain: authority });
  const limits = { bodyLimit: MAX_BODY_BYTES };

  app.post("/enrol/v1/challenges", limits, async (request, reply) => {
    const claimant = parseClaimant(request.headers["content-type"], toBody(request.body));
    const { factor, lifeS } = await gate.attempt(claimant.tusn, () => enrolment.challenge(claimant));
    return reply.send({ factor: factor ?? null, expires: lifeS });
  });

  app.post("/enrol/v1/certificates", limits, async (request, reply) => {
    const asked = parseEnrolmentRequest(request.headers["content-type"], toBody(request.body));
    const issued = await toIssuedOrPending(gate.attempt(asked.tusn, () => enrolment.enrol(asked)));
    if (issued !== undefined) return sendIssued(reply, issued);
    return reply.code(202).header("retry-after", PENDING_S).send({ state: "pending" });
  });

  app.post("/enrol/v1/renewals", limits, async (request, reply) => {
    const shown = readClientCertificate(request);
    const asked = parseRenewal(request.headers["content-type"], toBody(request.body));
    return sendIssued(reply, await gate.renew(toTusn(shown), () => renew(shown, asked)));
  });

  app.get("/enrol/v1/crl", async (request, reply) => {
    const pem = await revocations();
    if (!String(request.headers.accept).includes(DER_CRL_TYPE)) return reply.type(PEM_CRL_TYPE).send(pem);
    return reply.type(DER_CRL_TYPE).send(Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64"));
  });
}

/** Undefined where a person has to admit it first. */
export async function toIssuedOrPending(enrolling: Promise<X509Certificate>): Promise<X509Certificate | undefined> {
  try {
    return await enrolling;
  } catch (error) {
    if (toErrorCode(error) === "ENROLMENT_PENDING") return undefined;
    throw error;
  }
}

/** @throws TillsyncError FIELD_MISSING where there is none */
export function toBody(body: unknown): Uint8Array {
  if (!Buffer.isBuffer(body) || body.length === 0) throw new TillsyncError("FIELD_MISSING", { field: "body" });
  return body;
}
