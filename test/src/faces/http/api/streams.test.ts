import { beforeEach, describe, expect, it } from "vitest";
import {
  LOOKS_PER_HEARTBEAT,
  LOOKS_PER_STREAM,
  MAX_EVENTS_AT_ONCE,
  MAX_STREAMS_OF_ONE,
  POLL_MS,
} from "../../../../../src/faces/http/api/limits.ts";
import { inChunks, transact } from "../../../../../src/store/store.ts";
import { ACT } from "../../../../support/accounts.ts";
import { ask, type OpenStream, openStream, openTestApi, type TestApi } from "../../../../support/api.ts";

let api: TestApi;
let as: string;

beforeEach(async () => {
  api = await openTestApi();
  as = await api.as("operator");
});

/** One look at the database: waits until the next one is armed. */
async function look(times = 1): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    await expect.poll(() => api.timers.running(), { interval: 1 }).not.toEqual([]);
    api.timers.elapse(POLL_MS);
  }
}

async function lookUntil(stream: OpenStream, count: number): Promise<readonly Readonly<Record<string, unknown>>[]> {
  await look();
  await expect.poll(() => stream.events().length, { interval: 5 }).toBe(count);
  return stream.events();
}

/** So many events of a change at once, each with so long a comment. */
async function happen(change: string, count: number, characters = 10): Promise<void> {
  const { fleet } = api;
  const row = { changeId: change, at: fleet.at, event: "attached", state: "draft", actor: "x" } as const;
  const rows = Array.from({ length: count }, () => ({ ...row, comment: "c".repeat(characters) }));
  await transact(fleet.store, (tx) =>
    inChunks(rows, async (chunk) => {
      await tx.insertInto("changeEvents").values(chunk).execute();
      return [];
    }),
  );
}

const events = (list: readonly Readonly<Record<string, unknown>>[]) => list.map(({ event }) => event);

describe("a stream of events", () => {
  it("tells of one change from its beginning on, and goes on behind the last event that somebody has", async () => {
    const id = await api.draft({}, ["licence"]);
    const stream = await openStream(api, `/changes/${id}/events`, as);
    expect(stream.headers).toMatchObject({
      ...{ "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" },
      "x-content-type-options": "nosniff",
    });
    const first = await lookUntil(stream, 2);
    expect(first).toMatchObject([
      { change: id, event: "created", state: "draft", actor: "li.mei" },
      { change: id, event: "attached" },
    ]);
    stream.end();
    const last = { "last-event-id": String(first[0]?.["id"]) };
    expect(events(await lookUntil(await openStream(api, `/changes/${id}/events`, as, last), 1))).toEqual(["attached"]);
  });

  it("tells of all changes from now on, to an agent of those in his scope", async () => {
    const id = await api.draft({}, []);
    const far = (await api.addPerson("far", "agent", { merchants: ["822391058121071"] })).token;
    const near = await api.as("agent");
    const streams = await Promise.all([as, near, far].map((token) => openStream(api, "/events", token)));
    const reason = "not needed";
    await ask(api, `/changes/${id}/withdraw`, { as, body: { reason }, headers: { "if-match": '"1"' } });
    const [all, own, none] = streams as [OpenStream, OpenStream, OpenStream];
    expect(await lookUntil(all, 1)).toMatchObject([{ change: id, event: "withdraw", comment: reason }]);
    await expect.poll(() => own.events().length).toBe(1);
    await look(LOOKS_PER_HEARTBEAT);
    await expect.poll(() => none.text()).toContain(":\n\n");
    expect(none.events()).toEqual([]);
  });

  it("gives each event once, in order, however many there are", async () => {
    const id = await api.draft({}, []);
    const stream = await openStream(api, `/changes/${id}/events`, as);
    await happen(id, 2 * MAX_EVENTS_AT_ONCE + 50);
    await look(3);
    await expect.poll(() => stream.events().length).toBe(2 * MAX_EVENTS_AT_ONCE + 51);
    const ids = stream.events().map((event) => Number(event["id"]));
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("takes no id of an event that is none", async () => {
    for (const last of ["x", "-1", "1e3", "", "9".repeat(16)]) {
      const stream = await openStream(api, "/events", as, { "last-event-id": last });
      await stream.ended;
      expect(stream.status, last).toBe(400);
      expect(stream.text()).toContain("CURSOR_INVALID");
    }
  });

  it("is one of a bounded number of its account, and its place is free when it has ended", async () => {
    const streams: OpenStream[] = [];
    for (let n = 0; n < MAX_STREAMS_OF_ONE; n += 1) streams.push(await openStream(api, "/events", as));
    const one = await openStream(api, "/events", as);
    expect([one.status, one.headers["retry-after"]]).toEqual([429, "5"]);
    expect((await openStream(api, "/events", await api.as("auditor"))).status).toBe(200);
    streams[0]?.end();
    const again = async () => (await openStream(api, "/events", as)).status;
    await expect.poll(again).toBe(200);
  });

  it("ends for whoever is disabled, or may watch something else by now", async () => {
    const merchants = ["822391058121070"];
    const agent = await api.addPerson("agent-1", "agent", { merchants });
    const other = await api.addPerson("operator-1", "operator");
    const streams = [await openStream(api, "/events", agent.token), await openStream(api, "/events", other.token)];
    const stays = await openStream(api, "/events", as);
    await api.accounts.administration.setScope("agent-1", [], ACT);
    await api.accounts.administration.disable("operator-1", ACT);
    await look(LOOKS_PER_HEARTBEAT);
    for (const { ended } of streams) await ended;
    await expect.poll(() => stays.text()).toContain(":\n\n");
  });

  it("ends after a while, so that whoever watches comes again with the rights that he has then", async () => {
    const stream = await openStream(api, "/events", as);
    await look(LOOKS_PER_STREAM);
    await stream.ended;
    // Nobody watches: nothing is read any more.
    expect(api.timers.running()).toEqual([]);
  });

  it("is cut where its client does not read, and nothing is read for it meanwhile", async () => {
    const id = await api.draft({}, []);
    const slow = await openStream(api, `/changes/${id}/events`, as);
    slow.pause();
    await happen(id, 10_000, 2_000);
    const quick = await openStream(api, `/changes/${id}/events`, await api.as("auditor"));
    await look(120);
    slow.resume();
    await slow.ended;
    expect(slow.events().length).toBeLessThan(10_000);
    await expect.poll(() => quick.events().length).toBe(10_001);
  });
});
