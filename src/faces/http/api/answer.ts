import type { FastifyReply, FastifyRequest } from "fastify";
import { TillsyncError } from "../../../../proto/errors.ts";
import type { Actor } from "../../../domain/accounts/actor.ts";
import type { Call, Download, Endpoint, Services, Watch } from "./endpoint.ts";
import { verifyRight } from "./gate.ts";
import { doOnce, type SentAnswer, toRequestDigest } from "./idempotency.ts";
import { isHeld, toPrecondition, toReadTag, toTag } from "./precondition.ts";
import { toMerchants } from "./scope.ts";
import { parseEventId, type Streams } from "./streams.ts";

export const JSON_TYPE = "application/json";
const NOT_MODIFIED = 304;
const KEY = /^[\x21-\x7e]{1,64}$/;

/** Whoever is not known. He has no right that a handler could come upon. */
const STRANGER: Actor = {
  ...{ name: "", role: "agent", merchants: new Set(), via: "session", person: "", isNew: true },
};

export interface AnswerParts {
  readonly services: Services;
  readonly streams: Streams;
}

/** Does what a checked request asks for, and sends what came of it. */
export async function answerCall(
  row: Endpoint,
  parts: AnswerParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const call = toCall(request);
  if (row.sends === "events") return sendEvents(row, parts, call, request, reply);
  if (row.sends === "file") return sendFile(reply, (await row.handle(parts.services, call)) as Download);
  const work = async (): Promise<SentAnswer> => toSent(row, reply, await handle(row, parts, call));
  const key = row.changes === true && row.right !== "public" ? readKey(request) : undefined;
  const { status, etag, body } =
    key === undefined
      ? await work()
      : await doOnce(
          parts.services.context,
          {
            ...{ actor: call.actor.name, key, tellsOnce: row.tellsOnce === true },
            digest: toDigestOf(request),
          },
          work,
        ).catch((error: unknown) => throwLater(reply, error));
  if (etag !== "") reply.header("etag", etag);
  if (row.method === "GET" && isHeld(request.headers["if-none-match"], etag)) return reply.code(NOT_MODIFIED).send();
  reply.code(status);
  return body === "" ? reply.send() : reply.type(`${JSON_TYPE}; charset=utf-8`).send(body);
}

function toCall(request: FastifyRequest): Call<unknown, unknown, unknown> {
  const { actor = STRANGER, apiBearer = "", apiBody, apiSeen = 0, ip, params, query, body } = request;
  return {
    ...{ actor, bearer: apiBearer, origin: ip, params, query, body, seen: apiSeen },
    bytes: apiBody ?? new Uint8Array(0),
  };
}

async function handle(
  row: Endpoint,
  { services }: AnswerParts,
  call: Call<unknown, unknown, unknown>,
): Promise<unknown> {
  try {
    return await row.handle(services, call);
  } catch (error) {
    throw row.ifMatch === true ? toPrecondition(error) : error;
  }
}

/** In JSON, by the schema of the row: what it does not name is left out. */
function toSent({ method, status, answer, tag }: Endpoint, reply: FastifyReply, result: unknown): SentAnswer {
  if (answer === undefined) return { status, etag: "", body: "" };
  const plain = toPlain(result);
  const serialize = reply.getSerializationFunction(String(status), JSON_TYPE);
  if (serialize === undefined) throw new TillsyncError("INTERNAL");
  const body = String(serialize(plain as Record<string, unknown>));
  const version = tag === undefined ? undefined : (plain as Readonly<Record<string, unknown>>)[tag];
  if (version === undefined) return { status, etag: "", body };
  return { status, etag: method === "GET" ? toReadTag(Number(version), body) : toTag(Number(version)), body };
}

/** Bytes as hexadecimal text wherever they stand. */
function toPlain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Array.isArray(value)) return value.map(toPlain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, toPlain(member)]));
}

/** @throws TillsyncError FIELD_INVALID */
function readKey({ headers }: FastifyRequest): string | undefined {
  const key = headers["idempotency-key"];
  if (key === undefined) return undefined;
  if (typeof key !== "string" || !KEY.test(key)) throw new TillsyncError("FIELD_INVALID", { field: "idempotency-key" });
  return key;
}

/** Whoever comes too early is told when to come again. */
function throwLater(reply: FastifyReply, error: unknown): never {
  const isEarly = error instanceof TillsyncError && error.code === "IDEMPOTENCY_CONFLICT";
  const seconds = isEarly ? error.fields["seconds"] : undefined;
  if (seconds !== undefined) reply.header("retry-after", String(seconds));
  throw error;
}

function toDigestOf({ method, url, headers, apiBody }: FastifyRequest): Uint8Array {
  const { "if-match": match = "", "content-type": type = "" } = headers;
  return toRequestDigest([method, url, match, type, apiBody ?? ""]);
}

/** Never shown by a browser as a page of ours, whatever it is. */
function sendFile(reply: FastifyReply, { type, name, bytes }: Download): FastifyReply {
  return reply.header("content-disposition", `attachment; filename="${name}"`).type(type).send(Buffer.from(bytes));
}

async function sendEvents(
  row: Endpoint,
  { services, streams }: AnswerParts,
  call: Call<unknown, unknown, unknown>,
  { headers }: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { changeId, fromFirst } = (await row.handle(services, call)) as Watch;
  const last = headers["last-event-id"];
  const after = typeof last === "string" ? parseEventId(last) : fromFirst ? 0 : undefined;
  const sent = Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)] as const);
  await streams.open(
    {
      ...{ actor: call.actor.name, merchants: toMerchants(call.actor), headers: Object.fromEntries(sent) },
      ...(changeId === undefined ? {} : { changeId }),
      ...(after === undefined ? {} : { after }),
      verify: async () => verifySame(row, call.actor, await services.accounts.watch(call.bearer)),
    },
    reply.raw,
  );
  return reply.hijack();
}

/** Whoever has another scope by now has to come again. */
function verifySame(row: Endpoint, before: Actor, now: Actor): void {
  verifyRight(now, row);
  const [old, present] = [before, now].map((actor) => JSON.stringify([...(toMerchants(actor) ?? ["all"])].toSorted()));
  if (old !== present) throw new TillsyncError("ROLE_NOT_ALLOWED", { expected: "the scope that it began with" });
}
