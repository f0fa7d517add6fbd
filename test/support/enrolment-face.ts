import { type RequestOptions, request } from "node:https";
import { onTestFinished } from "vitest";
import type { KeyAndCertificate } from "../../certs/x509/authority.ts";
import { type EnrolmentServerOptions, openEnrolmentServer } from "../../src/faces/http/enrolment/enrolment-server.ts";
import { loadCertificates } from "./certificates.ts";
import type { Answer } from "./desk-client.ts";
import type { TestFleet } from "./fleet-store.ts";

/** The face where terminals enrol, over real TLS on this machine; closed when the test has finished. */
export interface TestFace {
  readonly port: number;
  /** PEM of the authority. */
  readonly authority: string;
}

export async function openTestFace(fleet: TestFleet, change: Partial<EnrolmentServerOptions> = {}): Promise<TestFace> {
  const { server, authority } = await loadCertificates();
  const settings = { certificateDays: 30 };
  const common = { ...fleet, now: fleet.now, ...server, authority, settings, verifiers: [], refusalMs: 0 };
  const face = await openEnrolmentServer({ ...common, host: "127.0.0.1", port: 0, ...change });
  onTestFinished(face.close);
  return { port: face.port, authority: authority.certificate };
}

export interface Asked {
  readonly method?: string;
  readonly body?: Uint8Array | string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The client's own certificate. */
  readonly own?: KeyAndCertificate;
}

/** Makes one request on a connection of its own. */
export function askFace(face: TestFace, path: string, asked: Asked = {}): Promise<Answer> {
  const { method = "POST", body = "", headers = {}, own } = asked;
  const bytes = Buffer.from(body);
  const options: RequestOptions = {
    ...{ host: "127.0.0.1", port: face.port, ca: face.authority, agent: false, method, path },
    ...(own === undefined ? {} : { key: own.key, cert: own.certificate }),
    headers: { "content-length": String(bytes.length), ...headers },
  };
  return new Promise((resolve, reject) => {
    const sending = request(options, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part));
      answer.on("error", reject);
      answer.on("end", () => {
        const whole = Buffer.concat(parts);
        const isJson = String(answer.headers["content-type"]).includes("json");
        const json = isJson ? JSON.parse(whole.toString("utf8")) : {};
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: whole, json });
      });
    });
    sending.on("error", reject);
    sending.end(bytes);
  });
}

export function askJson(face: TestFace, path: string, body: object, own?: KeyAndCertificate): Promise<Answer> {
  const headers = { "content-type": "application/json" };
  return askFace(face, path, { body: JSON.stringify(body), headers, ...(own === undefined ? {} : { own }) });
}
