import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from "fastify";
import { check } from "../../../../proto/check.ts";
import { TillsyncError } from "../../../../proto/errors.ts";
import { JSON_TYPE } from "./answer.ts";
import type { Endpoint } from "./endpoint.ts";
import { parseJsonBody } from "./json-body.ts";
import { MAX_JSON_BYTES } from "./limits.ts";
import { toRouteSchema, toUrl } from "./openapi.ts";
import { parseIfMatch } from "./precondition.ts";
import { readQuery } from "./query-text.ts";
import { toFieldError } from "./schema-error.ts";
import { Problem } from "./schemas.ts";

const NO_BODY_BYTES = 1;
const METHOD_NOT_ALLOWED = 405;
/** Every method that a route can be asked with. */
const ALL_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] as const;

declare module "fastify" {
  interface FastifyRequest {
    /** The bytes of a body of the API, before anything was made of them. */
    apiBody?: Buffer;
    apiBearer?: string;
    /** Version that If-Match names. */
    apiSeen?: number;
  }
}

/** What is done with requests. */
export interface ApiWork {
  /** Before a byte of the body is read: lets whoever asks in, or throws. */
  enter(row: Endpoint, request: FastifyRequest, reply: FastifyReply): Promise<void>;
  /** Once all of the request was found to be as its row has it. */
  answer(row: Endpoint, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply>;
}

/** Adds a route for each row of the table, and a refusal of every other method on its path. */
export function addEndpoints(app: FastifyInstance, table: readonly Endpoint[], work: ApiWork): void {
  app.setSchemaErrorFormatter(toFieldError);
  app.addSchema(Problem);
  // JSON and files apart: where the one is taken, the other is not.
  void app.register(async (json) => {
    json.removeAllContentTypeParsers();
    json.addContentTypeParser(JSON_TYPE, { parseAs: "buffer" }, async (request: FastifyRequest, body: Buffer) => {
      request.apiBody = body;
      return body.length === 0 ? undefined : parseJsonBody(body);
    });
    for (const row of table.filter(({ bytes }) => bytes === undefined)) addEndpoint(json, row, work);
  });
  for (const row of table) {
    const { bytes } = row;
    if (bytes === undefined) continue;
    void app.register(async (raw) => {
      raw.removeAllContentTypeParsers();
      raw.addContentTypeParser(
        [...bytes.types],
        { parseAs: "buffer" },
        async (request: FastifyRequest, body: Buffer) => {
          request.apiBody = body;
          return undefined;
        },
      );
      addEndpoint(raw, row, work);
    });
  }
  addRefusals(app, table);
}

function addEndpoint(app: FastifyInstance, row: Endpoint, work: ApiWork): void {
  app.route({
    method: row.method,
    url: toUrl(row.path),
    schema: toRouteSchema(row),
    bodyLimit: toBodyLimit(row),
    onRequest: async (request, reply) => {
      await work.enter(row, request, reply);
      if (row.ifMatch === true) request.apiSeen = parseIfMatch(request.headers["if-match"]);
    },
    preValidation: async (request) => {
      request.query = readQuery(row.query, request.query as Readonly<Record<string, unknown>>);
      const hasBody = (request.apiBody?.length ?? 0) > 0;
      if (row.bytes !== undefined || row.body !== undefined) {
        if (!hasBody) throw new TillsyncError("FIELD_MISSING", { field: "body" });
      } else check(!hasBody, "body");
    },
    handler: (request, reply) => work.answer(row, request, reply),
  });
}

function toBodyLimit({ bytes, body, maxBytes = MAX_JSON_BYTES }: Endpoint): number {
  if (bytes !== undefined) return bytes.maxBytes;
  return body === undefined ? NO_BODY_BYTES : maxBytes;
}

/** A path that there is, asked with another method (RFC 9110, section 15.5.6). */
function addRefusals(app: FastifyInstance, table: readonly Endpoint[]): void {
  for (const path of new Set(table.map((row) => row.path))) {
    const allowed: readonly string[] = table.filter((row) => row.path === path).map(({ method }) => method);
    app.route({
      method: ALL_METHODS.filter((method) => !allowed.includes(method)) as HTTPMethods[],
      url: toUrl(path),
      schema: { hide: true },
      onRequest: async (_request, reply) => {
        reply.header("allow", allowed.join(", "));
        throw new MethodError();
      },
      handler: async () => undefined,
    });
  }
}

/** In the form in which the library tells its own refusals. */
class MethodError extends Error {
  readonly statusCode = METHOD_NOT_ALLOWED;
}
