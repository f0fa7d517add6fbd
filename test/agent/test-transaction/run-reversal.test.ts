import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runReversal } from "../../../agent/test-transaction/run-reversal.ts";
import { type Attempt, runTest } from "../../../agent/test-transaction/run-test.ts";
import type { Profile } from "../../../proto/profile.ts";
import { type Acquirer, openAcquirer } from "../../../sim/acquirer/acquirer.ts";
import type { Behaviour } from "../../../sim/acquirer/behaviour.ts";
import { createTerminal, KNOWN_TERMINAL, toProfileAt, toStanding } from "../../support/acquirer.ts";

const ATTEMPT: Attempt = { trace: 500, batch: 12 };

let acquirer: Acquirer;
let profile: Profile;

beforeEach(async () => {
  acquirer = await openAcquirer({ host: "127.0.0.1", port: 0, terminals: [KNOWN_TERMINAL] });
  profile = toProfileAt(acquirer.port);
  await runTest(profile, ATTEMPT, createTerminal());
});

afterEach(() => acquirer.close());

function script(...behaviours: Behaviour[]): void {
  acquirer.script(KNOWN_TERMINAL.terminalNo, behaviours);
}

describe("the reversal of a test purchase", () => {
  it("takes the purchase back, by a terminal that lost its keys in a restart", async () => {
    expect(toStanding(acquirer.records())).toBe(1);
    const result = await runReversal(profile, ATTEMPT, 503, createTerminal(), "06");
    expect(result).toEqual({ kind: "answered", detail: "reversal 00" });
    expect(acquirer.records().at(-1)).toEqual({
      kind: "reversal",
      terminalNo: "58D01115",
      merchantNo: "822290058120001",
      trace: 502,
      batch: "000012",
      amountFen: 1,
      reason: "06",
      code: "00",
      effective: true,
    });
    expect(toStanding(acquirer.records())).toBe(0);
  });

  it("gives no answer as its reason where none is known", async () => {
    await runReversal(profile, ATTEMPT, 503, createTerminal());
    expect(acquirer.records().at(-1)).toMatchObject({ kind: "reversal", reason: "98" });
  });

  it("is done where the purchase was reversed already (12)", async () => {
    await runReversal(profile, ATTEMPT, 503, createTerminal());
    expect(await runReversal(profile, ATTEMPT, 504, createTerminal())).toEqual({
      kind: "answered",
      detail: "reversal 12",
    });
    expect(toStanding(acquirer.records())).toBe(0);
  });

  it("is done where the host never saw the purchase (25)", async () => {
    const unseen = { trace: 900, batch: 12 };
    expect(await runReversal(profile, unseen, 903, createTerminal())).toEqual({
      kind: "answered",
      detail: "reversal 25",
    });
  });

  it.each<[string, Behaviour, string, number]>([
    ["silence", { kind: "silence", on: "reversal" }, "reversal: no answer in time", 1],
    ["a refusal", { kind: "decline", code: "96", on: "reversal" }, "reversal 96", 1],
    ["a MAC error at the host", { kind: "macError", on: "reversal" }, "reversal A0", 1],
    ["a wrong MAC", { kind: "wrongMac", on: "reversal" }, "reversal 00 without a valid MAC", 0],
    ["no MAC", { kind: "missingMac", on: "reversal" }, "reversal 00 without a valid MAC", 0],
    ["an answer for another terminal", { kind: "wrongEcho", on: "reversal" }, "reversal: no answer in time", 0],
    ["a line that drops after it", { kind: "dropAfterDebit", on: "reversal" }, "reversal: connection closed", 0],
    ["a refused sign-in", { kind: "decline", code: "91", on: "signIn" }, "sign-in 91", 1],
  ])("is not done on %s; the next one is", async (_, behaviour, detail, standing) => {
    script(behaviour);
    expect(await runReversal(profile, ATTEMPT, 503, createTerminal())).toEqual({ kind: "unanswered", detail });
    expect(toStanding(acquirer.records())).toBe(standing);
    expect((await runReversal(profile, ATTEMPT, 504, createTerminal())).kind).toBe("answered");
    expect(toStanding(acquirer.records())).toBe(0);
  });

  it("waits for the host to come back", async () => {
    await acquirer.close();
    expect(await runReversal(profile, ATTEMPT, 503, createTerminal())).toEqual({
      kind: "unanswered",
      detail: "sign-in: connection failed (ECONNREFUSED)",
    });
  });
});
