import type { IncomingHttpHeaders } from "node:http";
import { request } from "node:https";
import { onTestFinished } from "vitest";
import { addAuditor } from "../../src/app/attestation/auditors.ts";
import { type LookupServerOptions, openLookupServer } from "../../src/faces/http/lookup/lookup-server.ts";
import type { AttestedFleet } from "./attestation.ts";
import { loadCertificates } from "./certificates.ts";

/** The look-up face of a test fleet, listening on this machine; closed when the test has finished. */
export interface TestLookup {
  readonly port: number;
  readonly ca: string;
}

export interface LookupAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Of an answer in JSON. */
  readonly json: Record<string, unknown>;
}

export interface Looking {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Name and key of an auditor. */
  readonly as?: readonly [name: string, key: string];
}

export async function openTestLookup(
  { fleet, attestor }: Pick<AttestedFleet, "fleet" | "attestor">,
  change: Partial<LookupServerOptions> = {},
): Promise<TestLookup> {
  const { server, authority } = await loadCertificates();
  const options = { ...fleet, now: fleet.now, ...server, ...attestor, host: "127.0.0.1", port: 0, ...change };
  const face = await openLookupServer(options);
  onTestFinished(() => face.close());
  return { port: face.port, ca: authority.certificate };
}

/** An auditor of the fleet with his key. */
export async function addTestAuditor(
  { fleet }: Pick<AttestedFleet, "fleet">,
  name = "he.lan",
): Promise<[string, string]> {
  return [name, (await addAuditor(fleet, name, "operator")).key];
}

/** Makes one request on a connection of its own. */
export function look(lookup: TestLookup, path: string, looking: Looking = {}): Promise<LookupAnswer> {
  const { method = "GET", body = "", headers = {}, as } = looking;
  const authorization =
    as === undefined ? {} : { authorization: `Basic ${Buffer.from(as.join(":")).toString("base64")}` };
  return new Promise((resolve, reject) => {
    const sending = request(
      {
        ...{ host: "127.0.0.1", port: lookup.port, ca: lookup.ca, agent: false, method, path },
        headers: {
          ...(body === "" ? {} : { "content-length": String(Buffer.byteLength(body)) }),
          ...authorization,
          ...headers,
        },
      },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on("data", (part: Buffer) => parts.push(part));
        answer.on("error", reject);
        answer.on("end", () => {
          const text = Buffer.concat(parts).toString("utf8");
          const isJson = String(answer.headers["content-type"]).includes("json");
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            text,
            json: isJson ? JSON.parse(text) : {},
          });
        });
      },
    );
    sending.on("error", reject);
    sending.end(body);
  });
}

/** What a browser sends for the form. */
export function submit(lookup: TestLookup, number: string): Promise<LookupAnswer> {
  const body = new URLSearchParams({ number }).toString();
  return look(lookup, "/genuine", {
    ...{ method: "POST", body },
    headers: { "content-type": "application/x-www-form-urlencoded" },
  });
}
