import type { FastifyRequest } from "fastify";
import type { Person } from "../../../../certs/trust/policy.ts";
import { TillsyncError } from "../../../../proto/errors.ts";
import type { SignedEvidence } from "../../../app/enrolment/unbinding-body.ts";
import { verifyBody } from "./approver.ts";

/** Who signed a request with a body, and what he signed. @throws TillsyncError REQUEST_UNSIGNED */
export function readSigned({ approver, body, raw }: FastifyRequest): { person: Person; signed: SignedEvidence } {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
  verifyBody(raw, bytes);
  if (approver === undefined) throw new TillsyncError("REQUEST_UNSIGNED");
  const { method = "", url: path = "", headers } = raw;
  return { person: approver, signed: { authorization: headers.authorization ?? "", method, path, body: bytes } };
}
