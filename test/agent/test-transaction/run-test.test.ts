import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runReversal } from "../../../agent/test-transaction/run-reversal.ts";
import { type Attempt, runTest, type TestOutcome, toPurchaseTrace } from "../../../agent/test-transaction/run-test.ts";
import type { Profile } from "../../../proto/profile.ts";
import { type Acquirer, openAcquirer } from "../../../sim/acquirer/acquirer.ts";
import type { Behaviour } from "../../../sim/acquirer/behaviour.ts";
import type { AcquirerRecord } from "../../../sim/acquirer/books.ts";
import { ANSWER_MS, createTerminal, KNOWN_TERMINAL, toProfileAt, toStanding } from "../../support/acquirer.ts";

const ATTEMPT: Attempt = { trace: 100, batch: 7 };
const REVERSAL_SIGN_IN = 103;

let acquirer: Acquirer;
let profile: Profile;

beforeEach(async () => {
  acquirer = await openAcquirer({ host: "127.0.0.1", port: 0, terminals: [KNOWN_TERMINAL] });
  profile = toProfileAt(acquirer.port);
});

afterEach(() => acquirer.close());

function script(...behaviours: Behaviour[]): void {
  acquirer.script(KNOWN_TERMINAL.terminalNo, behaviours);
}

function codes(kind: AcquirerRecord["kind"]): string[] {
  return acquirer
    .records()
    .filter((record) => record.kind === kind)
    .map((record) => `${record.trace} ${record.code}`);
}

describe("a test transaction", () => {
  it("passes where the acquirer approves under a valid MAC, and owes the reversal", async () => {
    const outcome = await runTest(profile, ATTEMPT, createTerminal());
    expect(outcome).toEqual({ kind: "passed", purchaseSent: true, reversalReason: "06" });
    expect(acquirer.records()).toEqual([
      {
        kind: "purchase",
        terminalNo: "58D01115",
        merchantNo: "822290058120001",
        trace: 102,
        batch: "000007",
        amountFen: 1,
        reason: "",
        code: "00",
        effective: true,
      },
    ]);
  });

  interface Row {
    readonly behaviours: readonly Behaviour[];
    readonly outcome: TestOutcome;
    readonly purchases: readonly string[];
  }
  const inconclusive = (detail: string, reversalReason: TestOutcome["reversalReason"]): TestOutcome => ({
    kind: "inconclusive",
    detail,
    purchaseSent: true,
    reversalReason,
  });
  const refused = (code: string): TestOutcome => ({
    kind: "failed",
    detail: `purchase ${code}`,
    purchaseSent: false,
    reversalReason: "06",
  });
  const passed: TestOutcome = { kind: "passed", purchaseSent: true, reversalReason: "06" };

  it.each<[string, Row]>([
    ...["03", "30", "58", "97", "51"].map((code): [string, Row] => [
      `fails on a definite refusal ${code} and owes nothing`,
      { behaviours: [{ kind: "decline", code }], outcome: refused(code), purchases: [`102 ${code}`] },
    ]),
    ...["68", "90", "91", "92", "94", "96", "98"].map((code): [string, Row] => [
      `is inconclusive where the host could not tell (${code}), and owes the reversal`,
      {
        behaviours: [{ kind: "decline", code }],
        outcome: inconclusive(`purchase ${code}`, "06"),
        purchases: [`102 ${code}`],
      },
    ]),
    [
      "does not pass on an approval with a reservation",
      {
        behaviours: [{ kind: "decline", code: "A2" }],
        outcome: inconclusive("purchase A2", "06"),
        purchases: ["102 A2"],
      },
    ],
    [
      "does not pass on an approval with a wrong MAC",
      {
        behaviours: [{ kind: "wrongMac" }],
        outcome: inconclusive("purchase 00 without a valid MAC", "A0"),
        purchases: ["102 00"],
      },
    ],
    [
      "does not pass on an approval without a MAC",
      {
        behaviours: [{ kind: "missingMac" }],
        outcome: inconclusive("purchase 00 without a valid MAC", "A0"),
        purchases: ["102 00"],
      },
    ],
    [
      "does not pass on an answer for another terminal",
      {
        behaviours: [{ kind: "wrongEcho" }],
        outcome: inconclusive("purchase: no answer in time", "98"),
        purchases: ["102 00"],
      },
    ],
    [
      "is inconclusive on silence",
      {
        behaviours: [{ kind: "silence" }],
        outcome: inconclusive("purchase: no answer in time", "98"),
        purchases: ["102 "],
      },
    ],
    [
      "commits nothing on a late answer",
      {
        behaviours: [{ kind: "lateAnswer", ms: ANSWER_MS + 100 }],
        outcome: inconclusive("purchase: no answer in time", "98"),
        purchases: ["102 00"],
      },
    ],
    [
      "is inconclusive where the line drops after the debit",
      {
        behaviours: [{ kind: "dropAfterDebit" }],
        outcome: inconclusive("purchase: connection closed", "98"),
        purchases: ["102 00"],
      },
    ],
    [
      "passes on an answer that comes slowly but in time",
      { behaviours: [{ kind: "lateAnswer", ms: 50 }], outcome: passed, purchases: ["102 00"] },
    ],
    [
      "passes once where the answer comes twice",
      { behaviours: [{ kind: "answerTwice" }], outcome: passed, purchases: ["102 00"] },
    ],
    [
      "signs in again on A0 and sends the same purchase once more",
      { behaviours: [{ kind: "macError" }], outcome: passed, purchases: ["102 A0", "102 00"] },
    ],
    [
      "signs in again on 77 and sends the same purchase once more",
      { behaviours: [{ kind: "decline", code: "77" }], outcome: passed, purchases: ["102 77", "102 00"] },
    ],
    [
      "fails on A0 after a second sign-in",
      {
        behaviours: [{ kind: "macError" }, { kind: "macError" }],
        outcome: refused("A0"),
        purchases: ["102 A0", "102 A0"],
      },
    ],
    [
      "is inconclusive on 77 after a second sign-in",
      {
        behaviours: [
          { kind: "decline", code: "77" },
          { kind: "decline", code: "77" },
        ],
        outcome: { ...inconclusive("purchase 77", "06"), purchaseSent: false },
        purchases: ["102 77", "102 77"],
      },
    ],
    [
      "owes nothing where the second sign-in fails after an authentic 77",
      {
        behaviours: [
          { kind: "decline", code: "77" },
          { kind: "approve", on: "signIn" },
          { kind: "silence", on: "signIn" },
        ],
        outcome: { ...inconclusive("sign-in: no answer in time", "06"), purchaseSent: false },
        purchases: ["102 77"],
      },
    ],
  ])("%s", async (_, { behaviours, outcome, purchases }) => {
    script(...behaviours);
    expect(await runTest(profile, ATTEMPT, createTerminal())).toEqual(outcome);
    expect(codes("purchase")).toEqual(purchases);

    // Whatever happened: where a reversal is owed it leaves nothing standing, and where none is owed nothing stands.
    if (outcome.purchaseSent) {
      const reversal = await runReversal(profile, ATTEMPT, REVERSAL_SIGN_IN, createTerminal(), outcome.reversalReason);
      expect(reversal.kind).toBe("answered");
      expect(acquirer.records().at(-1)).toMatchObject({ kind: "reversal", trace: 102, reason: outcome.reversalReason });
    }
    expect(toStanding(acquirer.records())).toBe(0);
  });

  it("takes an answer that comes while the reversal is under way for nothing", async () => {
    script({ kind: "lateAnswer", ms: ANSWER_MS + 50 });
    const outcome = await runTest(profile, ATTEMPT, createTerminal());
    const reversal = await runReversal(profile, ATTEMPT, REVERSAL_SIGN_IN, createTerminal());
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([outcome.kind, reversal]).toEqual(["inconclusive", { kind: "answered", detail: "reversal 00" }]);
    expect(toStanding(acquirer.records())).toBe(0);
  });
});

describe("before the purchase", () => {
  const unsent = { purchaseSent: false, reversalReason: "06" };

  it.each<[string, Behaviour, object]>([
    ["a refused echo fails", { kind: "decline", code: "97", on: "echo" }, { kind: "failed", detail: "echo 97" }],
    [
      "a silent echo is inconclusive",
      { kind: "silence", on: "echo" },
      { kind: "inconclusive", detail: "echo: no answer in time" },
    ],
    [
      "an echo for another terminal is inconclusive",
      { kind: "wrongEcho", on: "echo" },
      { kind: "inconclusive", detail: "echo: no answer in time" },
    ],
    [
      "a host that is down is inconclusive",
      { kind: "decline", code: "96", on: "signIn" },
      { kind: "inconclusive", detail: "sign-in 96" },
    ],
    [
      "a refused sign-in fails",
      { kind: "decline", code: "58", on: "signIn" },
      { kind: "failed", detail: "sign-in 58" },
    ],
    [
      "a sign-in that is told to sign in is inconclusive",
      { kind: "decline", code: "77", on: "signIn" },
      { kind: "inconclusive", detail: "sign-in 77" },
    ],
    [
      "a line that drops at sign-in is inconclusive",
      { kind: "dropAfterDebit", on: "signIn" },
      { kind: "inconclusive", detail: "sign-in: connection closed" },
    ],
  ])("%s, and nothing is owed", async (_, behaviour, result) => {
    script(behaviour);
    expect(await runTest(profile, ATTEMPT, createTerminal())).toEqual({ ...result, ...unsent });
    expect(acquirer.records()).toEqual([]);
  });

  it("a terminal number that the acquirer does not know fails with 97", async () => {
    const wrong = { ...profile, acquiring: { ...profile.acquiring, terminalNo: "58D01116" } };
    expect(await runTest(wrong, ATTEMPT, createTerminal())).toEqual({ kind: "failed", detail: "echo 97", ...unsent });
  });

  it("a merchant number that is not this terminal's fails with 03", async () => {
    const wrong = { ...profile, merchant: { ...profile.merchant, number: "822290058120002" } };
    expect(await runTest(wrong, ATTEMPT, createTerminal())).toEqual({ kind: "failed", detail: "echo 03", ...unsent });
  });

  it("working keys under another master key are inconclusive", async () => {
    const stranger = createTerminal(new Uint8Array(16).fill(0x31));
    expect(await runTest(profile, ATTEMPT, stranger)).toEqual({
      kind: "inconclusive",
      detail: "sign-in: the terminal refused the working keys",
      ...unsent,
    });
    expect(acquirer.records()).toEqual([]);
  });

  it("a terminal that makes no MAC sends no purchase", async () => {
    const terminal = { ...createTerminal(), loadWorkingKeys: async () => undefined };
    expect(await runTest(profile, ATTEMPT, terminal)).toEqual({
      kind: "inconclusive",
      detail: "purchase: the terminal made no MAC",
      purchaseSent: false,
      reversalReason: "98",
    });
    expect(acquirer.records()).toEqual([]);
  });

  it("nobody listening is inconclusive", async () => {
    await acquirer.close();
    expect(await runTest(profile, ATTEMPT, createTerminal())).toEqual({
      kind: "inconclusive",
      detail: "echo: connection failed (ECONNREFUSED)",
      ...unsent,
    });
  });

  it("an address that swallows everything is inconclusive within connectMs", async () => {
    // RFC 5737: no host has it. Some networks drop the packets, others say so.
    const nowhere = {
      ...profile,
      acquiring: { ...profile.acquiring, host: "192.0.2.1" },
      parameters: { ...profile.parameters, connectMs: 150 },
    };
    const outcome = await runTest(nowhere, ATTEMPT, createTerminal());
    expect(outcome).toMatchObject({ kind: "inconclusive", detail: expect.stringMatching(/^echo: /), ...unsent });
  });
});

describe("an attempt", () => {
  it("counts its traces on from 999999 to 1", async () => {
    const attempt = { trace: 999_998, batch: 999_999 };
    expect(toPurchaseTrace(attempt)).toBe(1);
    expect((await runTest(profile, attempt, createTerminal())).kind).toBe("passed");
    expect(acquirer.records()).toMatchObject([{ trace: 1, batch: "999999" }]);
  });

  it("that cannot be packed is a fault of the caller", async () => {
    const invalid = expect.objectContaining({ code: "ISO_FIELD_INVALID" });
    await expect(runTest(profile, { trace: 1, batch: 1_000_000 }, createTerminal())).rejects.toThrow(invalid);
    await expect(runTest(profile, { trace: -5, batch: 1 }, createTerminal())).rejects.toThrow(invalid);
    expect(acquirer.connections()).toBe(0);
  });

  it("lets a fault of the terminal's adapter through and leaves no connection", async () => {
    const fault = new TypeError("a fault");
    const withFault = (method: "loadWorkingKeys" | "computeMac") => ({
      ...createTerminal(),
      [method]: async () => {
        throw fault;
      },
    });
    await expect(runTest(profile, ATTEMPT, withFault("loadWorkingKeys"))).rejects.toBe(fault);
    await expect(runTest(profile, ATTEMPT, withFault("computeMac"))).rejects.toBe(fault);
    await expect.poll(() => acquirer.connections()).toBe(0);
  });

  it("leaves no connection behind, answered or not", async () => {
    script({ kind: "silence" }, { kind: "approve" });
    await runTest(profile, ATTEMPT, createTerminal());
    await runTest(profile, { ...ATTEMPT, trace: 200 }, createTerminal());
    await expect.poll(() => acquirer.connections()).toBe(0);
  });

  it("of many at once passes for each terminal by its own keys", async () => {
    const terminals = Array.from({ length: 20 }, (_, i) => ({
      ...KNOWN_TERMINAL,
      terminalNo: `T${String(i).padStart(7, "0")}`,
    }));
    acquirer.addTerminals(terminals);
    const patient = { ...profile, parameters: { ...profile.parameters, answerMs: 10_000 } };
    const outcomes = await Promise.all(
      terminals.map(({ terminalNo }) =>
        runTest({ ...patient, acquiring: { ...profile.acquiring, terminalNo } }, ATTEMPT, createTerminal()),
      ),
    );
    expect(outcomes.every(({ kind }) => kind === "passed")).toBe(true);
    expect(new Set(acquirer.records().map(({ terminalNo }) => terminalNo)).size).toBe(20);
  });
});
