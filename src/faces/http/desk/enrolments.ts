import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Policy } from "../../../../certs/trust/policy.ts";
import { TillsyncError } from "../../../../proto/errors.ts";
import { isTusn, type Tusn } from "../../../../proto/tusn.ts";
import type { Context } from "../../../app/context.ts";
import { admitEnrolment, listPendingEnrolments } from "../../../app/enrolment/admit.ts";
import { askUnbinding, showUnbinding } from "../../../app/enrolment/unbind.ts";
import { verifyAsker, verifyBeforeBody } from "./approver.ts";
import { readSigned } from "./signed.ts";

/** Bodies are a key, a reason and a merchant. */
const MAX_BODY_BYTES = 4_096;

interface ByTusn {
  readonly Params: { readonly tusn: string };
}

/** What people of the policy decide about terminals' identities. Each request may be made twice. */
export function addIdentityRoutes(app: FastifyInstance, context: Context, policy: () => Policy): void {
  const { now } = context;
  const limits = {
    bodyLimit: MAX_BODY_BYTES,
    onRequest: async (request: FastifyRequest) => {
      request.approver = verifyBeforeBody(policy(), request.raw, now());
    },
  };

  app.get("/v1/enrolments", async (request, reply) => {
    request.approver = verifyAsker(policy(), request.raw, now());
    return reply.send({ enrolments: await listPendingEnrolments(context) });
  });

  app.get<ByTusn>("/v1/enrolments/:tusn", async (request, reply) => {
    request.approver = verifyAsker(policy(), request.raw, now());
    return reply.send({ enrolments: await listPendingEnrolments(context, parseName(request.params.tusn)) });
  });

  app.post<ByTusn>("/v1/enrolments/:tusn/admit", {
    ...limits,
    handler: async (request, reply) => {
      const { person, signed } = readSigned(request);
      const tusn = parseName(request.params.tusn);
      await admitEnrolment(context, person, tusn, signed);
      return reply.send({ tusn, state: "admitted" });
    },
  });

  app.get<ByTusn>("/v1/terminals/:tusn/unbinding", async (request, reply) => {
    request.approver = verifyAsker(policy(), request.raw, now());
    return reply.send(await showUnbinding(context, parseName(request.params.tusn)));
  });

  app.post<ByTusn>("/v1/terminals/:tusn/unbinding", {
    ...limits,
    handler: async (request, reply) => {
      const { person, signed } = readSigned(request);
      const tusn = parseName(request.params.tusn);
      return reply.send(await askUnbinding(context, policy(), person, tusn, signed));
    },
  });
}

/** @throws TillsyncError NOT_FOUND where there can be no terminal of that name */
function parseName(text: string): Tusn {
  if (!isTusn(text)) throw new TillsyncError("NOT_FOUND", { terminal: "malformed" });
  return text;
}
