import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  ENDING_WARNING_S,
  RENEWAL_CHECK_MS,
  RENEWAL_RETRY_BASE_MS,
  RENEWAL_RETRY_CAP_MS,
  RENEWAL_START_MS,
  RENEWAL_WINDOW_S,
  toRenewalDue,
  watchRenewal,
} from "../../agent/renewal.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { loadCertificates, TUSN_A } from "../support/certificates.ts";
import { ManualTimers } from "../support/manual-timers.ts";

const DAY_S = 86_400;
/** A certificate's first second is an hour before it was made, and it lasts 30 days from then. */
const MADE = 1_800_000_000;
const NOT_BEFORE = MADE - 3_600;
const DUE = NOT_BEFORE + (30 * DAY_S + 3_600) * (2 / 3);
const END = MADE + 30 * DAY_S;

let first: string;
let second: string;
const issue = async (now: number) => {
  const { terminal } = await loadCertificates();
  return (await terminal(TUSN_A, { now: new Date(now * 1_000) })).certificate;
};

beforeAll(async () => {
  first = await issue(MADE);
  second = await issue(DUE);
});

interface World {
  now: number;
  random: number;
  readonly asked: { readonly certificate: string; readonly now: number }[];
  readonly used: string[];
  readonly entries: { readonly event: string; readonly [field: string]: unknown }[];
  readonly answers: (string | Error)[];
}

let timers: ManualTimers;
let world: World;

beforeEach(() => {
  timers = new ManualTimers();
  world = { now: MADE, random: 0, asked: [], used: [], entries: [], answers: [] };
});

function watch({ isAskable = true } = {}): () => void {
  return watchRenewal({
    certificate: first,
    renew: !isAskable
      ? undefined
      : async (certificate, now) => {
          world.asked.push({ certificate, now });
          const answer = world.answers.shift() ?? new TillsyncError("FETCH_FAILED");
          if (typeof answer === "string") return answer;
          throw answer;
        },
    use: (certificate) => world.used.push(certificate),
    now: () => world.now,
    random: () => world.random,
    startTimer: timers.startTimer,
    log: (level, event, fields) => world.entries.push({ level, event, ...fields }),
  });
}

/** The clock and the timers move on together. */
async function pass(seconds: number): Promise<void> {
  world.now += seconds;
  timers.elapse(seconds * 1_000);
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
}

const pauses = () => world.entries.map((entry) => entry["pauseMs"]).filter((pause) => pause !== undefined);

describe("a certificate's renewal", () => {
  it("is due at two thirds of its life, and each terminal draws its own moment from a day", () => {
    expect(toRenewalDue(first, 0)).toBe(DUE);
    expect(toRenewalDue(first, 0.5)).toBe(DUE + RENEWAL_WINDOW_S / 2);
    expect(toRenewalDue(first, 1)).toBeLessThan(END - 8 * DAY_S);
  });

  it("is asked for when it is due and not before, over the certificate held", async () => {
    world.answers.push(second);
    watch();
    await pass(1);
    for (; world.now < DUE; await pass(RENEWAL_CHECK_MS / 1_000)) expect(world.asked).toEqual([]);
    await pass(RENEWAL_CHECK_MS / 1_000);
    expect(world.asked).toMatchObject([{ certificate: first }]);
    expect((world.asked[0]?.now ?? 0) - DUE).toBeLessThanOrEqual((2 * RENEWAL_CHECK_MS) / 1_000);
  });

  it("gives a certificate that is used from then on, and renewed in its turn", async () => {
    world.answers.push(second);
    world.now = DUE;
    watch();
    await pass(1);
    expect(world.used).toEqual([second]);
    expect(world.entries).toMatchObject([{ level: "info", event: "certificate renewed" }]);
    await pass(10 * DAY_S);
    expect(world.asked).toHaveLength(1);
    await pass(11 * DAY_S);
    expect(world.asked).toMatchObject([{ certificate: first }, { certificate: second }]);
  });

  it("that is due when the agent starts waits for its own moment: power comes back for many at once", async () => {
    world.now = DUE + 2 * DAY_S;
    world.random = 0.5;
    watch();
    expect(timers.running()).toEqual([RENEWAL_START_MS / 2]);
    await pass(RENEWAL_START_MS / 2_000);
    expect(world.asked).toHaveLength(1);
  });

  it("that fails is tried again ever more seldom, and never at once", async () => {
    world.now = DUE;
    watch();
    await pass(1);
    for (let turn = 0; turn < 20; turn += 1) {
      expect(world.asked).toHaveLength(turn + 1);
      const [next = 0] = timers.running();
      expect(next).toBeGreaterThanOrEqual(RENEWAL_RETRY_BASE_MS);
      expect(next).toBeLessThanOrEqual(RENEWAL_RETRY_BASE_MS + RENEWAL_RETRY_CAP_MS);
      world.random = 0.999_999;
      await pass(next / 1_000);
    }
    expect(pauses()[0]).toBe(RENEWAL_RETRY_BASE_MS);
    expect(pauses().at(-1)).toBeGreaterThan(RENEWAL_RETRY_CAP_MS - 1_000);
    expect(world.entries[0]).toMatchObject({ level: "warn", event: "certificate not renewed", code: "FETCH_FAILED" });
    world.answers.push(second);
    const [next = 0] = timers.running();
    await pass(next / 1_000);
    expect(world.used).toEqual([second]);
  });

  it("is not forgotten by a clock that is set back and put right again", async () => {
    world.now = DUE;
    watch();
    world.now = 0;
    await pass(RENEWAL_CHECK_MS / 1_000);
    expect(world.asked).toEqual([]);
    world.now = DUE;
    await pass(RENEWAL_CHECK_MS / 1_000);
    expect(world.asked).toHaveLength(1);
  });

  it("ends with the agent, in whatever it is", async () => {
    world.now = DUE;
    world.answers.push(second);
    const end = watch();
    timers.elapse(1);
    end();
    await pass(1);
    expect(world.used).toEqual([]);
    expect(timers.running()).toEqual([]);
    const endWaiting = watch();
    endWaiting();
    expect(timers.running()).toEqual([]);
  });
});

describe("a certificate near its end that nobody renews", () => {
  it("is told of once a day", async () => {
    watch({ isAskable: false });
    await pass(1);
    expect(world.entries).toEqual([]);
    world.now = DUE;
    const until = new Date(END * 1_000).toISOString();
    const warning = { level: "warn", event: "certificate ends soon", until };
    for (let day = 1; day <= 3; day += 1) {
      for (let seconds = 0; seconds < ENDING_WARNING_S; seconds += RENEWAL_CHECK_MS / 1_000) {
        await pass(RENEWAL_CHECK_MS / 1_000);
      }
      expect(world.entries).toHaveLength(day);
    }
    expect(world.entries[0]).toMatchObject(warning);
  });
});
