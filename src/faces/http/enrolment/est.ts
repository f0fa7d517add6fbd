import { X509Certificate } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { parseBase64 } from "../../../../certs/x509/certification-request.ts";
import { createCertsOnly } from "../../../../certs/x509/certs-only.ts";
import { toTusn } from "../../../../certs/x509/identity.ts";
import { check } from "../../../../proto/check.ts";
import { TillsyncError } from "../../../../proto/errors.ts";
import { isTusn } from "../../../../proto/tusn.ts";
import type { Claimant } from "../../../app/enrolment/enrol.ts";
import { readClientCertificate } from "./client.ts";
import { MAX_BODY_BYTES, PENDING_S } from "./limits.ts";
import { type EnrolmentRoutes, toBody, toIssuedOrPending } from "./routes.ts";

// Enrolment over Secure Transport (RFC 7030, clarified by RFC 8951), as far as devices of other makers need it. It has no
// place for a challenge: where a verifier wants a cryptogram, this way gives no certificate.

const BASE = "/.well-known/est";
const REQUEST_TYPE = /^application\/pkcs10 *(;|$)/i;
const CERTIFICATES_TYPE = "application/pkcs7-mime";
const ONLY = "; smime-type=certs-only";
const LINE = /.{1,64}/g;
const BASIC = /^basic +([A-Za-z0-9+/]{1,300}={0,2})$/i;

export function addEstRoutes(app: FastifyInstance, routes: EnrolmentRoutes): void {
  const { gate, enrolment, renew, authority } = routes;
  const limits = { bodyLimit: MAX_BODY_BYTES };

  app.get(`${BASE}/cacerts`, async (_request, reply) =>
    sendCertificates(reply, CERTIFICATES_TYPE, new X509Certificate(authority)),
  );

  // No attribute is demanded (RFC 7030 section 4.5.2).
  app.get(`${BASE}/csrattrs`, async (_request, reply) => reply.code(204).send());

  app.post(`${BASE}/simpleenroll`, limits, async (request, reply) => {
    const claimant = readClaimant(request);
    const asked = { ...claimant, request: readRequest(request) };
    const issued = await toIssuedOrPending(gate.attempt(claimant.tusn, () => enrolment.enrol(asked)));
    if (issued !== undefined) return sendCertificates(reply, CERTIFICATES_TYPE + ONLY, issued);
    return reply.code(202).header("retry-after", PENDING_S).type("text/plain").send("a person has to admit it first\n");
  });

  app.post(`${BASE}/simplereenroll`, limits, async (request, reply) => {
    const shown = readClientCertificate(request);
    const asked = readRequest(request);
    const issued = await gate.renew(toTusn(shown), () => renew(shown, asked));
    return sendCertificates(reply, CERTIFICATES_TYPE + ONLY, issued);
  });
}

function sendCertificates(reply: FastifyReply, type: string, certificate: X509Certificate): FastifyReply {
  const text = Buffer.from(createCertsOnly([certificate.raw])).toString("base64");
  // RFC 8951 has clients ignore the encoding header; those of RFC 7030 demand it.
  return reply
    .type(type)
    .header("content-transfer-encoding", "base64")
    .send(`${(text.match(LINE) ?? []).join("\r\n")}\r\n`);
}

/** User name is the TUSN, password the token. @throws TillsyncError TOKEN_INVALID, which asks for them */
function readClaimant({ headers }: FastifyRequest): Claimant {
  const [, encoded = ""] = BASIC.exec(headers.authorization ?? "") ?? [];
  const [, tusn = "", token = ""] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, "base64").toString("utf8")) ?? [];
  if (!isTusn(tusn)) throw new TillsyncError("TOKEN_INVALID");
  return { tusn, token };
}

/** @throws TillsyncError FIELD_INVALID, FIELD_MISSING, REQUEST_MALFORMED */
function readRequest({ headers, body }: FastifyRequest): Uint8Array {
  check(REQUEST_TYPE.test(headers["content-type"] ?? ""), "content-type");
  return parseBase64(Buffer.from(toBody(body)).toString("latin1"));
}
