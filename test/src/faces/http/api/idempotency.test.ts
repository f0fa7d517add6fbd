import { describe, expect, it } from "vitest";
import { type ErrorCode, TillsyncError } from "../../../../../proto/errors.ts";
import { viewChanges } from "../../../../../src/app/queries/changes.ts";
import { doOnce } from "../../../../../src/faces/http/api/idempotency.ts";
import { KEPT_S, MAX_KEPT } from "../../../../../src/faces/http/api/limits.ts";
import { inChunks, transact } from "../../../../../src/store/store.ts";
import { refusedWith } from "../../../../support/accounts.ts";
import { ask, openTestApi, type TestApi } from "../../../../support/api.ts";
import { toNewChange } from "../../../../support/changes.ts";
import { openTestFleet } from "../../../../support/fleet-store.ts";

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

  it("stays taken where nobody knows how it ended", async () => {
    const fleet = await openTestFleet();
    const never = doOnce(fleet, request, () => new Promise(() => {}));
    await expect.poll(() => refusedWith(doOnce(fleet, request, done))).toBe("IDEMPOTENCY_CONFLICT what");
    await Promise.race([never, Promise.resolve()]);
    fleet.at += KEPT_S;
    expect(await doOnce(fleet, request, done)).toEqual({ status: 200, etag: "", body: "{}" });
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
    expect(await refusedWith(doOnce(fleet, request, done))).toBe("IDEMPOTENCY_CONFLICT what");
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
