import { once } from "node:events";
import {
  createServer as createPlain,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { TillsyncError } from "../../proto/errors.ts";
import type { Behaviour } from "./behaviour.ts";
import { type Incoming, type Outgoing, Refusal, type Scheme } from "./scheme.ts";

// The sockets of a simulated acquirer, which can be told to misbehave.

const LOOPBACK = "127.0.0.1";
const MAX_BODY_BYTES = 65_536;

export interface ServerOptions {
  readonly scheme: Scheme;
  /** 0 takes any free port. */
  readonly port: number;
  /** PEM. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface AcquirerServer {
  readonly port: number;
  /** What becomes of the next requests, in their order. */
  script(behaviours: readonly Behaviour[]): void;
  requests(): readonly Incoming[];
  close(): Promise<void>;
}

interface Sent {
  readonly outgoing: Outgoing;
  readonly headers: Readonly<Record<string, string>>;
}

/** @throws TillsyncError PORT_IN_USE */
export async function openAcquirerServer({ scheme, port, tls }: ServerOptions): Promise<AcquirerServer> {
  const script: Behaviour[] = [];
  const requests: Incoming[] = [];
  const sent: Sent[] = [];
  const take: RequestListener = async (message, response) => {
    const { method = "", url: path = "", headers } = message;
    const request: Incoming = { method, path, headers, body: await readBody(message) };
    requests.push(request);
    await behave({ scheme, request, response, sent }, script.shift());
  };
  const server = tls === undefined ? createPlain(take) : createServer({ ...tls, minVersion: "TLSv1.3" }, take);
  server.listen(port, LOOPBACK);
  await once(server, "listening").catch((cause) => {
    throw new TillsyncError("PORT_IN_USE", { port }, cause);
  });
  return {
    port: (server.address() as AddressInfo).port,
    script: (behaviours) => void script.push(...behaviours),
    requests: () => requests,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

interface Turn {
  readonly scheme: Scheme;
  readonly request: Incoming;
  readonly response: ServerResponse;
  readonly sent: Sent[];
}

async function behave(turn: Turn, behaviour: Behaviour | undefined): Promise<void> {
  const { scheme, request, response, sent } = turn;
  const now = Math.floor(Date.now() / 1_000);
  const answer = (outgoing: Outgoing, at = now, wrongly = false, more: Readonly<Record<string, string>> = {}) => {
    const headers = { ...scheme.sign(request, outgoing, at, wrongly), ...more };
    sent.push({ outgoing, headers });
    send(response, outgoing, headers);
  };
  if (behaviour === undefined) return answer(act(turn));
  switch (behaviour.kind) {
    case "late": {
      const outgoing = act(turn);
      await new Promise((resolve) => setTimeout(resolve, behaviour.ms));
      return answer(outgoing);
    }
    case "refuse":
      return answer(scheme.toRefusal(new Refusal(behaviour.status, behaviour.code, behaviour.words)));
    case "status":
      return send(response, { status: behaviour.status, body: "{}" }, behaviour.headers);
    case "drop":
      act(turn);
      response.socket?.destroy();
      return;
    case "close":
      response.socket?.destroy();
      return;
    case "silence":
      act(turn);
      return;
    case "sign_wrongly":
      return answer(act(turn), now, true);
    case "unsigned":
      return send(response, act(turn));
    case "sign_at":
      return answer(act(turn), now + behaviour.aheadS);
    case "replay": {
      act(turn);
      const last = sent.at(-1);
      return last === undefined
        ? send(response, { status: 200, body: "{}" })
        : send(response, last.outgoing, last.headers);
    }
    case "body": {
      const type: Record<string, string> = behaviour.type === undefined ? {} : { "content-type": behaviour.type };
      return answer({ status: act(turn).status, body: behaviour.body }, now, false, type);
    }
    case "oversized":
      return answer({ status: act(turn).status, body: `{"words":"${"0".repeat(behaviour.bytes)}"}` });
  }
}

function act({ scheme, request }: Turn): Outgoing {
  try {
    return scheme.handle(request);
  } catch (error) {
    if (error instanceof Refusal) return scheme.toRefusal(error);
    throw error;
  }
}

async function readBody(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) break;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function send(
  response: ServerResponse,
  { status, body }: Outgoing,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(body);
}
