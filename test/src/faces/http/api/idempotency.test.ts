import { describe, expect, it } from "vitest";
import { type ErrorCode, TillsyncError } from "../../../../../proto/errors.ts";
import { viewChanges } from "../../../../../src/app/queries/changes.ts";
import { doOnce, type KeyedRequest } from "../../../../../src/faces/http/api/idempotency.ts";
import { KEPT_S, LEASE_S, MAX_KEPT, REQUEST_MS, UNDER_WAY_S } from "../../../../../src/faces/http/api/limits.ts";
import { HANDSHAKE_MS, HEADERS_MS } from "../../../../../src/faces/http/limits.ts";
import { inChunks, transact } from "../../../../../src/store/store.ts";
import { refusedWith } from "../../../../support/accounts.ts";
import { ask, openTestApi, type TestApi } from "../../../../support/api.ts";
import { toNewChange } from "../../../../support/changes.ts";
import { openTestFleet, type TestFleet } from "../../../../support/fleet-store.ts";

const { requester: _, ...CHANGE } = toNewChange();
const keyed = (key: string) => ({ "idempotency-key": key });

async function prepare() {
  const api = await openTestApi();
  return { api, as: await api.as("operator") };
}

const countChanges = async ({ fleet }: TestApi) => (await viewChanges(fleet.store, { limit: 100 })).length;

describe("a request with an idempotency key", () => {
  it("that is repeated has one effect and gets the same answer", async () => {
    const { api, as } = await prepare();
    const asking = { as, body: CHANGE, headers: keyed("k1") };
    const first = await ask(api, "/changes", asking);
    expect([first.status, first.headers.etag]).toEqual([201, '"1"']);
    api.fleet.at += 600;
    const second = await ask(api, "/changes", asking);
    expect([second.status, second.headers.etag, second.bytes]).toEqual([201, '"1"', first.bytes]);
    expect(await countChanges(api)).toBe(1);
  });

  it("is refused where the key was another request's", async () => {
    const { api, as } = await prepare();
    await ask(api, "/changes", { as, body: CHANGE, headers: keyed("k1") });
    for (const [path, body] of [
      ["/changes", { ...CHANGE, reason: "another reason" }],
      ["/terminals/00000304N7NL01900000/suspend", { reason: "a look" }],
    ] as const) {
      const answer = await ask(api, path, { as, body, headers: keyed("k1") });
      expect([answer.status, answer.code], path).toEqual([409, "IDEMPOTENCY_CONFLICT"]);
    }
    expect(await countChanges(api)).toBe(1);
  });

  it("that comes twice at once has one effect", async () => {
    const { api, as } = await prepare();
    const asking = { as, body: CHANGE, headers: keyed("k1") };
    const answers = await Promise.all(Array.from({ length: 6 }, () => ask(api, "/changes", asking)));
    const bodies = new Set(answers.filter(({ status }) => status === 201).map(({ bytes }) => bytes.toString()));
    expect(bodies.size).toBe(1);
    for (const { status, code } of answers) expect(["201 ", "409 IDEMPOTENCY_CONFLICT"]).toContain(`${status} ${code}`);
    expect(await countChanges(api)).toBe(1);
  });

  it("is told when to come again while the first is under way, and done anew once its time is over", async () => {
    const { api, as } = await prepare();
    const asking = { as, body: CHANGE, headers: keyed("k1") };
    await ask(api, "/changes", asking);
    const { id } = await api.fleet.store.selectFrom("changes").select("id").executeTakeFirstOrThrow();
    // As a crash leaves it behind: done, and no answer kept.
    await api.fleet.store.updateTable("idempotency").set({ status: null, etag: "", body: "" }).execute();
    const early = await ask(api, "/changes", asking);
    expect([early.status, early.code]).toEqual([409, "IDEMPOTENCY_CONFLICT"]);
    expect(early.headers["retry-after"]).toBe(String(UNDER_WAY_S));
    api.fleet.at += LEASE_S;
    const late = await ask(api, "/changes", asking);
    expect(late).toMatchObject({ code: "CHANGE_OPEN", json: { fields: { change: id } } });
    expect(await countChanges(api)).toBe(1);
  });

  it("that was refused has done nothing, and may come again with the same key", async () => {
    const { api, as } = await prepare();
    const asking = { as, body: { ...CHANGE, merchant: "822391058121071" }, headers: keyed("k1") };
    expect((await ask(api, "/changes", asking)).code).toBe("NOT_FOUND");
    expect((await ask(api, "/changes", { ...asking, body: CHANGE })).status).toBe(201);
  });

  it("is one of its account's own, and its key is free again after a day", async () => {
    const { api, as } = await prepare();
    const asking = { body: { reason: "a look" }, headers: keyed("k1") };
    const path = "/terminals/00000304N7NL01900000/suspend";
    expect((await ask(api, path, { ...asking, as })).json).toMatchObject({ life: "suspended", already: false });
    const other = (await api.addPerson("other", "operator")).token;
    expect((await ask(api, path, { ...asking, as: other })).json).toMatchObject({ already: true });
    api.fleet.at += KEPT_S;
    const again = (await api.addPerson("third", "operator")).token;
    await ask(api, path, { ...asking, as: again });
    const kept = await api.fleet.store.selectFrom("idempotency").select("actor").execute();
    expect(kept).toEqual([{ actor: "third" }]);
  });

  it("whose answer holds a secret keeps none of it, and is refused when it is repeated", async () => {
    const { api } = await prepare();
    const as = await api.as("administrator");
    const body = { name: "li.na", role: "checker", displayName: "李娜", reason: "new colleague" };
    const asking = { as, body, headers: keyed("k1") };
    const { json } = await ask(api, "/accounts", asking);
    expect(json["password"]).toEqual(expect.any(String));
    expect((await ask(api, "/accounts", asking)).code).toBe("IDEMPOTENCY_CONFLICT");
    const kept = await api.fleet.store.selectFrom("idempotency").selectAll().execute();
    expect(kept).toMatchObject([{ key: "k1", status: 201, body: "" }]);
  });

  it("has a key of 1 to 64 plain characters", async () => {
    const { api, as } = await prepare();
    for (const key of ["", "x".repeat(65), "with space"]) {
      const answer = await ask(api, "/changes", { as, body: CHANGE, headers: keyed(key) });
      expect([answer.code, answer.json["fields"]], key).toEqual(["FIELD_INVALID", { field: "idempotency-key" }]);
    }
    expect(await countChanges(api)).toBe(0);
  });
});

describe("what is done once", () => {
  const request = { actor: "wang", key: "k1", digest: Buffer.alloc(32), tellsOnce: false };
  const done = async () => ({ status: 200, etag: "", body: "{}" });
  const never = async () => {
    throw new Error("it ran");
  };

  /** A run that has the key, and goes on when it is told to. */
  async function begin(fleet: TestFleet, body: string, change: Partial<KeyedRequest> = {}) {
    let end = (_fails: boolean) => {};
    let isBegun = false;
    const running = doOnce(fleet, { ...request, ...change }, async () => {
      isBegun = true;
      const fails = await new Promise<boolean>((resolve) => {
        end = resolve;
      });
      if (fails) throw new TillsyncError("STATE_CONFLICT");
      return { status: 200, etag: "", body };
    });
    await expect.poll(() => isBegun).toBe(true);
    return { running, end: (fails = false) => end(fails) };
  }

  it("has its key for a time above every time-out, and is carried out anew after it where nobody knows how it ended", async () => {
    expect(LEASE_S).toBeGreaterThan((2 * (HANDSHAKE_MS + HEADERS_MS + REQUEST_MS)) / 1_000);
    const fleet = await openTestFleet();
    await begin(fleet, "never");
    for (const passed of [0, LEASE_S - 1]) {
      const at = fleet.at;
      fleet.at += passed;
      const refused = await doOnce(fleet, request, done).catch((error: unknown) => error);
      const seconds = Math.min(LEASE_S - passed, UNDER_WAY_S);
      expect(refused).toMatchObject({ code: "IDEMPOTENCY_CONFLICT", fields: { seconds } });
      fleet.at = at;
    }
    fleet.at += LEASE_S;
    const other = { ...request, digest: Buffer.alloc(32, 1) };
    expect(await refusedWith(doOnce(fleet, other, done))).toBe("IDEMPOTENCY_CONFLICT what");
    expect(await doOnce(fleet, request, done)).toEqual({ status: 200, etag: "", body: "{}" });
    expect(await doOnce(fleet, request, never)).toEqual({ status: 200, etag: "", body: "{}" });
  });

  it("is taken over by one of many, and whoever ends late changes nothing of what the other keeps", async () => {
    const fleet = await openTestFleet();
    for (const fails of [false, true]) {
      const key = `late ${fails}`;
      const late = await begin(fleet, "late", { key });
      fleet.at += LEASE_S;
      let runs = 0;
      const tries = Array.from({ length: 6 }, () =>
        doOnce(fleet, { ...request, key }, async () => {
          runs += 1;
          await late.running.catch(() => undefined);
          return { status: 201, etag: "", body: "second" };
        }).catch(() => undefined),
      );
      await expect.poll(() => runs).toBe(1);
      late.end(fails);
      const answers = (await Promise.all(tries)).filter((answer) => answer !== undefined);
      expect([runs, answers.every(({ body }) => body === "second")]).toEqual([1, true]);
      expect(await doOnce(fleet, { ...request, key }, never)).toMatchObject({ status: 201, body: "second" });
    }
  });

  it("is never carried out anew where its answer is told once", async () => {
    const fleet = await openTestFleet();
    const secret = { ...request, tellsOnce: true };
    await begin(fleet, "never", secret);
    fleet.at += KEPT_S - 1;
    expect(await refusedWith(doOnce(fleet, secret, never))).toBe("IDEMPOTENCY_CONFLICT what");
    fleet.at += 1;
    expect(await doOnce(fleet, secret, done)).toMatchObject({ status: 200 });
  });

  it("may be asked for again where it was refused, and not where it failed, perhaps after it was done", async () => {
    const fleet = await openTestFleet();
    const failWith = (code: ErrorCode) =>
      refusedWith(
        doOnce(fleet, request, async () => {
          throw new TillsyncError(code);
        }),
      );
    for (const code of ["STATE_CONFLICT", "DESK_BUSY", "STORE_FAILED"] as const)
      expect(await failWith(code)).toBe(code);
    expect(await refusedWith(doOnce(fleet, request, done))).toBe("IDEMPOTENCY_CONFLICT what seconds");
  });

  it("is remembered for a bounded number of keys of one account", async () => {
    const fleet = await openTestFleet();
    const row = { actor: "wang", digest: Buffer.alloc(32), at: fleet.at, status: 200, etag: "", body: "" };
    const rows = Array.from({ length: MAX_KEPT }, (_each, n) => ({ ...row, key: `key ${n}` }));
    await transact(fleet.store, (tx) =>
      inChunks(rows, async (chunk) => {
        await tx.insertInto("idempotency").values(chunk).execute();
        return [];
      }),
    );
    expect(await refusedWith(doOnce(fleet, request, done))).toBe("RATE_LIMITED keys");
    expect(await doOnce(fleet, { ...request, actor: "li.na" }, done)).toMatchObject({ status: 200 });
  });
});
