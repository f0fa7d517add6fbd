import type { IncomingHttpHeaders } from "node:http";
import { Agent, request } from "node:https";
import { onTestFinished } from "vitest";
import type { BusHandlers } from "../../broker/bus.ts";
import type { KeyAndCertificate } from "../../certs/x509/authority.ts";
import {
  DESIRED_PATH,
  NEXT_POLL_HEADER,
  POLLING_TYPE,
  parseDesired,
  parseUploaded,
  REPORTS_PATH,
  SESSION_HEADER,
  toUploadBytes,
  type UploadMessage,
} from "../../proto/polling.ts";
import type { Tusn } from "../../proto/tusn.ts";
import {
  openTerminalServer,
  type TerminalServer,
  type TerminalServerOptions,
} from "../../src/faces/http/terminal/terminal-server.ts";
import { openLog } from "../../src/log.ts";
import { loadCertificates } from "./certificates.ts";

/** The face where terminals poll, under the test certificates, on any free port of this machine. */
export async function openTestPolling(
  handlers: BusHandlers,
  change: Partial<TerminalServerOptions> = {},
): Promise<TerminalServer> {
  const { server, authority } = await loadCertificates();
  const options = { ...server, authority: authority.certificate, host: "127.0.0.1", port: 0 };
  const log = openLog("error", { write: () => undefined });
  const now = () => Math.floor(Date.now() / 1_000);
  return openTerminalServer({ ...options, log, now, ...change }, handlers);
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Code of a problem. */
  readonly code: string | undefined;
}

export interface AskedFor {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** A terminal that polls as a test says, on one connection that is kept. */
export class PollingTerminal {
  readonly #port: number;
  readonly #own: Partial<KeyAndCertificate>;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  session: string | undefined;
  etag: string | undefined;

  constructor(port: number, own: Partial<KeyAndCertificate>) {
    this.#port = port;
    this.#own = own;
    onTestFinished(() => this.end());
  }

  end(): void {
    this.#agent.destroy();
  }

  async ask({ method = "GET", path, headers = {}, body }: AskedFor): Promise<Answered> {
    const { authority } = await loadCertificates();
    const { key, certificate: cert } = this.#own;
    const session = this.session === undefined ? {} : { [SESSION_HEADER]: this.session };
    const isWhole = body !== undefined && headers["transfer-encoding"] === undefined;
    const length = isWhole ? { "content-length": body.length } : {};
    const options = {
      ...{ host: "127.0.0.1", port: this.#port, ca: authority.certificate, agent: this.#agent, method, path },
      ...(key === undefined || cert === undefined ? {} : { key, cert }),
      headers: { ...session, ...length, ...headers },
    };
    return new Promise((resolve, reject) => {
      const sending = request(options, (answer) => {
        const parts: Buffer[] = [];
        answer.on("data", (part: Buffer) => parts.push(part));
        answer.on("error", reject);
        answer.on("end", () => {
          const whole = Buffer.concat(parts);
          const isProblem = String(answer.headers["content-type"]).includes("problem");
          const code = isProblem ? String(JSON.parse(whole.toString("utf8")).code) : undefined;
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: whole, code });
        });
      });
      sending.on("error", reject);
      sending.end(body);
    });
  }

  /** What became of each message; the code of a problem where there was one. */
  async upload(...messages: readonly UploadMessage[]): Promise<readonly string[]> {
    const headers = { "content-type": POLLING_TYPE };
    const answer = await this.ask({ method: "POST", path: REPORTS_PATH, headers, body: toUploadBytes(messages) });
    if (answer.code !== undefined) return [`${answer.status} ${answer.code}`];
    this.session = String(answer.headers[SESSION_HEADER]);
    return parseUploaded(answer.body);
  }

  /** Messages that wait; what it is told where they do not come. */
  async poll(): Promise<readonly string[]> {
    const headers = this.etag === undefined ? {} : { "if-none-match": this.etag };
    const answer = await this.ask({ path: DESIRED_PATH, headers });
    if (answer.status !== 200) return [`${answer.status} ${answer.code ?? ""}`.trim()];
    this.etag = String(answer.headers.etag);
    if (!/^\d+$/.test(String(answer.headers[NEXT_POLL_HEADER]))) throw new Error("told no next poll");
    return parseDesired(answer.body).messages.map(({ kind, payload }) => `${kind} ${Buffer.from(payload)}`);
  }
}

/** The same under the terminal's genuine certificate. */
export async function toPollingTerminal(port: number, tusn: Tusn): Promise<PollingTerminal> {
  return new PollingTerminal(port, await (await loadCertificates()).terminal(tusn));
}

export function toSaid(kind: UploadMessage["kind"], text: string = kind): UploadMessage {
  return { kind, envelope: Buffer.from(text) };
}
