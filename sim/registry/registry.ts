import { timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import {
  createServer as createPlain,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { computeCryptogram } from "../../proto/cryptogram.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { parseTusn } from "../../proto/tusn.ts";
import type { Behaviour } from "./behaviour.ts";

// A registry of terminals as docs/registry.md describes one, which can be told to misbehave.

const PATH = "/v1/verifications";
const MAX_BODY_BYTES = 4_096;
const LOOPBACK = "127.0.0.1";

export interface RegistryTerminal {
  readonly tusn: string;
  /** 32 hexadecimal digits. */
  readonly snKey: string;
  readonly certificateNo?: string;
  readonly revoked?: boolean;
}

/** A question as it came in. */
export interface RegistryQuestion {
  readonly method: string;
  readonly path: string;
  readonly authorization: string;
  readonly contentType: string;
  readonly body: string;
}

export interface RegistryOptions {
  readonly terminals: readonly RegistryTerminal[];
  readonly port: number;
  /** PEM. */
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly token?: string;
}

export interface Registry {
  readonly port: number;
  /** What becomes of the next questions, in their order. */
  script(behaviours: readonly Behaviour[]): void;
  questions(): readonly RegistryQuestion[];
}

interface Answer {
  readonly verdict: "genuine" | "mismatch" | "unknown" | "revoked";
  readonly reference: string;
  readonly at: number;
}

/** @throws TillsyncError PORT_IN_USE */
export async function openRegistry({ terminals, port, tls, token }: RegistryOptions): Promise<Registry> {
  const known = new Map(terminals.map((terminal) => [terminal.tusn, terminal]));
  const script: Behaviour[] = [];
  const questions: RegistryQuestion[] = [];
  const take: RequestListener = async (request, response) => {
    const body = await readBody(request);
    const { authorization = "", "content-type": contentType = "" } = request.headers;
    questions.push({ method: request.method ?? "", path: request.url ?? "", authorization, contentType, body });
    const reference = `SIM-${String(questions.length).padStart(6, "0")}`;
    const toText = () => JSON.stringify(toAnswer(known, body, reference));
    if (request.url !== PATH || request.method !== "POST") send(response, 404, "{}");
    else if (token !== undefined && authorization !== `Bearer ${token}`) send(response, 401, "{}");
    else await behave(script.shift(), response, toText);
  };
  const server = tls === undefined ? createPlain(take) : createServer({ ...tls, minVersion: "TLSv1.3" }, take);
  server.listen(port, LOOPBACK);
  await once(server, "listening").catch((cause) => {
    throw new TillsyncError("PORT_IN_USE", { port }, cause);
  });
  return {
    port: (server.address() as AddressInfo).port,
    script: (behaviours) => void script.push(...behaviours),
    questions: () => questions,
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) break;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function toAnswer(known: ReadonlyMap<string, RegistryTerminal>, body: string, reference: string): Answer {
  const { tusn, factor, cryptogram, certificateNo } = JSON.parse(body);
  const at = Math.floor(Date.now() / 1_000);
  const terminal = known.get(tusn);
  if (terminal === undefined) return { verdict: "unknown", reference, at };
  if (terminal.revoked === true) return { verdict: "revoked", reference, at };
  const expected = computeCryptogram(Buffer.from(terminal.snKey, "hex"), parseTusn(tusn), factor);
  const isRight = timingSafeEqual(Buffer.from(expected), Buffer.from(String(cryptogram).padEnd(8).slice(0, 8)));
  const isModel = terminal.certificateNo === undefined || terminal.certificateNo === certificateNo;
  return { verdict: isRight && isModel ? "genuine" : "mismatch", reference, at };
}

async function behave(behaviour: Behaviour | undefined, response: ServerResponse, toText: () => string): Promise<void> {
  switch (behaviour?.kind) {
    case undefined:
      return send(response, 200, toText());
    case "late":
      await new Promise((resolve) => setTimeout(resolve, behaviour.ms));
      return send(response, 200, toText());
    case "status":
      return send(response, behaviour.status, "{}", behaviour.headers);
    case "body":
      return send(response, 200, behaviour.body, behaviour.headers);
    case "oversized":
      return send(response, 200, `{"verdict":"genuine","reference":"${"0".repeat(behaviour.bytes)}`);
    case "drip":
      return drip(response, toText(), behaviour.everyMs);
    case "close":
      response.socket?.destroy();
      return;
    case "cut":
      response.writeHead(200, { "content-type": "application/json", "content-length": "200" });
      response.write(toText(), () => response.socket?.destroy());
      return;
    case "silence":
      return;
  }
}

function drip(response: ServerResponse, text: string, everyMs: number): void {
  response.writeHead(200, { "content-type": "application/json" });
  let at = 0;
  const timer = setInterval(() => {
    if (at < text.length - 1) response.write(text[at]);
    at += 1;
  }, everyMs);
  response.on("close", () => clearInterval(timer));
}

function send(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(body);
}
