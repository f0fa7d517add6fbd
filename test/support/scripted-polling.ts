import { once } from "node:events";
import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import {
  DESIRED_PATH,
  type DesiredMessage,
  NEXT_POLL_HEADER,
  parseUpload,
  SESSION_HEADER,
  toDesiredBytes,
  toEntityTag,
  toUploadedBytes,
  type UploadMessage,
} from "../../proto/polling.ts";
import { loadCertificates } from "./certificates.ts";

/** A request as the service got it. */
export interface Heard {
  readonly isPoll: boolean;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** What was uploaded; nothing where it was a poll. */
  readonly messages: readonly UploadMessage[];
}

export interface Scripted {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** A service in a test's hands, or an attacker's, over real TLS. */
export interface ScriptedPolling {
  readonly url: URL;
  readonly heard: readonly Heard[];
  /** What becomes of the next requests; what an honest service answers where it gives nothing. */
  answer: (heard: Heard, response: ServerResponse) => Scripted | "taken" | undefined;
  /** What waits, under this number. */
  number: number;
  waiting: readonly DesiredMessage[];
  nextPollS: number;
  close(): Promise<void>;
}

export const SESSION = "0123456789abcdef".repeat(2);

export async function openScriptedPolling(tls: object = {}): Promise<ScriptedPolling> {
  const { server: own, authority } = await loadCertificates();
  const heard: Heard[] = [];
  const server = createServer(
    {
      ...{ key: own.key, cert: own.certificate, ca: authority.certificate },
      ...{ requestCert: true, rejectUnauthorized: true, minVersion: "TLSv1.3" },
      ...tls,
    },
    (request, response) => {
      const parts: Buffer[] = [];
      request.on("error", () => undefined);
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        const isPoll = request.method === "GET";
        const messages = isPoll ? [] : parseUpload(Buffer.concat(parts));
        const one = { isPoll, path: request.url ?? "", headers: request.headers, messages };
        heard.push(one);
        const scripted = service.answer(one, response) ?? toHonest(one);
        if (scripted === "taken") return;
        response.writeHead(scripted.status, scripted.headers).end(scripted.body);
      });
    },
  );
  server.on("tlsClientError", () => undefined);

  function toHonest({ path, messages, headers }: Heard): Scripted {
    const next = { [NEXT_POLL_HEADER]: String(service.nextPollS) };
    if (path !== DESIRED_PATH) {
      const codes = messages.map(() => "" as const);
      return { status: 200, headers: { ...next, [SESSION_HEADER]: SESSION }, body: toUploadedBytes(codes) };
    }
    const body = toDesiredBytes({ number: service.number, messages: service.waiting });
    const etag = toEntityTag(body);
    return headers["if-none-match"] === etag
      ? { status: 304, headers: { ...next, etag } }
      : { status: 200, headers: { ...next, etag }, body };
  }

  const listening = once(server, "listening");
  server.listen(0, "127.0.0.1");
  await listening;
  const service: ScriptedPolling = {
    url: new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}`),
    heard,
    answer: () => undefined,
    number: 1,
    waiting: [],
    nextPollS: 20,
    close: async () => {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  onTestFinished(() => service.close());
  return service;
}
