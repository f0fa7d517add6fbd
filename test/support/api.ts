import type { IncomingHttpHeaders } from "node:http";
import { Agent, request } from "node:https";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { onTestFinished } from "vitest";
import type { Accounts } from "../../src/app/accounts/accounts.ts";
import type { NewAccount } from "../../src/app/accounts/administration.ts";
import { openAccounts } from "../../src/app/accounts/open-accounts.ts";
import type { Acquirer } from "../../src/app/acquirers/acquirer.ts";
import type { OrderRunner } from "../../src/app/acquirers/runner.ts";
import type { AcquirerSettings } from "../../src/app/acquirers/settings.ts";
import { openOrderRunner } from "../../src/app/changes/service.ts";
import type { Role } from "../../src/domain/accounts/roles.ts";
import { type ApiServerOptions, openApiServer } from "../../src/faces/http/api/api-server.ts";
import { ACT, CHEAP, CountingArgon2, ORIGIN, toCodes } from "./accounts.ts";
import { loadCertificates } from "./certificates.ts";
import { type ChangeDesk, openChangeDesk } from "./changes.ts";
import { MERCHANT } from "./fleet-store.ts";
import { readFont } from "./font.ts";
import { ManualTimers } from "./manual-timers.ts";

const PREFIX = "/api/v1";
/** Far more than any test asks: limits of rate have tests of their own. */
const GENEROUS = { burst: 100_000, perMinute: 100_000 };

/** Somebody with an account whose password is chosen and whose second factor is set, and a session of his. */
export interface ApiPerson {
  readonly name: string;
  readonly password: string;
  readonly token: string;
  /** The code of this moment, or of some steps before or after it. */
  code(steps?: number): string;
}

/** The API of a fleet of one merchant, listening on this machine; closed when the test has finished. */
export interface TestApi extends ChangeDesk {
  readonly port: number;
  readonly ca: string;
  readonly accounts: Accounts;
  /** What the API's looks at the database wait for. */
  readonly timers: ManualTimers;
  /** What drives orders to the acquirers; none is set up unless a test does. */
  readonly orders: OrderRunner;
  setUp(settings: AcquirerSettings, acquirer: Acquirer): void;
  addPerson(name: string, role: Role, change?: Partial<NewAccount>): Promise<ApiPerson>;
  /** The token of somebody in that role; an agent's scope is the fleet's merchant. */
  as(role: Role): Promise<string>;
}

export interface ApiAsking {
  readonly method?: string;
  /** Token or key of whoever asks. */
  readonly as?: string | undefined;
  /** Sent as JSON, or as it is where it is bytes. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Connections to use again; one of its own where absent. */
  readonly agent?: Agent;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  // Tests look into answers of any shape.
  readonly json: Readonly<Record<string, unknown>>;
  /** Of a problem; else empty. */
  readonly code: string;
}

export async function openTestApi(change: Partial<ApiServerOptions> = {}, terminals = 1): Promise<TestApi> {
  const desk = await openChangeDesk(terminals);
  const { fleet, tools, folder } = desk;
  const keyFile = join(fleet.file, "..", "keys", "accounts.json");
  const accounts = openAccounts(fleet, { keyFile, argon2: new CountingArgon2(), cost: CHEAP });
  const timers = new ManualTimers();
  const settings: AcquirerSettings[] = [];
  const acquirers = new Map<string, Acquirer>();
  const orders = openOrderRunner(fleet, acquirers);
  const setUp: TestApi["setUp"] = (one, acquirer) => {
    settings.push(one);
    acquirers.set(one.code, acquirer);
    desk.acquirers.set(one.code, acquirer);
  };
  const { server, authority } = await loadCertificates();
  const face = await openApiServer({
    ...{ ...fleet, now: fleet.now, ...server, accounts, tools, dataFolder: folder, host: "127.0.0.1", port: 0 },
    acquiring: { settings, acquirers, orders },
    font: readFont,
    ...{ rates: { address: GENEROUS, account: GENEROUS, login: GENEROUS }, startTimer: timers.startTimer },
    ...change,
  });
  onTestFinished(() => face.close());
  const addPerson: TestApi["addPerson"] = async (name, role, more = {}) => {
    const account = { name, role, displayName: name, person: "", merchants: [], ...more };
    const { password: first } = await accounts.administration.add(account, ACT);
    const { token } = await accounts.login({ name, password: first, code: "", origin: ORIGIN });
    const password = `${[...name].reverse().join("")}'s long password 1`;
    await accounts.changePassword(token, first, password);
    const { uri } = await accounts.beginTotp(token, password);
    const code = toCodes(fleet, uri);
    await accounts.confirmTotp(token, code());
    return { name, password, token, code };
  };
  const people = new Map<Role, Promise<ApiPerson>>();
  const as = async (role: Role) => {
    const merchants = role === "agent" ? [MERCHANT] : [];
    const person = people.get(role) ?? addPerson(`the-${role}`, role, { merchants });
    people.set(role, person);
    return (await person).token;
  };
  return { ...desk, port: face.port, ca: authority.certificate, accounts, timers, orders, setUp, addPerson, as };
}

/** Keeps connections open between requests; closed when the test has finished. */
export function keepConnections(): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  onTestFinished(() => agent.destroy());
  return agent;
}

/** Makes one request, on a connection of its own unless it is given some. */
export function ask(api: Pick<TestApi, "port" | "ca">, path: string, asking: ApiAsking = {}): Promise<ApiAnswer> {
  const { as, body, headers = {}, agent = false } = asking;
  const method = asking.method ?? (body === undefined ? "GET" : "POST");
  const sent = body === undefined || Buffer.isBuffer(body) ? (body as Buffer | undefined) : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const sending = request(
      {
        ...{ host: "127.0.0.1", port: api.port, ca: api.ca, agent, method, path: PREFIX + path },
        headers: {
          ...(sent === undefined ? {} : { "content-length": String(Buffer.byteLength(sent)) }),
          ...(sent === undefined ? {} : { "content-type": "application/json" }),
          ...(as === undefined ? {} : { authorization: `Bearer ${as}` }),
          ...headers,
        },
      },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on("data", (part: Buffer) => parts.push(part));
        answer.on("error", reject);
        answer.on("end", () => resolve(toAnswer(answer.statusCode ?? 0, answer.headers, Buffer.concat(parts))));
      },
    );
    sending.on("error", reject);
    sending.end(sent);
  });
}

function toAnswer(status: number, headers: IncomingHttpHeaders, bytes: Buffer): ApiAnswer {
  const isJson = String(headers["content-type"]).includes("json") && bytes.length > 0;
  const json = isJson ? JSON.parse(bytes.toString("utf8")) : {};
  return { status, headers, bytes, json, code: status >= 400 ? String(json["code"] ?? "") : "" };
}

/** A stream of events as it is read. */
export interface OpenStream {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** What came so far. */
  text(): string;
  /** Data of the events that came so far. */
  events(): readonly Readonly<Record<string, unknown>>[];
  /** Stops and begins reading. */
  pause(): void;
  resume(): void;
  end(): void;
  readonly ended: Promise<void>;
}

/** Opens a stream of events; resolves with its head. */
export function openStream(
  api: Pick<TestApi, "port" | "ca">,
  path: string,
  as: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<OpenStream> {
  return new Promise((resolve, reject) => {
    const sending = request(
      {
        ...{ host: "127.0.0.1", port: api.port, ca: api.ca, agent: false, path: PREFIX + path },
        headers: { authorization: `Bearer ${as}`, ...headers },
      },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (part: string) => {
          text += part;
        });
        answer.on("error", () => undefined);
        const ended = new Promise<void>((done) => answer.once("close", () => done()));
        resolve({
          ...{ status: answer.statusCode ?? 0, headers: answer.headers, text: () => text, ended },
          events: () => Array.from(text.matchAll(/^data: (.*)\n\n/gm), ([, data = "{}"]) => JSON.parse(data)),
          pause: () => void answer.pause(),
          resume: () => void answer.resume(),
          end: () => void sending.destroy(),
        });
      },
    );
    onTestFinished(() => void sending.destroy());
    sending.on("error", reject);
    sending.end();
  });
}

/** A TLS connection on which a test writes what it likes. */
export async function openRaw(api: Pick<TestApi, "port" | "ca">): Promise<{
  readonly socket: TLSSocket;
  readonly closed: Promise<string>;
}> {
  const socket = connect({ host: "127.0.0.1", port: api.port, ca: api.ca });
  onTestFinished(() => void socket.destroy());
  let text = "";
  socket.on("data", (part: Buffer) => {
    text += part.toString("latin1");
  });
  socket.on("error", () => undefined);
  const closed = new Promise<string>((resolve) => socket.once("close", () => resolve(text)));
  await new Promise<void>((resolve) => {
    socket.once("secureConnect", () => resolve());
    socket.once("close", () => resolve());
  });
  return { socket, closed };
}
