import { describe, expect, it } from "vitest";
import { ANSWER_WINDOW_S, Challenges, MAX_ANSWERS_PER_WINDOW } from "../../agent/challenges.ts";
import { type Proof, toChallengeBytes } from "../../proto/challenge.ts";
import { type ErrorCode, TillsyncError } from "../../proto/errors.ts";
import { TUSN_A } from "../support/certificates.ts";

const CRYPTOGRAM = "A5C1D1C7";

/** Challenge number n: its id and its factor tell it apart. */
function toChallenge(n: number, expires = 1_800_000_000): Uint8Array {
  return toChallengeBytes({ id: Buffer.alloc(16, n), factor: `1270${String(n).padStart(6, "0")}`, expires });
}

function open(compute: (factor: string) => Promise<string> = async () => CRYPTOGRAM) {
  const proofs: Proof[] = [];
  const entries: string[] = [];
  const world = { uptime: 0, isAtWork: false, asked: 0 };
  const challenges = new Challenges({
    tusn: TUSN_A,
    terminal: {
      computeCryptogram: (factor) => {
        world.asked += 1;
        return compute(factor);
      },
    },
    isAtWork: () => world.isAtWork,
    send: (proof) => proofs.push(proof),
    uptime: () => world.uptime,
    log: (level, event, fields) => entries.push(JSON.stringify({ level, event, ...fields })),
  });
  return { challenges, proofs, entries, world };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const failing = (code: ErrorCode, fields = {}) =>
  open(async (factor) => {
    throw new TillsyncError(code, { ...fields, what: `no key for ${factor}` });
  });

/** Calls that end when the test says so. */
function openSlow() {
  const ends: (() => void)[] = [];
  const opened = open(() => new Promise((resolve) => ends.push(() => resolve(CRYPTOGRAM))));
  const end = async () => {
    ends.shift()?.();
    await settled();
  };
  return { ...opened, end };
}

describe("a challenge", () => {
  it("is answered with the terminal's cryptogram, under its own id and factor", async () => {
    const { challenges, proofs } = open();
    challenges.take(toChallenge(1));
    await settled();
    const challenge = Buffer.alloc(16, 1);
    expect(proofs).toEqual([{ tusn: TUSN_A, challenge, factor: "1270000001", cryptogram: CRYPTOGRAM, code: "" }]);
  });

  it("that is over by the terminal's clock is answered all the same: that clock may be wrong", async () => {
    const { challenges, proofs } = open();
    challenges.take(toChallenge(1, 1));
    await settled();
    expect(proofs).toHaveLength(1);
  });

  it.each([
    ["PROOF_UNAVAILABLE", "PROOF_UNAVAILABLE"],
    ["COMMAND_FAILED", "COMMAND_FAILED"],
    ["STATE_WRITE_FAILED", "COMMAND_FAILED"],
  ] as const)("is answered with a code where the terminal fails with %s", async (thrown, told) => {
    const { challenges, proofs } = failing(thrown);
    challenges.take(toChallenge(1));
    await settled();
    expect(proofs).toMatchObject([{ factor: "1270000001", cryptogram: "", code: told }]);
  });

  it("that is none is dropped, and the next one is answered", async () => {
    const { challenges, proofs, entries } = open();
    challenges.take(Buffer.from("no challenge"));
    challenges.take(Buffer.alloc(70_000));
    challenges.take(toChallenge(1));
    await settled();
    expect(proofs).toHaveLength(1);
    expect(entries.map((entry) => JSON.parse(entry).event)).toEqual(["challenge refused", "challenge refused"]);
  });

  it("leaves neither factor nor cryptogram in the log, nor what a maker's executable says of them", async () => {
    const { challenges, entries } = failing("COMMAND_FAILED");
    for (let n = 0; n <= MAX_ANSWERS_PER_WINDOW; n += 1) {
      challenges.take(toChallenge(n));
      await settled();
    }
    expect(entries.length).toBeGreaterThan(MAX_ANSWERS_PER_WINDOW);
    expect(entries.join()).not.toMatch(/1270|no key/);
  });

  it("asks nothing of a terminal that is at work on an update, and says so", async () => {
    const { challenges, proofs, world } = open();
    world.isAtWork = true;
    challenges.take(toChallenge(1));
    await settled();
    expect(proofs).toMatchObject([{ cryptogram: "", code: "TERMINAL_BUSY" }]);
    expect(world.asked).toBe(0);
    world.isAtWork = false;
    challenges.take(toChallenge(2));
    await settled();
    expect(proofs[1]).toMatchObject({ cryptogram: CRYPTOGRAM });
  });
});

describe("whoever holds the broker", () => {
  it("gets so many cryptograms a minute and no more, and that is logged once", async () => {
    const { challenges, proofs, entries, world } = open();
    for (let n = 0; n < 50; n += 1) {
      challenges.take(toChallenge(n));
      await settled();
    }
    expect(proofs).toHaveLength(MAX_ANSWERS_PER_WINDOW);
    expect(world.asked).toBe(MAX_ANSWERS_PER_WINDOW);
    expect(entries).toHaveLength(1);
    world.uptime = ANSWER_WINDOW_S - 1;
    challenges.take(toChallenge(50));
    await settled();
    expect(proofs).toHaveLength(MAX_ANSWERS_PER_WINDOW);
    world.uptime = ANSWER_WINDOW_S;
    challenges.take(toChallenge(51));
    await settled();
    expect(proofs.at(-1)).toMatchObject({ factor: "1270000051" });
    expect(entries).toHaveLength(1);
  });

  it("has one made at a time; of those that come meanwhile the newest waits", async () => {
    const { challenges, proofs, world, end } = openSlow();
    for (const n of [1, 2, 3]) challenges.take(toChallenge(n));
    expect(world.asked).toBe(1);
    await end();
    expect(world.asked).toBe(2);
    await end();
    expect(proofs.map(({ factor }) => factor)).toEqual(["1270000001", "1270000003"]);
    challenges.take(toChallenge(4));
    await end();
    expect(proofs).toHaveLength(3);
  });

  it("gets past the bound by no challenge that waits", async () => {
    const { challenges, proofs, end } = openSlow();
    for (let n = 0; n < 3 * MAX_ANSWERS_PER_WINDOW; n += 1) {
      challenges.take(toChallenge(n));
      challenges.take(toChallenge(n + 100));
      await end();
      await end();
    }
    expect(proofs).toHaveLength(MAX_ANSWERS_PER_WINDOW);
  });
});
