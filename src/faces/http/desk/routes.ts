import type { FastifyInstance } from "fastify";
import type { Person, Policy } from "../../../../certs/trust/policy.ts";
import { MAX_UINT32 } from "../../../../proto/bounds.ts";
import { TillsyncError } from "../../../../proto/errors.ts";
import { RELEASE_ID_BYTES } from "../../../../proto/statement.ts";
import { type TrustBundle, toTrustBundleBytes } from "../../../../proto/trust-bundle.ts";
import type { Desk } from "../../../app/desk/desk.ts";
import { MAX_SIGNED_BODY_BYTES } from "../limits.ts";
import { verifyAsker, verifyBeforeBody, verifyBody } from "./approver.ts";
import type { Transfers } from "./transfers.ts";

export const BYTES_TYPE = "application/octet-stream";

export interface DeskRoutes {
  readonly desk: Desk;
  readonly transfers: Transfers;
  /** The policy of now. */
  readonly policy: () => Policy;
  /** What somebody lacks who holds this root version; the first of them answers one request. */
  readonly bundlesAfter: (rootVersion: number) => readonly TrustBundle[];
  /** Seconds. */
  readonly now: () => number;
}

declare module "fastify" {
  interface FastifyRequest {
    /** Who makes the request, once that is known. */
    approver?: Person;
  }
}

interface ById {
  readonly Params: { readonly id: string };
}

/** Trust metadata is signed, and public. */
export function addTrustRoutes(app: FastifyInstance, { bundlesAfter }: DeskRoutes): void {
  app.get("/v1/trust/bundle", async (request, reply) => {
    const [bundle] = bundlesAfter(parseAfter(request.query as Readonly<Record<string, unknown>>));
    if (bundle === undefined) throw new TillsyncError("NOT_FOUND");
    return reply.type(BYTES_TYPE).send(toTrustBundleBytes(bundle));
  });
}

/** Releases that wait for signatures: for approvers' eyes only. */
export function addReleaseRoutes(app: FastifyInstance, routes: DeskRoutes): void {
  const { desk, transfers, policy, now } = routes;

  app.get("/v1/releases", async (request, reply) => {
    request.approver = verifyAsker(policy(), request.raw, now());
    return reply.send({ releases: await desk.list() });
  });

  app.get<ById>("/v1/releases/:id", async (request, reply) => {
    request.approver = verifyAsker(policy(), request.raw, now());
    transfers.enter(reply.raw);
    const file = await desk.read(parseReleaseId(request.params.id));
    return reply.type(BYTES_TYPE).send(file);
  });

  app.post<ById>("/v1/releases/:id/signatures", {
    bodyLimit: MAX_SIGNED_BODY_BYTES,
    onRequest: async (request, reply) => {
      request.approver = verifyBeforeBody(policy(), request.raw, now());
      transfers.enter(reply.raw);
    },
    handler: async (request, reply) => {
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      verifyBody(request.raw, body);
      return reply.send(await desk.sign(parseReleaseId(request.params.id), body, request.approver?.id));
    },
  });
}

/** @throws TillsyncError FIELD_INVALID unless `after=N` is all there is, or nothing, which is 0 */
function parseAfter(query: Readonly<Record<string, unknown>>): number {
  const names = Object.keys(query);
  if (names.length === 0) return 0;
  const { after } = query;
  const isWhole = typeof after === "string" && /^(0|[1-9]\d{0,9})$/.test(after) && Number(after) <= MAX_UINT32;
  if (names.length !== 1 || !isWhole) throw new TillsyncError("FIELD_INVALID", { field: "after" });
  return Number(after);
}

/** @throws TillsyncError NOT_FOUND where there can be no release of that name */
function parseReleaseId(text: string): Uint8Array {
  const id = /^[0-9a-f]+$/.test(text) ? Buffer.from(text, "hex") : Buffer.alloc(0);
  if (id.length !== RELEASE_ID_BYTES) throw new TillsyncError("NOT_FOUND", { release: "malformed id" });
  return id;
}
