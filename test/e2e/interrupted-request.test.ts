import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listLedger } from "../../src/app/queries/ledger.ts";
import { LEASE_S, UNDER_WAY_S } from "../../src/faces/http/api/limits.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { ask } from "../support/api.ts";
import { callTillsync } from "../support/called-cli.ts";
import { makeDataFolder } from "../support/data-folder.ts";
import { TILLSYNC } from "../support/programs.ts";
import { discard, makeScratch } from "../support/scratch.ts";

const START_MS = 30_000;
const CHOSEN = "a long password 1";
const NAME = "li.na";

const folder = makeScratch("interrupted-request");
const data = join(folder, "data");
const running: ChildProcess[] = [];
let store: Store;

beforeAll(() => makeDataFolder(data), 120_000);
afterAll(async () => {
  for (const child of running) child.kill("SIGKILL");
  await store?.destroy();
  discard(folder);
});

/** `tillsync serve` as people run it, and where its API listens. */
async function serve() {
  const ports = ["--port", "--desk-port", "--enrolment-port", "--lookup-port", "--api-port", "--terminal-port"];
  const args = ["--data", data, "serve", "--host", "127.0.0.1", ...ports.flatMap((name) => [name, "0"])];
  const child = spawn(process.execPath, [TILLSYNC, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  running.push(child);
  let said = "";
  child.stderr.on("data", (chunk) => {
    said += chunk;
  });
  const deadline = AbortSignal.timeout(START_MS);
  let port: string | undefined;
  while (port === undefined) {
    await once(child.stderr, "data", { signal: deadline });
    port = /Operators are served on 127\.0\.0\.1:(\d+)\./.exec(said)?.[1];
  }
  const api = { port: Number(port), ca: readFileSync(join(data, "ca", "ca.pem"), "utf8") };
  const kill = async () => {
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  };
  return { api, kill };
}

const readRow = () => store.selectFrom("idempotency").selectAll().executeTakeFirst();

describe("a request that a crash of the service cut off", { timeout: 120_000 }, () => {
  it("is under way for a while, is carried out anew with its key after that, and is done once", async () => {
    const added = await callTillsync(
      ...([data, "accounts", "add", NAME, "--role", "administrator", "--reason", "first", "--json"] as const),
    );
    const { password } = JSON.parse(added.stdout) as { password: string };
    store = await openStore(join(data, "tillsync.sqlite"));
    const first = await serve();
    const login = { name: NAME, password, code: "" };
    const as = String((await ask(first.api, "/sessions", { body: login })).json["token"]);
    // Its hashes take a while, in which it is under way.
    const asking = { as, body: { password, next: CHOSEN }, headers: { "idempotency-key": "k1" } };
    const cut = ask(first.api, "/me/password", asking).catch(() => "cut");
    await expect.poll(readRow, { interval: 1 }).toBeDefined();
    await first.kill();
    expect(await cut).toBe("cut");
    expect(await readRow()).toMatchObject({ key: "k1", status: null });

    const second = await serve();
    const early = await ask(second.api, "/me/password", asking);
    expect([early.status, early.code, early.headers["retry-after"]]).toEqual([
      ...[409, "IDEMPOTENCY_CONFLICT", String(UNDER_WAY_S)],
    ]);
    const other = await ask(second.api, "/me/password", { ...asking, body: { password, next: "another password 2" } });
    expect([other.status, other.headers["retry-after"]]).toEqual([409, undefined]);
    // As if that time had passed.
    await store
      .updateTable("idempotency")
      .set((row) => ({ at: row("at", "-", LEASE_S) }))
      .execute();
    expect(await ask(second.api, "/me/password", asking)).toMatchObject({ status: 204 });
    expect(await ask(second.api, "/me/password", asking)).toMatchObject({ status: 204 });
    expect(await readRow()).toMatchObject({ key: "k1", status: 204 });
    const { entries } = await listLedger(store, 0, 1_000);
    expect(entries.filter(({ kind }) => kind === "account.password_changed")).toHaveLength(1);
    const again = await ask(second.api, "/sessions", { body: { ...login, password: CHOSEN } });
    expect(again.status).toBe(201);
    await second.kill();
  });
});
