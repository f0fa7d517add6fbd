import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Peer } from "../../../../broker/bus.ts";
import type { Polling } from "../../../../broker/polling/polling.ts";
import { MAX_UPLOAD_BYTES } from "../../../../proto/bounds.ts";
import { check } from "../../../../proto/check.ts";
import {
  DESIRED_PATH,
  NEXT_POLL_HEADER,
  POLLING_TYPE,
  parseUpload,
  REPORTS_PATH,
  SESSION_HEADER,
  toUploadedBytes,
} from "../../../../proto/polling.ts";
import type { RateLimit } from "../rate-limit.ts";
import { NOT_STORED_S } from "./limits.ts";
import { readPeer } from "./peer.ts";

export interface TerminalRoutes {
  readonly polling: Polling;
  readonly rate: RateLimit;
  /** Seconds. */
  now(): number;
}

/** What terminals that poll ask for (clause 5.10). Nothing in path, headers or body names one. */
export function addTerminalRoutes(app: FastifyInstance, { polling, rate, now }: TerminalRoutes): void {
  const peers = new WeakMap<FastifyRequest, Peer>();
  // Before the body is read.
  app.addHook("onRequest", async (request) => {
    const peer = readPeer(request, now());
    rate.take(peer.tusn);
    peers.set(request, peer);
  });
  const toPeer = (request: FastifyRequest) => peers.get(request) ?? readPeer(request, now());

  app.post(REPORTS_PATH, { bodyLimit: MAX_UPLOAD_BYTES }, async (request, reply) => {
    check(request.headers["content-type"] === POLLING_TYPE, "content-type");
    check(Buffer.isBuffer(request.body), "body");
    const messages = parseUpload(request.body as Uint8Array);
    const { session, codes, nextPollS } = await polling.upload(toPeer(request), readSession(request), messages);
    if (codes.some((code) => code !== "")) reply.header("retry-after", String(NOT_STORED_S));
    return reply
      .headers({ [SESSION_HEADER]: session, [NEXT_POLL_HEADER]: String(nextPollS) })
      .type(POLLING_TYPE)
      .send(Buffer.from(toUploadedBytes(codes)));
  });

  app.get(DESIRED_PATH, async (request, reply) => {
    const { etag, bytes, nextPollS } = polling.desired(toPeer(request), readSession(request), readTags(request));
    reply.headers({ etag, [NEXT_POLL_HEADER]: String(nextPollS) });
    if (bytes === undefined) return reply.code(304).send();
    return reply.type(POLLING_TYPE).send(Buffer.from(bytes));
  });
}

function readSession({ headers }: FastifyRequest): string | undefined {
  const id = headers[SESSION_HEADER];
  return typeof id === "string" ? id : undefined;
}

/** By weak comparison (RFC 9110, section 13.1.2). `*` names no content that the terminal could have taken. */
function readTags({ headers }: FastifyRequest): readonly string[] {
  return (headers["if-none-match"] ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, ""));
}
