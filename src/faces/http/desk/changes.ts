import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Policy } from "../../../../certs/trust/policy.ts";
import { TillsyncError } from "../../../../proto/errors.ts";
import { approveChange, listWaitingChanges, readWaitingChange } from "../../../app/changes/approve.ts";
import type { Context } from "../../../app/context.ts";
import { verifyAsker, verifyBeforeBody } from "./approver.ts";
import { readSigned } from "./signed.ts";

/** Bodies are a digest. */
const MAX_BODY_BYTES = 1_024;
const ID = /^C[0-9a-f]{16}$/;

interface ById {
  readonly Params: { readonly id: string };
}

/** Changes that no terminal is given anything by, and that a checker approves by a request of his own. */
export function addChangeRoutes(app: FastifyInstance, context: Context, policy: () => Policy): void {
  const { now } = context;

  app.get("/v1/changes", async (request, reply) => {
    request.approver = verifyAsker(policy(), request.raw, now());
    return reply.send({ changes: await listWaitingChanges(context) });
  });

  app.get<ById>("/v1/changes/:id", async (request, reply) => {
    request.approver = verifyAsker(policy(), request.raw, now());
    const bytes = await readWaitingChange(context, parseId(request.params.id));
    return reply.type("application/json; charset=utf-8").send(Buffer.from(bytes));
  });

  app.post<ById>("/v1/changes/:id/approval", {
    bodyLimit: MAX_BODY_BYTES,
    onRequest: async (request: FastifyRequest) => {
      request.approver = verifyBeforeBody(policy(), request.raw, now());
    },
    handler: async (request, reply) => {
      const { person, signed } = readSigned(request);
      const { id, state } = await approveChange(context, person, parseId(request.params.id), signed);
      return reply.send({ change: id, state });
    },
  });
}

/** @throws TillsyncError NOT_FOUND where there can be no change of that name */
function parseId(text: string): string {
  if (!ID.test(text)) throw new TillsyncError("NOT_FOUND", { change: "malformed" });
  return text;
}
