import type { IncomingMessage, ServerResponse } from "node:http";
import { type FastifyInstance, type FastifyReply, type FastifyServerOptions, fastify } from "fastify";
import { TillsyncError, toErrorCode } from "../../../proto/errors.ts";
import type { Context } from "../../app/context.ts";
import { toErrorFields } from "../../log.ts";
import { LINGER_MS, MAX_NO_BODY_BYTES, MAX_PARAMETER_CHARACTERS, MAX_URL_CHARACTERS } from "./limits.ts";
import { PROBLEM_TYPE, toProblem } from "./problem.ts";
import { createRequestLog } from "./request-log.ts";
import { createHttpsServer, type HttpsServer, listen, type ServerOptions } from "./server.ts";

export interface HttpOptions extends Pick<Context, "log" | "now">, ServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** What a 401 names as the way to prove oneself (RFC 9110, section 11.6.1). */
  readonly challenge: string;
  /** Headers of every answer, beside those of HEADERS or in their place. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether a request that was answered with this status is worth a line of log; every one where absent. */
  readonly isTold?: (status: number) => boolean;
  /** How schemas of routes are compiled; Fastify's own way, which alters what it checks, where absent. */
  readonly ajv?: NonNullable<FastifyServerOptions["ajv"]>;
}

/** A face that listens. */
export interface HttpFace {
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

/** Where the refusal does not say how long. */
const RETRY_AFTER_S = 5;

/** Codes of answers that say "later", which are no faults. */
const LATER: readonly string[] = ["DESK_BUSY", "RATE_LIMITED"];

/**
 * Opens an HTTPS face with the routes that `addRoutes` adds: problem+json for every error, bounds on everything a client
 * may send or hold, a line of log for each request.
 *
 * @throws TillsyncError PORT_IN_USE, CONFIG_INVALID
 */
export async function openHttpFace(options: HttpOptions, addRoutes: (app: FastifyInstance) => void): Promise<HttpFace> {
  const { log } = options;
  const { app, https } = createApp(options);
  addAnswers(app, options);
  const logRequest = createRequestLog(options);
  app.addHook("onResponse", async (request, reply) => {
    if (options.isTold?.(reply.statusCode) !== false) logRequest(request, reply);
  });
  app.setErrorHandler((error, request, reply) => {
    if (toProblem(error).status >= 500 && !LATER.includes(toErrorCode(error))) {
      log.error({ route: request.routeOptions.url ?? "", ...toErrorFields(error) }, "request failed");
    }
    return sendProblem(reply, error, options);
  });
  addRoutes(app);
  await app.ready();
  const port = await listen(https.server, options.host, options.port);
  return {
    port,
    close: async () => {
      await https.close();
      await app.close();
    },
  };
}

/** Bodies are bytes, whatever they call themselves: what is to be verified is verified before it is parsed. */
function createApp(options: HttpOptions): { readonly app: FastifyInstance; readonly https: HttpsServer } {
  let https: HttpsServer | undefined;
  const app = fastify({
    bodyLimit: MAX_NO_BODY_BYTES,
    exposeHeadRoutes: false,
    ...(options.ajv === undefined ? {} : { ajv: options.ajv }),
    logger: false,
    routerOptions: { maxParamLength: MAX_PARAMETER_CHARACTERS },
    serverFactory: (listener: (request: IncomingMessage, response: ServerResponse) => void) => {
      https = createHttpsServer(options, listener);
      return https.server;
    },
    frameworkErrors: (error, _request, reply) => void sendProblem(reply as unknown as FastifyReply, error, options),
    clientErrorHandler: (_error, socket) => void socket.destroy(),
  });
  if (https === undefined) throw new TillsyncError("INTERNAL");
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  return { app, https };
}

function addAnswers(app: FastifyInstance, options: HttpOptions): void {
  app.addHook("onRequest", async (request, reply) => {
    reply.headers({ ...HEADERS, ...options.headers });
    if ((request.raw.url ?? "").length > MAX_URL_CHARACTERS) throw new TillsyncError("FIELD_INVALID", { field: "url" });
  });
  app.addHook("onSend", async (request) => lingerOver(request.raw));
  app.setNotFoundHandler((_request, reply) => sendProblem(reply, new TillsyncError("NOT_FOUND"), options));
}

function sendProblem(
  reply: FastifyReply,
  error: unknown,
  { challenge, headers }: Pick<HttpOptions, "challenge" | "headers">,
): FastifyReply {
  const problem = toProblem(error);
  if (problem.status === 401) reply.header("www-authenticate", challenge);
  if (problem.status === 503 || problem.status === 429) {
    reply.header("retry-after", String(problem.fields["seconds"] ?? RETRY_AFTER_S));
  }
  return reply
    .headers({ ...HEADERS, ...headers })
    .code(problem.status)
    .type(PROBLEM_TYPE)
    .send(JSON.stringify(problem));
}

/** An answer may go out before all of the request has come in. The rest is not waited for longer than LINGER_MS. */
function lingerOver(request: IncomingMessage): void {
  if (request.complete) return;
  const timer = setTimeout(() => request.socket.destroy(), LINGER_MS);
  for (const event of ["end", "close"] as const) request.once(event, () => clearTimeout(timer));
}
