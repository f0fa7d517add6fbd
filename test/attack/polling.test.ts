import { describe, expect, it, vi } from "vitest";
import { parseDesired, type UploadMessage } from "../../proto/polling.ts";
import type { UpKind } from "../../proto/topics.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { revokeTerminal } from "../../src/app/admission/revoke.ts";
import { parseAct } from "../../src/app/registry/act.ts";
import { MAX_TAKE_OVERS } from "../../src/domain/clones.ts";
import { enrolFleet, readLedgerKinds, release, type TestFleet } from "../support/fleet-store.ts";
import { openTodaysFleet } from "../support/live-service.ts";
import { openPolledService, type PolledService } from "../support/polled-service.ts";
import { type PollingTerminal, toPollingTerminal } from "../support/polling-face.ts";
import { readDelivery, TestTerminal } from "../support/test-terminal.ts";

// Terminals that poll the real service with a genuine certificate, over real TLS, and are not what they seem.

const SOON = { timeout: 15_000, interval: 50 };
const said = (kind: UpKind, envelope: Uint8Array): UploadMessage => ({ kind, envelope });

async function open() {
  const fleet = await openTodaysFleet();
  const [a, b] = (await enrolFleet(fleet, 2)) as [TestTerminal, TestTerminal];
  const service = await openPolledService(fleet);
  const connect = ({ tusn }: TestTerminal) => toPollingTerminal(service.pollingPort, tusn);
  return { fleet, service, a, b, connect };
}

async function readCounters({ store }: TestFleet): Promise<Readonly<Record<string, number>>> {
  const rows = await store.selectFrom("reported").select(["tusn", "counter"]).execute();
  return Object.fromEntries(rows.map(({ tusn, counter }) => [tusn, counter]));
}

/** TUSNs that the directives name which wait for the terminal. */
async function readDirectives(terminal: PollingTerminal): Promise<readonly Tusn[]> {
  const { status, body } = await terminal.ask({ path: "/terminal/v1/desired" });
  if (status !== 200) return [];
  const { messages } = parseDesired(body);
  return messages.flatMap(({ kind, payload }) => (kind === "directive" ? [readDelivery(payload).parsed.tusn] : []));
}

/** What was on its way to a terminal is there by now. */
async function settle(service: PolledService): Promise<void> {
  for (const _ of [1, 2, 3]) await service.look();
}

describe("a terminal with a genuine certificate that polls", () => {
  it("speaks for no other terminal, whose words it has, and reads nothing that waits for that one", async () => {
    const { fleet, service, a, b, connect } = await open();
    const [byA, byB] = [await connect(a), await connect(b)];
    await byA.upload(said("hello", a.hello()));
    await release(fleet);
    await settle(service);
    // Found worthless, which is no reason for it to come again.
    expect(await byB.upload(said("hello", a.hello()))).toEqual([""]);
    expect(await readCounters(fleet)).toEqual({ [a.tusn]: 1 });
    await settle(service);
    expect([await readDirectives(byB), await readDirectives(byA)]).toEqual([[], [a.tusn]]);
    expect(await byB.upload(said("hello", b.hello()))).toEqual([""]);
    await vi.waitFor(async () => expect(await readDirectives(byB)).toEqual([b.tusn]), SOON);
  });

  it("is sent nothing for a hello that was said before", async () => {
    const { fleet, service, a, connect } = await open();
    const [older, newer] = [a.hello(), a.hello()];
    const first = await connect(a);
    for (const envelope of [older, newer]) await first.upload(said("hello", envelope));
    await release(fleet);
    const replaying = await connect(a);
    for (const envelope of [older, newer]) expect(await replaying.upload(said("hello", envelope))).toEqual([""]);
    await settle(service);
    expect(await readDirectives(replaying)).toEqual([]);
    expect(await readCounters(fleet)).toEqual({ [a.tusn]: 2 });
    await replaying.upload(said("hello", a.hello()));
    await vi.waitFor(async () => expect(await readDirectives(replaying)).toEqual([a.tusn]), SOON);
  });

  it("is cut off when it is revoked, and does not come through the handshake again", async () => {
    const { fleet, service, a, b, connect } = await open();
    const [byA, byB] = [await connect(a), await connect(b)];
    await byA.upload(said("hello", a.hello()));
    await byB.upload(said("hello", b.hello()));
    await revokeTerminal(fleet, a.tusn, { ...parseAct("test"), reason: "stolen" });
    await service.look();
    for (const terminal of [byA, await connect(a)]) {
      await expect(terminal.upload(said("hello", a.hello()))).rejects.toThrow();
    }
    expect(await readCounters(fleet)).toEqual({ [a.tusn]: 1, [b.tusn]: 1 });
    expect((await byB.ask({ path: "/terminal/v1/desired" })).status).toBe(200);
  });

  it("and its copy, which poll in turns, are found out at once, and neither is sent anything (row 51)", async () => {
    const { fleet, service, a, connect } = await open();
    const copy = new TestTerminal(a.tusn, a.deviceKey);
    const [genuine, cloned] = [await connect(a), await connect(a)];
    await genuine.upload(said("hello", a.hello({ run: Buffer.alloc(8, 1) })));
    await expect(cloned.upload(said("hello", copy.hello({ run: Buffer.alloc(8, 2) })))).rejects.toThrow();
    const rows = await fleet.store.selectFrom("quarantines").select("tusn").execute();
    expect(rows).toEqual([{ tusn: a.tusn }]);
    expect(await readLedgerKinds(fleet)).toContain("alarm.clone_suspected");
    await release(fleet);
    for (const device of [genuine, cloned]) {
      device.session = undefined;
      expect(await device.upload(said("hello", a.hello()))).toEqual([""]);
      await settle(service);
      expect(await readDirectives(device)).toEqual([]);
    }
  });

  it("takes the place of its own session by each hello outside of it, and is thought two where it does so on and on", async () => {
    const { fleet, a, connect } = await open();
    const terminal = await connect(a);
    const comeAnew = async () => {
      terminal.session = undefined;
      return await terminal.upload(said("hello", a.hello()));
    };
    for (let comings = 0; comings < MAX_TAKE_OVERS; comings += 1) expect(await comeAnew()).toEqual([""]);
    await expect(comeAnew()).rejects.toThrow();
    await vi.waitFor(async () => {
      const rows = await fleet.store.selectFrom("quarantines").select("why").execute();
      expect(rows).toEqual([{ why: "taken_over" }]);
    }, SOON);
  });
});
