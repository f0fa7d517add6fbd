import { describe, expect, it } from "vitest";
import { toErrorCode } from "../../../../proto/errors.ts";
import { showQuarantines } from "../../../../src/app/admission/list-quarantines.ts";
import { releaseQuarantine } from "../../../../src/app/admission/quarantine.ts";
import { BEHIND_WINDOW_S, MAX_HEARD } from "../../../../src/domain/clones.ts";
import { readLedgerKinds, type TestFleet } from "../../../support/fleet-store.ts";
import { openIntake, openReleased, readCodes } from "../../../support/test-intake.ts";
import { TestTerminal } from "../../../support/test-terminal.ts";

const WORDS = { reason: "the copy was destroyed", by: "li.na" };

/** Another device with the same key, which has counted as far. */
function clone({ tusn, deviceKey, counter }: TestTerminal): TestTerminal {
  const twin = new TestTerminal(tusn, deviceKey);
  twin.counter = counter;
  return twin;
}

async function readOpen({ store }: TestFleet) {
  const rows = await store.selectFrom("quarantines").selectAll().where("releasedAt", "is", null).execute();
  return rows.map(({ why, counter }) => [why, counter]);
}

async function readAlarms(fleet: TestFleet): Promise<readonly string[]> {
  return (await readLedgerKinds(fleet)).filter((kind) => kind.startsWith("alarm"));
}

describe("two different messages under one counter", () => {
  it("as hellos put the terminal in quarantine at once, with both sides named", async () => {
    const { fleet, terminal, receive, hellos } = await openIntake();
    const twin = clone(terminal);
    await receive(terminal, "hello", terminal.hello());
    await receive(twin, "hello", twin.hello({ agentVersion: "0.1.1" }));
    expect(await readOpen(fleet)).toEqual([["counter_fork", 1]]);
    expect(await readAlarms(fleet)).toEqual(["alarm.clone_suspected"]);
    expect(hellos).toHaveLength(1);
    const [view] = await showQuarantines(fleet.store, terminal.tusn);
    expect(view?.before).toMatch(/^hello [0-9a-f]{12} under counter 1, /);
    expect(view?.now).toMatch(/^hello [0-9a-f]{12} under counter 1, /);
    expect(view?.now).not.toBe(view?.before);
  });

  it("within one batch do, too", async () => {
    const { fleet, terminal, receive } = await openIntake();
    const twin = clone(terminal);
    await Promise.all([
      receive(terminal, "hello", terminal.hello()),
      receive(twin, "hello", twin.hello({ agentVersion: "0.1.1" })),
    ]);
    expect(await readOpen(fleet)).toEqual([["counter_fork", 1]]);
  });

  it("as report and hello, and as hello and report, do; the report is stored all the same", async () => {
    for (const isReportFirst of [true, false]) {
      const { fleet, terminal, delivery, receive, receipts } = await openReleased();
      const twin = clone(terminal);
      const report = () => receive(terminal, "report", terminal.report(delivery, "verified"));
      const hello = () => receive(twin, "hello", twin.hello());
      for (const say of isReportFirst ? [report, hello] : [hello, report]) await say();
      expect(await readOpen(fleet), String(isReportFirst)).toEqual([["counter_fork", 1]]);
      expect(receipts).toHaveLength(1);
    }
  });

  it("as reports do, beside the alarm over the report", async () => {
    const { fleet, terminal, delivery, receive } = await openReleased();
    const twin = clone(terminal);
    await receive(terminal, "report", terminal.report(delivery, "verified"));
    await receive(twin, "report", twin.report(delivery, "committed"));
    expect(await readOpen(fleet)).toEqual([["counter_fork", 1]]);
    expect(await readAlarms(fleet)).toEqual(["alarm.report_conflict", "alarm.clone_suspected"]);
  });

  it("long ago are remembered as far back as the last hellos", async () => {
    const { fleet, terminal, receive } = await openIntake();
    const twin = clone(terminal);
    for (let n = 0; n < MAX_HEARD + 9; n += 1) await receive(terminal, "hello", terminal.hello());
    expect(await fleet.store.selectFrom("heard").select("counter").orderBy("counter").execute()).toEqual(
      Array.from({ length: MAX_HEARD }, (_, n) => ({ counter: n + 10 })),
    );
    twin.counter = 9;
    await receive(twin, "hello", twin.hello({ agentVersion: "0.1.1" }));
    expect(await readOpen(fleet)).toEqual([["counter_fork", 10]]);
  });

  it("put a terminal in quarantine once, whatever else it says there", async () => {
    const { fleet, terminal, receive } = await openIntake();
    const twin = clone(terminal);
    for (const agentVersion of ["0.1.1", "0.1.2", "0.1.3"]) {
      await receive(terminal, "hello", terminal.hello());
      await receive(twin, "hello", twin.hello({ agentVersion }));
    }
    expect(await readOpen(fleet)).toHaveLength(1);
    expect(await readAlarms(fleet)).toEqual(["alarm.clone_suspected"]);
  });
});

describe("a hello under an old counter", () => {
  /** The terminal has said ten hellos; its twin has the state of the very beginning, and another agent. */
  async function openPutBack() {
    const opened = await openIntake();
    const { terminal, receive } = opened;
    terminal.counter = 100;
    const twin = clone(terminal);
    twin.counter = 0;
    for (let n = 0; n < 10; n += 1) await receive(terminal, "hello", terminal.hello());
    return { ...opened, twin };
  }

  it("raises its alarm at the first one, and at the second one puts the terminal in quarantine", async () => {
    const { fleet, twin, receive } = await openPutBack();
    await receive(twin, "hello", twin.hello());
    expect(await readAlarms(fleet)).toEqual(["alarm.counter_behind"]);
    expect(await readOpen(fleet)).toEqual([]);
    await receive(twin, "hello", twin.hello());
    expect(await readOpen(fleet)).toEqual([["counter_behind", 2]]);
    expect(await readAlarms(fleet)).toEqual([...Array(2).fill("alarm.counter_behind"), "alarm.clone_suspected"]);
  });

  it("does not where the second one comes a day later, or is the first one again", async () => {
    const { fleet, twin, receive } = await openPutBack();
    const first = twin.hello();
    for (const _ of [1, 2, 3]) await receive(twin, "hello", first);
    fleet.at += BEHIND_WINDOW_S;
    await receive(twin, "hello", twin.hello());
    expect(await readOpen(fleet)).toEqual([]);
  });

  it("is no sign where those bytes were heard before, however many a broker repeats", async () => {
    const { fleet, terminal, receive } = await openIntake();
    const said: Uint8Array[] = [];
    for (let n = 0; n < 20; n += 1) {
      said.push(terminal.hello());
      await receive(terminal, "hello", said.at(-1) as Uint8Array);
    }
    for (const old of [...said, ...said.toReversed()]) await receive(terminal, "hello", old);
    expect(await readOpen(fleet)).toEqual([]);
    expect(await readAlarms(fleet)).not.toContain("alarm.clone_suspected");
  });
});

describe("a released quarantine", () => {
  /** The clone is ahead, with the counter of a new installation; the genuine device was heard no more. */
  async function openCloned() {
    const opened = await openIntake();
    const { fleet, terminal, receive } = opened;
    const twin = clone(terminal);
    await receive(terminal, "hello", terminal.hello());
    twin.counter = 1_000_000;
    await receive(twin, "hello", twin.hello());
    for (const _ of [1, 2]) await receive(terminal, "hello", terminal.hello());
    expect(await readOpen(fleet)).toEqual([["counter_behind", 3]]);
    return { ...opened, twin };
  }

  it("lets the genuine device be heard again, with what was known of the clone kept", async () => {
    const { fleet, terminal, receive, hellos } = await openCloned();
    const before = hellos.length;
    expect(await releaseQuarantine(fleet, terminal.tusn, WORDS)).toEqual({
      ...{ tusn: terminal.tusn, why: "counter_behind", counter: 3 },
    });
    await receive(terminal, "hello", terminal.hello());
    expect(hellos).toHaveLength(before + 1);
    expect(await readOpen(fleet)).toEqual([]);
    expect(await showQuarantines(fleet.store, terminal.tusn)).toMatchObject([
      { why: "counter_behind", releasedBy: "li.na", reason: "the copy was destroyed", releasedAt: fleet.at },
    ]);
    expect((await readLedgerKinds(fleet)).at(-1)).toBe("terminal.quarantine_released");
  });

  it("is followed by another one where the clone is still there", async () => {
    const { fleet, terminal, twin, receive } = await openCloned();
    fleet.at += 60;
    await releaseQuarantine(fleet, terminal.tusn, WORDS);
    fleet.at += 60;
    await receive(terminal, "hello", terminal.hello());
    await receive(twin, "hello", twin.hello());
    await receive(terminal, "hello", terminal.hello());
    expect(await readOpen(fleet)).toEqual([]);
    await receive(terminal, "hello", terminal.hello());
    expect(await readOpen(fleet)).toEqual([["counter_behind", 6]]);
  });

  it("makes no new sign of reports that the clone left behind", async () => {
    const { fleet, terminal, delivery, receive } = await openReleased();
    const twin = clone(terminal);
    await receive(terminal, "hello", terminal.hello());
    for (const kind of ["verified", "applied", "committed"] as const) {
      await receive(twin, "report", twin.report(delivery, kind));
    }
    expect(await readOpen(fleet)).toEqual([["counter_fork", 1]]);
    fleet.at += 60;
    await releaseQuarantine(fleet, terminal.tusn, WORDS);
    fleet.at += 60;
    for (const _ of [1, 2, 3]) await receive(terminal, "hello", terminal.hello());
    expect(await readOpen(fleet)).toEqual([]);
    expect(readCodes(fleet)).toEqual([]);
  });

  it("is not where there is none, and not without a reason", async () => {
    const { fleet, terminal } = await openCloned();
    await expect(async () => releaseQuarantine(fleet, terminal.tusn, { reason: " " })).rejects.toThrow(
      "CONFIG_INVALID",
    );
    expect(await readOpen(fleet)).toHaveLength(1);
    await releaseQuarantine(fleet, terminal.tusn, WORDS);
    expect(await releaseQuarantine(fleet, terminal.tusn, WORDS).catch(toErrorCode)).toBe("NOT_FOUND");
  });
});
