import { beforeEach, describe, expect, it } from "vitest";
import type { Fields } from "../../../agent/iso8583/fields.ts";
import { MAC_BYTES, toMac } from "../../../agent/iso8583/mac.ts";
import { type IsoMessage, parseFrame, toFrame, toMacData } from "../../../agent/iso8583/message.ts";
import { parseField62 } from "../../../agent/iso8583/working-keys.ts";
import { toEcho, toPurchase, toReversal, toSignIn } from "../../../agent/test-transaction/messages.ts";
import { concat, toHex } from "../../../proto/bytes.ts";
import { AcquirerHost, MAX_SCRIPT, type Reaction } from "../../../sim/acquirer/host.ts";
import { KNOWN_TERMINAL, TMK, toProfileAt } from "../../support/acquirer.ts";

const PROFILE = toProfileAt(1);
const BATCH = 9;

let host: AcquirerHost;
let drawn: number;

beforeEach(() => {
  drawn = 0;
  host = new AcquirerHost((bytes) => {
    drawn += 1;
    return Buffer.alloc(bytes, drawn);
  });
  host.addTerminals([KNOWN_TERMINAL]);
});

function react(message: IsoMessage, mak?: Uint8Array): Reaction {
  if (mak === undefined) return host.receive(message, toFrame(message));
  const fields = { ...message.fields, 64: new Uint8Array(MAC_BYTES) };
  const unsealed = toFrame({ ...message, fields });
  const mac = toMac(mak, toMacData(unsealed));
  const frame = concat(unsealed.subarray(0, -MAC_BYTES), mac);
  return host.receive(parseFrame(frame), frame);
}

function answer(message: IsoMessage, mak?: Uint8Array): IsoMessage {
  const [frame] = react(message, mak).frames;
  return parseFrame(frame ?? new Uint8Array(0));
}

function signIn(): Uint8Array {
  const field62 = answer(toSignIn(PROFILE, 1, BATCH)).fields[62] ?? new Uint8Array(0);
  return parseField62(TMK, field62).mak;
}

function without(message: IsoMessage, field: keyof Fields): IsoMessage {
  const { [field]: _, ...fields } = message.fields;
  return { ...message, fields };
}

describe("the acquirer host", () => {
  it("answers an echo with the message's own fields, addresses changed about", () => {
    const echo = answer(toEcho(PROFILE, 77, BATCH));
    expect(toHex(echo.tpdu)).toBe("6000000006");
    expect(echo).toMatchObject({
      type: "0830",
      fields: { 11: "000077", 39: "00", 41: "58D01115", 42: "822290058120001", 60: "00000009301" },
    });
  });

  it("gives new working keys at each sign-in, and only the last ones hold", () => {
    const first = signIn();
    const second = signIn();
    expect(toHex(first)).not.toBe(toHex(second));
    expect(answer(toPurchase(PROFILE, 2, BATCH), first).fields[39]).toBe("A0");
    expect(answer(toPurchase(PROFILE, 3, BATCH), second).fields[39]).toBe("00");
  });

  it("signs its answers", () => {
    const mak = signIn();
    const [frame = new Uint8Array(0)] = react(toPurchase(PROFILE, 2, BATCH), mak).frames;
    expect(parseFrame(frame).fields[64]).toEqual(toMac(mak, toMacData(frame)));
  });

  it("refuses unknown terminals, foreign merchants, missing fields, and purchases before a sign-in", () => {
    const acquiring = { ...PROFILE.acquiring, terminalNo: "00000000" };
    const merchant = { ...PROFILE.merchant, number: "000000000000000" };
    expect(answer(toEcho({ ...PROFILE, acquiring }, 1, BATCH)).fields[39]).toBe("97");
    expect(answer(without(toEcho(PROFILE, 1, BATCH), 41)).fields[39]).toBe("97");
    expect(answer(toEcho({ ...PROFILE, merchant }, 1, BATCH)).fields[39]).toBe("03");
    expect(answer(without(toEcho(PROFILE, 1, BATCH), 11)).fields[39]).toBe("30");
    expect(answer(without(toEcho(PROFILE, 1, BATCH), 60)).fields[39]).toBe("30");
    expect(answer(toPurchase(PROFILE, 1, BATCH)).fields[39]).toBe("77");
  });

  it("refuses a purchase without or with a wrong MAC", () => {
    signIn();
    expect(answer(toPurchase(PROFILE, 1, BATCH)).fields[39]).toBe("A0");
    expect(answer(toPurchase(PROFILE, 2, BATCH), new Uint8Array(8)).fields[39]).toBe("A0");
    expect(host.records().map(({ effective }) => effective)).toEqual([false, false]);
  });

  it("does not answer other message kinds", () => {
    expect(react({ ...toEcho(PROFILE, 1, BATCH), type: "0500" })).toEqual({ frames: [], afterMs: 0, drop: false });
  });

  it("wants a new sign-in of a terminal whose data changed", () => {
    const mak = signIn();
    host.addTerminals([KNOWN_TERMINAL]);
    expect(answer(toPurchase(PROFILE, 1, BATCH), mak).fields[39]).toBe("77");
  });
});

describe("the acquirer's books", () => {
  it("hold a purchase once and refuse its repetition as a duplicate", () => {
    const mak = signIn();
    expect(answer(toPurchase(PROFILE, 5, BATCH), mak).fields[39]).toBe("00");
    expect(answer(toPurchase(PROFILE, 5, BATCH), mak).fields[39]).toBe("94");
    expect(answer(toPurchase(PROFILE, 5, BATCH + 1), mak).fields[39]).toBe("00");
    expect(host.records().map(({ code, effective }) => `${code} ${effective}`)).toEqual([
      "00 true",
      "94 false",
      "00 true",
    ]);
  });

  it("let a purchase be reversed exactly once, and by its own amount only", () => {
    const mak = signIn();
    react(toPurchase(PROFILE, 5, BATCH), mak);
    const dearer = { ...PROFILE, parameters: { ...PROFILE.parameters, amountFen: 2 } };
    expect(answer(toReversal(dearer, 5, BATCH, "98"), mak).fields[39]).toBe("25");
    expect(answer(toReversal(PROFILE, 6, BATCH, "98"), mak).fields[39]).toBe("25");
    expect(answer(toReversal(PROFILE, 5, BATCH, "98"), mak).fields[39]).toBe("00");
    expect(answer(toReversal(PROFILE, 5, BATCH, "98"), mak).fields[39]).toBe("12");
    expect(answer(toPurchase(PROFILE, 5, BATCH), mak).fields[39]).toBe("94");
    expect(host.records().filter(({ effective }) => effective)).toHaveLength(2);
  });
});

describe("a script", () => {
  it("is consumed in order by messages of the kinds it names", () => {
    const mak = signIn();
    host.script("58D01115", [
      { kind: "decline", code: "58", on: "reversal" },
      { kind: "decline", code: "51" },
      { kind: "decline", code: "61" },
    ]);
    const codes = [
      toPurchase(PROFILE, 1, BATCH),
      toPurchase(PROFILE, 2, BATCH),
      toPurchase(PROFILE, 3, BATCH),
      toReversal(PROFILE, 3, BATCH, "06"),
      toReversal(PROFILE, 3, BATCH, "06"),
    ].map((message) => answer(message, mak).fields[39]);
    expect(codes).toEqual(["51", "61", "00", "58", "00"]);
  });

  it("is not consumed by a message that would be refused anyway", () => {
    const mak = signIn();
    host.script("58D01115", [{ kind: "decline", code: "51" }]);
    expect(answer(toPurchase(PROFILE, 1, BATCH), new Uint8Array(8)).fields[39]).toBe("A0");
    expect(answer(toPurchase(PROFILE, 2, BATCH), mak).fields[39]).toBe("51");
  });

  it("can have the host book and say nothing, or neither", () => {
    const mak = signIn();
    host.script("58D01115", [{ kind: "silence" }, { kind: "dropAfterDebit" }]);
    expect(react(toPurchase(PROFILE, 1, BATCH), mak)).toEqual({ frames: [], afterMs: 0, drop: false });
    expect(react(toPurchase(PROFILE, 2, BATCH), mak)).toEqual({ frames: [], afterMs: 0, drop: true });
    expect(host.records().map(({ trace, effective }) => [trace, effective])).toEqual([
      [1, false],
      [2, true],
    ]);
  });

  it("can have the host answer late or twice", () => {
    const mak = signIn();
    host.script("58D01115", [{ kind: "lateAnswer", ms: 700 }, { kind: "answerTwice" }]);
    expect(react(toPurchase(PROFILE, 1, BATCH), mak)).toMatchObject({ afterMs: 700 });
    const { frames } = react(toPurchase(PROFILE, 2, BATCH), mak);
    expect(frames.map(toHex)).toEqual([toHex(frames[0] ?? new Uint8Array(0)), toHex(frames[0] ?? new Uint8Array(0))]);
    expect(host.records().filter(({ effective }) => effective)).toHaveLength(2);
  });

  it("has a bound", () => {
    const endless = Array.from({ length: MAX_SCRIPT + 1 }, () => ({ kind: "approve" }) as const);
    expect(() => host.script("58D01115", endless)).toThrow(RangeError);
  });
});
