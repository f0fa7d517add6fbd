import { afterEach, describe, expect, it } from "vitest";
import { toFrame } from "../../../agent/iso8583/message.ts";
import type { Terminal } from "../../../agent/terminal/terminal.ts";
import { MAX_UNRELATED_MESSAGES } from "../../../agent/test-transaction/exchange.ts";
import { type Attempt, runTest } from "../../../agent/test-transaction/run-test.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import {
  createTerminal,
  openTamperedAcquirer,
  type TamperedAcquirer,
  toProfileAt,
  toStanding,
} from "../../support/acquirer.ts";

const ATTEMPT: Attempt = { trace: 700, batch: 3 };

let acquirer: TamperedAcquirer | undefined;

afterEach(async () => {
  await acquirer?.close();
  acquirer = undefined;
});

/** One attempt over a line on which `tamper` sits. */
async function attempt(tamper: Parameters<typeof openTamperedAcquirer>[0]) {
  acquirer = await openTamperedAcquirer(tamper);
  const outcome = await runTest(toProfileAt(acquirer.port), ATTEMPT, createTerminal());
  return { outcome, acquirer };
}

/** Only purchase answers are tampered with. */
function onPurchase(tamper: (answer: Buffer) => readonly Uint8Array[]): Parameters<typeof openTamperedAcquirer>[0] {
  return (request, answer) => (request.type === "0200" ? tamper(answer) : [answer]);
}

/** The answer with processing requirement 3 in its header, which no MAC covers. */
function askForSignIn(answer: Buffer): Buffer {
  const asked = Buffer.from(answer);
  asked[9] = 0x03;
  return asked;
}

describe("on the line", () => {
  it("an answer may come byte by byte", async () => {
    const { outcome } = await attempt((_, answer) => [...answer].map((byte) => Uint8Array.of(byte)));
    expect(outcome.kind).toBe("passed");
  });

  it("unrelated, unreadable and other terminals' messages before the answer are skipped", async () => {
    const { outcome } = await attempt((request, answer) => {
      const unrelated = toFrame({ ...request, fields: { 11: "000009", 41: "58D01115" } });
      const otherTrace = toFrame({ ...request, type: "0210", fields: { ...request.fields, 11: "000009", 39: "00" } });
      const unreadable = Buffer.from(answer);
      unreadable[11] = 0xff;
      return [Buffer.concat([unrelated, otherTrace, unreadable, answer])];
    });
    expect(outcome.kind).toBe("passed");
  });

  it(`more than ${MAX_UNRELATED_MESSAGES} messages before the answer end the wait`, async () => {
    const flood = (answer: Buffer, count: number) => {
      const unreadable = Buffer.from(answer);
      unreadable[11] = 0xff;
      return [Buffer.concat([...Array.from({ length: count }, () => unreadable), answer])];
    };
    const enough = await attempt(onPurchase((answer) => flood(answer, MAX_UNRELATED_MESSAGES)));
    expect(enough.outcome.kind).toBe("passed");
    await enough.acquirer.close();
    const { outcome } = await attempt(onPurchase((answer) => flood(answer, MAX_UNRELATED_MESSAGES + 1)));
    expect(outcome).toEqual({
      kind: "inconclusive",
      detail: "purchase: unreadable stream (ISO_MALFORMED)",
      purchaseSent: true,
      reversalReason: "98",
    });
  });

  it("something other than ISO 8583 ends the wait at once", async () => {
    const { outcome } = await attempt(() => [Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")]);
    expect(outcome).toMatchObject({ kind: "inconclusive", detail: "echo: unreadable stream (ISO_MALFORMED)" });
  });

  it("an answer cut in half is no answer", async () => {
    const { outcome } = await attempt((request, answer, socket) => {
      if (request.type !== "0200") return [answer];
      socket.end(answer.subarray(0, 40));
      return [];
    });
    expect(outcome).toMatchObject({ kind: "inconclusive", detail: "purchase: connection closed", purchaseSent: true });
  });

  it("no changed bit of an approval passes, but in what no MAC covers", async () => {
    // TPDU and header (bytes 2 to 12) are outside the MAC; every bit behind them is inside or is the MAC itself.
    const flips = [13, 17, 23, 30, 40, 45, 60, 75, 90];
    for (const at of flips) {
      const { outcome, acquirer: tampered } = await attempt(
        onPurchase((answer) => {
          const changed = Buffer.from(answer);
          const place = Math.min(at, answer.length - 1);
          changed[place] = (changed[place] ?? 0) ^ 0x01;
          return [changed];
        }),
      );
      expect(outcome).toMatchObject({ kind: "inconclusive", purchaseSent: true });
      await tampered.close();
    }
  });

  it("a refusal turned into an approval does not pass", async () => {
    acquirer = await openTamperedAcquirer(
      onPurchase((answer) => {
        const forged = Buffer.from(answer);
        forged.write("00", answer.indexOf("58", 40, "latin1"), "latin1");
        return [forged];
      }),
    );
    acquirer.host.script("58D01115", [{ kind: "decline", code: "58" }]);
    const outcome = await runTest(toProfileAt(acquirer.port), ATTEMPT, createTerminal());
    expect(outcome).toMatchObject({ kind: "inconclusive", purchaseSent: true });
    expect(toStanding(acquirer.host.records())).toBe(0);
  });

  it("a refusal without a valid MAC decides nothing and owes the reversal", async () => {
    const { outcome } = await attempt((request, answer) =>
      request.type === "0200"
        ? [toFrame({ ...request, type: "0210", fields: { ...request.fields, 39: "97", 64: new Uint8Array(8) } })]
        : [answer],
    );
    expect(outcome).toEqual({
      kind: "inconclusive",
      detail: "purchase 97 without a valid MAC",
      purchaseSent: true,
      reversalReason: "A0",
    });
  });

  it("an approval replayed from an earlier attempt does not pass", async () => {
    let recorded: Buffer | undefined;
    acquirer = await openTamperedAcquirer(
      onPurchase((answer) => {
        recorded ??= answer;
        return [recorded];
      }),
    );
    const profile = toProfileAt(acquirer.port);
    expect((await runTest(profile, ATTEMPT, createTerminal())).kind).toBe("passed");
    // The same trace again under new keys, and another trace.
    expect((await runTest(profile, ATTEMPT, createTerminal())).kind).toBe("inconclusive");
    expect((await runTest(profile, { trace: 800, batch: 3 }, createTerminal())).kind).toBe("inconclusive");
  });

  it("an answer without a code decides nothing", async () => {
    const { outcome } = await attempt((request) => [toFrame({ ...request, type: "0830" })]);
    expect(outcome).toMatchObject({ kind: "inconclusive", detail: "echo without code", purchaseSent: false });
  });

  it("a sign-in answer without working keys decides nothing", async () => {
    const { outcome } = await attempt((request, answer) =>
      request.type === "0800"
        ? [toFrame({ ...request, type: "0810", fields: { ...request.fields, 39: "00" } })]
        : [answer],
    );
    expect(outcome).toMatchObject({ kind: "inconclusive", detail: "sign-in: no working keys came" });
  });
});

describe("a header that asks for a sign-in", () => {
  it("is obeyed once beside a refusal, and the same purchase is sent again", async () => {
    acquirer = await openTamperedAcquirer(onPurchase((answer) => [askForSignIn(answer)]));
    acquirer.host.script("58D01115", [{ kind: "decline", code: "58" }]);
    const outcome = await runTest(toProfileAt(acquirer.port), ATTEMPT, createTerminal());
    expect(outcome.kind).toBe("passed");
    expect(acquirer.requests.map(({ type, fields }) => `${type} ${fields[11]}`)).toEqual([
      "0820 000700",
      "0800 000701",
      "0200 000702",
      "0800 000701",
      "0200 000702",
    ]);
  });

  it("does not set aside an authentic approval", async () => {
    const { outcome, acquirer: tampered } = await attempt(onPurchase((answer) => [askForSignIn(answer)]));
    expect(outcome.kind).toBe("passed");
    expect(tampered.requests).toHaveLength(3);
  });
});

describe("a first answer that was replaced by A0 while the purchase stands", () => {
  /** Only the first purchase's answer is replaced; the host booked it. */
  function replaceFirst(): Parameters<typeof openTamperedAcquirer>[0] {
    let purchases = 0;
    return (request, answer) => {
      if (request.type !== "0200") return [answer];
      purchases += 1;
      if (purchases > 1) return [answer];
      return [toFrame({ ...request, type: "0210", fields: { ...request.fields, 39: "A0", 64: new Uint8Array(8) } })];
    };
  }

  it.each(["51", "77", "A0"])("owes the reversal whatever the second answer is (%s)", async (code) => {
    acquirer = await openTamperedAcquirer(replaceFirst());
    acquirer.host.script("58D01115", [{ kind: "approve" }, { kind: "decline", code }]);
    const outcome = await runTest(toProfileAt(acquirer.port), ATTEMPT, createTerminal());
    expect(acquirer.requests.filter(({ type }) => type === "0200")).toHaveLength(2);
    expect(toStanding(acquirer.host.records())).toBe(1);
    expect(outcome).toMatchObject({ purchaseSent: true, detail: `purchase ${code}` });
  });
});

describe("a host that lost the terminal's keys", () => {
  it("cannot be believed about the debit: refused twice without a valid MAC fails and owes the reversal", async () => {
    const { outcome } = await attempt((request, answer) =>
      request.type === "0200"
        ? [toFrame({ ...request, type: "0210", fields: { ...request.fields, 39: "A0", 64: new Uint8Array(8) } })]
        : [answer],
    );
    expect(outcome).toEqual({
      kind: "failed",
      detail: "purchase A0 without a valid MAC",
      purchaseSent: true,
      reversalReason: "A0",
    });
  });

  it("still owes the reversal of the first purchase where the second one never leaves", async () => {
    acquirer = await openTamperedAcquirer((request, answer) => {
      const { 64: _, ...fields } = request.fields;
      return [
        request.type === "0200" ? toFrame({ ...request, type: "0210", fields: { ...fields, 39: "77" } }) : answer,
      ];
    });
    const held = createTerminal();
    let macs = 0;
    const terminal: Terminal = {
      ...held,
      computeMac: async (data) => {
        macs += 1;
        if (macs > 1) throw new TillsyncError("COMMAND_FAILED");
        return held.computeMac(data);
      },
    };
    expect(await runTest(toProfileAt(acquirer.port), ATTEMPT, terminal)).toEqual({
      kind: "inconclusive",
      detail: "purchase: the terminal made no MAC",
      purchaseSent: true,
      reversalReason: "98",
    });
    expect(acquirer.requests.filter(({ type }) => type === "0200")).toHaveLength(1);
  });
});
