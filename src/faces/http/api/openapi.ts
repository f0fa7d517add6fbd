import swagger from "@fastify/swagger";
import type { FastifyInstance, FastifySchema, FastifyServerOptions } from "fastify";
import { type TSchema, Type } from "typebox";
import { RIGHTS } from "../../../domain/accounts/rights.ts";
import type { Endpoint } from "./endpoint.ts";
import { Members } from "./schemas.ts";

export const API_PREFIX = "/api/v1";

const NOT_MODIFIED = 304;
const PROBLEM_TYPE = "application/problem+json";
const DESCRIPTION = [
  "Device management for fleets of POS terminals. Every error is an RFC 9457 problem with a code of docs/errors.md.",
  "Lists come in pages: `next` of one page is `after` of the following.",
  "Requests that change something take an `Idempotency-Key`: the same request with the same key has one effect.",
].join(" ");

/** Nothing that comes in is altered to fit: it fits, or is refused. */
export const AJV: NonNullable<FastifyServerOptions["ajv"]> = {
  customOptions: {
    ...{ coerceTypes: false, removeAdditional: false, useDefaults: false, allErrors: false },
    ...{ strict: true, allowUnionTypes: true },
  },
};

/** Any bytes: of them a schema has nothing to say. */
const FILE = { description: "A file" };

/** Path as the router has it. */
export function toUrl(path: string): string {
  return `${API_PREFIX}${path.replace(/\{(\w+)\}/g, ":$1")}`;
}

/** Collects what is told of the routes that are added after this. */
export function addOpenapi(app: FastifyInstance): void {
  void app.register(swagger, {
    refResolver: { buildLocalReference: (schema, _base, _fragment, n) => String(schema["$id"] ?? `schema-${n}`) },
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Tillsync",
        version: "1",
        description: DESCRIPTION,
        license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      },
      servers: [{ url: "https://{host}:8887", variables: { host: { default: "localhost" } } }],
      components: { securitySchemes: { bearer: { type: "http", scheme: "bearer" } } },
    },
  });
}

/** What a route checks and tells of itself, from its row. */
export function toRouteSchema(row: Endpoint): FastifySchema {
  const { params, query, body, bytes, group, summary, right } = row;
  const isPublic = right === "public";
  return {
    tags: [group],
    summary,
    description: toDescription(row),
    operationId: toOperationId(row),
    security: isPublic ? [] : [{ bearer: [] }],
    headers: toHeaders(row),
    ...(params === undefined ? {} : { params }),
    querystring: query ?? Members({}),
    ...(body === undefined ? {} : { body }),
    ...(bytes === undefined ? {} : { consumes: [...bytes.types], body: FILE }),
    response: toResponses(row),
  } as FastifySchema;
}

function toDescription({ right, reach, byPerson }: Endpoint): string {
  if (right === "public") return "For everybody.";
  const roles = RIGHTS[right].filter((role) => reach !== "whole" || role !== "agent").join(", ");
  const scope = reach === "scoped" ? " Within their scope." : "";
  return `Right \`${right}\`: ${roles}.${scope}${byPerson === true ? " By a person, with no API key." : ""}`;
}

function toOperationId({ method, path }: Endpoint): string {
  const words = path.split("/").filter((word) => word !== "");
  return [method.toLowerCase(), ...words.map((word) => word.replace(/[{}.]/g, "_"))].join("-").replaceAll("_", "");
}

function toHeaders({ method, changes, right, ifMatch, sends, tag }: Endpoint): TSchema {
  return Type.Object({
    ...(changes === true && right !== "public"
      ? { "idempotency-key": Type.Optional(Type.String({ pattern: "^[!-~]{1,64}$" })) }
      : {}),
    ...(ifMatch === true ? { "if-match": Type.String({ description: "ETag of what was read" }) } : {}),
    ...(tag !== undefined && method === "GET"
      ? { "if-none-match": Type.Optional(Type.String({ description: "ETags of what was read before" })) }
      : {}),
    ...(sends === "events"
      ? { "last-event-id": Type.Optional(Type.String({ description: "Id of the last event that came" })) }
      : {}),
  });
}

function toResponses({ method, status, answer, sends, tag }: Endpoint): Readonly<Record<string, unknown>> {
  const headers = tag === undefined ? {} : { headers: { etag: { type: "string", description: "Its version" } } };
  const held =
    tag === undefined || method !== "GET"
      ? {}
      : { [NOT_MODIFIED]: { description: "It is as If-None-Match has it", ...headers, type: "null" } };
  const problem = { description: "A problem", content: { [PROBLEM_TYPE]: { schema: { $ref: "Problem#" } } } };
  return { [status]: { description: "Done", ...headers, ...toContent(answer, sends) }, ...held, default: problem };
}

function toContent(answer: TSchema | undefined, sends: Endpoint["sends"]): object {
  if (sends === "events") return { content: { "text/event-stream": { schema: Type.String() } } };
  if (sends === "file") return { content: { "*/*": { schema: FILE } } };
  return answer === undefined ? { type: "null" } : { content: { "application/json": { schema: answer } } };
}
