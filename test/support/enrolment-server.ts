import { createPublicKey, type KeyObject } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import forge from "node-forge";
import { issueTerminalCertificate, type KeyAndCertificate } from "../../certs/x509/authority.ts";
import { parseTusn, type Tusn } from "../../proto/tusn.ts";
import { loadCertificates } from "./certificates.ts";

// The service's enrolment as a terminal meets it: real HTTPS, and whatever answers a test says.

export interface EnrolmentCall {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Certificate that the terminal showed, in PEM. */
  readonly shown: string | undefined;
}

export interface EnrolmentReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON, or the body as it is. */
  readonly body?: object | string;
}

/** What to answer; a function writes the answer itself. Undefined leaves it to a service that admits everybody. */
export type Answering = (
  call: EnrolmentCall,
) => EnrolmentReply | ((response: ServerResponse) => void) | undefined | Promise<EnrolmentReply | undefined>;

export interface EnrolmentServer {
  readonly url: string;
  readonly calls: readonly EnrolmentCall[];
  close(): Promise<void>;
}

export interface Certified {
  readonly tusn?: Tusn;
  /** In place of the key that the request names. */
  readonly publicKey?: KeyObject;
  readonly authority?: KeyAndCertificate;
  readonly now?: Date;
  readonly days?: number;
}

const VALID_DAYS = 30;

/** A certificate for a request in PEM, which has to be signed with its own key; `certified` as a bad service would. */
export async function certify(pem: unknown, certified: Certified = {}): Promise<string> {
  const request = forge.pki.certificationRequestFromPem(String(pem));
  if (!request.verify()) throw new Error("the request's own key did not sign it");
  const { authority } = await loadCertificates();
  const { tusn = parseTusn(request.subject.getField("CN").value), days = VALID_DAYS, now = new Date() } = certified;
  const publicKey =
    certified.publicKey ?? createPublicKey(forge.pki.publicKeyToPem(request.publicKey as forge.pki.PublicKey));
  return issueTerminalCertificate(certified.authority ?? authority, { tusn, publicKey, days, now });
}

/** The answer that brings a certificate. */
export async function toIssued(pem: unknown, certified: Certified = {}): Promise<EnrolmentReply> {
  const { authority } = await loadCertificates();
  return { body: { certificate: await certify(pem, certified), chain: authority.certificate } };
}

export const toProblem = (code: string, status = 403): EnrolmentReply => ({
  status,
  headers: { "content-type": "application/problem+json" },
  body: { type: `urn:tillsync:${code}`, title: "refused", status, code, fields: {} },
});

export const toPending = (seconds = 1): EnrolmentReply => ({
  status: 202,
  headers: { "retry-after": String(seconds) },
  body: { state: "pending" },
});

/** @param identity in place of the server's key and certificate, which are good for 127.0.0.1 and localhost */
export async function openEnrolmentServer(
  answer: Answering = () => undefined,
  identity: { readonly identity?: KeyAndCertificate; readonly tls?: object } = {},
): Promise<EnrolmentServer> {
  const { server: own, authority } = await loadCertificates();
  const { key, certificate } = identity.identity ?? own;
  const calls: EnrolmentCall[] = [];
  const server = createServer(
    {
      ...{ key, cert: certificate, ca: authority.certificate, minVersion: "TLSv1.3" },
      ...{ requestCert: true, rejectUnauthorized: false, ...identity.tls },
    },
    async (request, response) => {
      const call = await readCall(request);
      calls.push(call);
      const reply = (await answer(call)) ?? (await admitEverybody(call));
      if (typeof reply === "function") reply(response);
      else send(response, reply);
    },
  );
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket.on("error", () => {})));
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    calls,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

async function admitEverybody({ path, body, shown }: EnrolmentCall): Promise<EnrolmentReply> {
  if (path === "/enrol/v1/challenges") return { body: { factor: null, expires: 0 } };
  if (path === "/enrol/v1/certificates") return toIssued(body["request"]);
  if (path === "/enrol/v1/renewals" && shown !== undefined) return toIssued(body["request"]);
  return toProblem("NOT_FOUND", 404);
}

async function readCall(request: IncomingMessage): Promise<EnrolmentCall> {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  const socket = request.socket as TLSSocket;
  const shown = socket.authorized ? socket.getPeerX509Certificate()?.toString() : undefined;
  return { path: request.url ?? "", body: JSON.parse(Buffer.concat(parts).toString("utf8")), shown };
}

function send(response: ServerResponse, { status = 200, headers = {}, body = {} }: EnrolmentReply): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}
