import type { IncomingMessage, ServerResponse } from "node:http";
import { type FastifyInstance, type FastifyReply, fastify } from "fastify";
import { TillsyncError, toErrorCode } from "../../../proto/errors.ts";
import type { Context } from "../../app/context.ts";
import { openDesk } from "../../app/desk/desk.ts";
import type { TrustHolder } from "../../app/trust-files.ts";
import { toErrorFields } from "../../log.ts";
import { LINGER_MS, MAX_NO_BODY_BYTES, MAX_PARAMETER_CHARACTERS, MAX_URL_CHARACTERS } from "./limits.ts";
import { PROBLEM_TYPE, toProblem } from "./problem.ts";
import { createRequestLog } from "./request-log.ts";
import { addReleaseRoutes, addTrustRoutes } from "./routes.ts";
import { createHttpsServer, type HttpsServer, listen, type ServerOptions } from "./server.ts";
import { createTransfers } from "./transfers.ts";

export interface DeskServerOptions extends Context, ServerOptions {
  readonly trust: Pick<TrustHolder, "trust" | "bundlesAfter">;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
}

export interface DeskServer {
  readonly port: number;
  /** Cuts all connections and resolves when none is left. */
  close(): Promise<void>;
}

/** Answers are for programs and for one asker only. */
const HEADERS = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "strict-transport-security": "max-age=31536000",
  "x-content-type-options": "nosniff",
} as const;

/**
 * Opens the signing desk: where approvers' programs get what waits for them, and hand back what they signed.
 *
 * @throws TillsyncError PORT_IN_USE, CONFIG_INVALID
 */
export async function openDeskServer(options: DeskServerOptions): Promise<DeskServer> {
  const { trust, now, log, host } = options;
  const policy = () => trust.trust().policy;
  const { app, https } = createApp(options);
  addAnswers(app);
  const logRequest = createRequestLog(options);
  app.addHook("onResponse", async (request, reply) => logRequest(request, reply));
  app.setErrorHandler((error, request, reply) => {
    if (toProblem(error).status >= 500 && toErrorCode(error) !== "DESK_BUSY") {
      log.error({ route: request.routeOptions.url ?? "", ...toErrorFields(error) }, "request failed");
    }
    return sendProblem(reply, error);
  });
  const routes = {
    desk: openDesk(options, policy),
    transfers: createTransfers(),
    policy,
    bundlesAfter: trust.bundlesAfter,
    now,
  };
  addTrustRoutes(app, routes);
  addReleaseRoutes(app, routes);
  await app.ready();
  const port = await listen(https.server, host, options.port);
  return {
    port,
    close: async () => {
      await https.close();
      await app.close();
    },
  };
}

/** Bodies are bytes, whatever they call themselves: nothing is parsed before its signature was verified. */
function createApp(options: ServerOptions): { readonly app: FastifyInstance; readonly https: HttpsServer } {
  let https: HttpsServer | undefined;
  const app = fastify({
    bodyLimit: MAX_NO_BODY_BYTES,
    exposeHeadRoutes: false,
    logger: false,
    routerOptions: { maxParamLength: MAX_PARAMETER_CHARACTERS },
    serverFactory: (listener: (request: IncomingMessage, response: ServerResponse) => void) => {
      https = createHttpsServer(options, listener);
      return https.server;
    },
    frameworkErrors: (error, _request, reply) => void sendProblem(reply as unknown as FastifyReply, error),
    clientErrorHandler: (_error, socket) => void socket.destroy(),
  });
  if (https === undefined) throw new TillsyncError("INTERNAL");
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  return { app, https };
}

function addAnswers(app: FastifyInstance): void {
  app.addHook("onRequest", async (request, reply) => {
    reply.headers(HEADERS);
    if ((request.raw.url ?? "").length > MAX_URL_CHARACTERS) throw new TillsyncError("FIELD_INVALID", { field: "url" });
  });
  app.addHook("onSend", async (request) => lingerOver(request.raw));
  app.setNotFoundHandler((_request, reply) => sendProblem(reply, new TillsyncError("NOT_FOUND")));
}

function sendProblem(reply: FastifyReply, error: unknown): FastifyReply {
  const problem = toProblem(error);
  if (problem.status === 401) reply.header("www-authenticate", "Tillsync-Approver");
  if (problem.status === 503) reply.header("retry-after", "5");
  return reply.headers(HEADERS).code(problem.status).type(PROBLEM_TYPE).send(JSON.stringify(problem));
}

/** An answer may go out before all of the request has come in. The rest is not waited for longer than LINGER_MS. */
function lingerOver(request: IncomingMessage): void {
  if (request.complete) return;
  const timer = setTimeout(() => request.socket.destroy(), LINGER_MS);
  for (const event of ["end", "close"] as const) request.once(event, () => clearTimeout(timer));
}
