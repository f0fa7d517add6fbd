import { once } from "node:events";
import { readFileSync } from "node:fs";
import { DESIRED_PATH, POLLING_TYPE, REPORTS_PATH, SESSION_HEADER, toUploadBytes } from "../../proto/polling.ts";
import type { ClientSettings, ClientTerminal } from "../connect/client-main.ts";
import { type Answer, openConnection, type PollingConnection } from "./connection.ts";

export interface PollingOrder {
  readonly port: number;
  /** Terminals from the first on, so many. */
  readonly count: number;
  /**
   * `hello`: connect, say hello and stay connected; `content`: ask for what waits, as one that has nothing; `unchanged`: as one
   * that has it; `new`: the same over a new connection.
   */
  readonly kind: "hello" | "content" | "unchanged" | "new";
}

export interface PollingDone {
  readonly seconds: number;
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** From before the request, or the connection, to the whole answer, in milliseconds, in order of size. */
  readonly latencies: readonly number[];
  /** Of this process. */
  readonly cpuSeconds: number;
}

/** What is known of a terminal that polls. */
interface Polled {
  connection: PollingConnection;
  session: string;
  etag: string;
}

const AT_ONCE = 32;
const HELLO = toUploadBytes([{ kind: "hello", envelope: Buffer.from("hello") }]);

const [settings] = (await once(process, "message")) as [ClientSettings];
const terminals = readFileSync(settings.terminals, "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as ClientTerminal);
const polled: Polled[] = [];
process.on("message", (order) => void fulfil(order as PollingOrder));
process.once("disconnect", () => process.exit(0));
process.send?.("ready");

async function fulfil(order: PollingOrder): Promise<void> {
  const before = process.cpuUsage();
  const started = performance.now();
  const statuses: Record<string, number> = {};
  const latencies: number[] = [];
  let next = 0;
  const work = async () => {
    while (next < order.count) {
      const index = next++;
      const begun = performance.now();
      const status = await askOne(index, order).then(
        (answer) => String(answer.status),
        () => "failed",
      );
      latencies.push(performance.now() - begun);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const { user, system } = process.cpuUsage(before);
  const done: PollingDone = {
    ...{ seconds: (performance.now() - started) / 1_000, statuses, cpuSeconds: (user + system) / 1_000_000 },
    latencies: latencies.toSorted((a, b) => a - b),
  };
  process.send?.(done);
}

async function askOne(index: number, { port, kind }: PollingOrder): Promise<Answer> {
  const terminal = terminals[index];
  if (terminal === undefined) throw new Error("there are not so many terminals");
  if (kind === "hello") return sayHello(index, await connectTo(terminal, port));
  const known = polled[index];
  if (known === undefined) throw new Error("it has not said hello");
  if (kind !== "new") return ask(known, known.connection, kind === "unchanged");
  const connection = await connectTo(terminal, port);
  try {
    return await ask(known, connection, true);
  } finally {
    connection.end();
  }
}

async function sayHello(index: number, connection: PollingConnection): Promise<Answer> {
  const answer = await connection.ask("POST", REPORTS_PATH, { "content-type": POLLING_TYPE }, HELLO);
  polled[index]?.connection.end();
  polled[index] = { connection, session: answer.headers.get(SESSION_HEADER) ?? "", etag: "" };
  return answer;
}

async function ask(known: Polled, connection: PollingConnection, hasIt: boolean): Promise<Answer> {
  const headers = { [SESSION_HEADER]: known.session, ...(hasIt ? { "if-none-match": known.etag } : {}) };
  const answer = await connection.ask("GET", DESIRED_PATH, headers);
  known.etag = answer.headers.get("etag") ?? "";
  return answer;
}

function connectTo({ certificate }: ClientTerminal, port: number): Promise<PollingConnection> {
  return openConnection({ port, ca: settings.authority, key: settings.deviceKey, cert: certificate });
}
