import type { FastifyReply, FastifyRequest } from "fastify";
import type { Context } from "../../app/context.ts";
import { MAX_STRANGER_LINES } from "./limits.ts";

const WINDOW_S = 60;

/**
 * Tells each request by its route and outcome, never by what the client wrote. Strangers fill no disk: beyond
 * MAX_STRANGER_LINES in a minute theirs are only counted.
 */
export function createRequestLog({ log, now }: Pick<Context, "log" | "now">) {
  let since = now();
  let lines = 0;
  const mayTell = (): boolean => {
    if (now() - since >= WINDOW_S) {
      if (lines > MAX_STRANGER_LINES) log.warn({ requests: lines - MAX_STRANGER_LINES }, "requests not told");
      since = now();
      lines = 0;
    }
    lines += 1;
    return lines <= MAX_STRANGER_LINES;
  };
  return (request: FastifyRequest, reply: FastifyReply): void => {
    const person = request.approver?.id ?? request.actor?.name;
    if (person === undefined && !mayTell()) return;
    const { method, routeOptions, ip } = request;
    const fields = { method, route: routeOptions.url ?? "", status: reply.statusCode, remote: ip };
    log.info({ ...fields, ...(person === undefined ? {} : { person }), ms: Math.round(reply.elapsedTime) }, "request");
  };
}
