import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FIELD_NUMBERS, FIELDS, type FieldNumber, type Fields } from "../../../agent/iso8583/fields.ts";
import { MAX_FRAME_BYTES } from "../../../agent/iso8583/frames.ts";
import { type IsoMessage, isSignInDemanded, parseFrame, toFrame, toMacData } from "../../../agent/iso8583/message.ts";
import { toHex } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";

const SIGN_IN_FRAME = Buffer.from(
  "003B6000060000602200000000080000200000" +
    "00C00012001247353844303131313538383735384430343831363535353500110000000100300002" +
    "3031",
  "hex",
);

const SIGN_IN: IsoMessage = {
  tpdu: Buffer.from("6000060000", "hex"),
  header: "602200000000",
  type: "0800",
  fields: { 11: "001247", 41: "58D01115", 42: "88758D048165555", 60: "00000001003", 63: Buffer.from("01") },
};

const malformed = expect.objectContaining({ code: "ISO_MALFORMED" });
const invalid = expect.objectContaining({ code: "ISO_FIELD_INVALID" });

function withFields(fields: Fields): IsoMessage {
  return { ...SIGN_IN, fields };
}

/** A frame of the fields given in hexadecimal, with its length put right. */
function frameOf(bitmap: string, fields: string): Buffer {
  const body = Buffer.from(`60000600006022000000000200${bitmap}${fields}`, "hex");
  const length = Buffer.alloc(2);
  length.writeUInt16BE(body.length);
  return Buffer.concat([length, body]);
}

function comparable(message: IsoMessage) {
  const fields = Object.entries(message.fields).map(([n, v]) => [n, typeof v === "string" ? v : toHex(v)]);
  return { ...message, tpdu: toHex(message.tpdu), fields };
}

describe("an ISO 8583 message", () => {
  it("packs the known sign-in into its 61 bytes", () => {
    expect(SIGN_IN_FRAME).toHaveLength(61);
    expect(toHex(toFrame(SIGN_IN))).toBe(toHex(SIGN_IN_FRAME));
  });

  it("is read back from the known sign-in", () => {
    expect(comparable(parseFrame(SIGN_IN_FRAME))).toEqual(comparable(SIGN_IN));
  });

  it("survives packing and reading with any values that fit", () => {
    const digits = (n: number) => fc.stringMatching(new RegExp(`^\\d{${n}}$`));
    const upToDigits = (n: number) => fc.stringMatching(new RegExp(`^\\d{0,${n}}$`));
    const text = (min: number, max: number) => fc.stringMatching(new RegExp(`^[ -~]{${min},${max}}$`));
    const value = (field: FieldNumber): fc.Arbitrary<string | Uint8Array> => {
      const { content, lengthBytes, size } = FIELDS[field];
      if (content === "bytes") return fc.uint8Array({ minLength: lengthBytes === 0 ? size : 0, maxLength: size });
      if (content === "track") return fc.stringMatching(new RegExp(`^[0-9=]{0,${size}}$`));
      if (content === "text") return text(lengthBytes === 0 ? size : 0, size);
      return lengthBytes === 0 ? digits(size) : upToDigits(size);
    };
    const fields = fc.record(Object.fromEntries(FIELD_NUMBERS.map((n) => [n, value(n)])), { requiredKeys: [] });
    fc.assert(
      fc.property(fields, (given) => {
        const message = withFields(given as Fields);
        const frame = toFrame(message);
        expect(comparable(parseFrame(frame))).toEqual(comparable(message));
        expect(toHex(toFrame(parseFrame(frame)))).toBe(toHex(frame));
      }),
      { numRuns: 100 },
    );
  });

  it("stays under the largest frame with every field at its longest", () => {
    const longest = Object.fromEntries(
      FIELD_NUMBERS.map((n) => {
        const { content, size } = FIELDS[n];
        return [n, content === "bytes" ? new Uint8Array(size) : "0".repeat(size)];
      }),
    );
    const frame = toFrame(withFields(longest as Fields));
    expect(frame.length).toBeLessThanOrEqual(MAX_FRAME_BYTES);
    expect(Object.keys(parseFrame(frame).fields)).toHaveLength(FIELD_NUMBERS.length);
  });

  it("puts odd digits right-aligned into fixed fields, left-aligned into field 22 and variable ones", () => {
    const frame = toFrame(withFields({ 2: "62284", 22: "021", 23: "001", 35: "6=1" }));
    expect(toHex(frame.subarray(23))).toBe("05622840" + "0210" + "0001" + "036d10");
  });

  it("gives the MAC everything from the message type to the last byte before field 64", () => {
    const frame = toFrame(withFields({ 11: "000001", 64: new Uint8Array(8).fill(0xaa) }));
    expect(toHex(toMacData(frame))).toBe("0800" + "0020000000000001" + "000001");
  });

  it("tells whether its header asks for a new sign-in", () => {
    expect(isSignInDemanded({ ...SIGN_IN, header: "602203000000" })).toBe(true);
    expect(isSignInDemanded({ ...SIGN_IN, header: "602206000000" })).toBe(false);
    expect(isSignInDemanded({ ...SIGN_IN, header: "602230000000" })).toBe(false);
  });
});

describe("packing refuses", () => {
  it.each<[string, Fields]>([
    ["a fixed number that is too short", { 11: "1247" }],
    ["a fixed number that is too long", { 4: "0000000000001" }],
    ["a variable number beyond its bound", { 2: "6".repeat(20) }],
    ["a letter among digits", { 3: "00000A" }],
    ["a character outside printable ASCII", { 41: "5800111é" }],
    ["a line break in text", { 41: "5800111\n" }],
    ["a fixed binary field of another length", { 64: new Uint8Array(7) }],
    ["text where bytes belong", { 64: "12345678" as unknown as Uint8Array }],
    ["bytes where text belongs", { 41: new Uint8Array(8) as unknown as string }],
    ["a letter in a track", { 35: "62d4" }],
  ])("%s", (_, fields) => {
    expect(() => toFrame(withFields(fields))).toThrow(invalid);
  });

  it.each<[string, Partial<IsoMessage>]>([
    ["a TPDU of another length", { tpdu: new Uint8Array(4) }],
    ["a header of another length", { header: "6022000000" }],
    ["a header with a letter", { header: "60220000000A" }],
    ["a message type of another length", { type: "80" }],
  ])("%s", (_, part) => {
    expect(() => toFrame({ ...SIGN_IN, ...part })).toThrow(invalid);
  });
});

describe("reading refuses", () => {
  it.each<[string, Buffer]>([
    ["nothing at all", Buffer.alloc(0)],
    ["half a length", Buffer.from([0])],
    ["a length that is not the frame's", Buffer.concat([SIGN_IN_FRAME, Buffer.from([0])])],
    ["a frame above the bound", frameOf("0000000000000000", "00".repeat(MAX_FRAME_BYTES))],
    [
      "a letter in the header",
      Buffer.from(SIGN_IN_FRAME.toString("hex").replace("602200000000", "60220000000a"), "hex"),
    ],
    ["a letter in the message type", Buffer.from(SIGN_IN_FRAME.toString("hex").replace("0800", "080f"), "hex")],
    ["a second bitmap", frameOf("8000000000000000", "0000000000000000")],
    ["a field that terminals do not use", frameOf("0800000000000000", "000000000001")],
    ["a letter in a fixed number", frameOf("0020000000000000", "00124f")],
    ["a letter in a variable number", frameOf("4000000000000000", "0412a4")],
    ["a letter in a length", frameOf("4000000000000000", "0a1234567890")],
    ["a length beyond its field's bound", frameOf("4000000000000000", `20${"00".repeat(10)}`)],
    ["a length beyond the message", frameOf("4000000000000000", "191234")],
    ["a spare nibble that is not 0, on the right", frameOf("4000000000000000", "031234")],
    ["a spare nibble that is not 0, on the left", frameOf("0000020000000000", "1001")],
    ["a nibble other than a digit or D in a track", frameOf("0000000020000000", "0412e4")],
    ["control characters in text", frameOf("0000000002000000", "3007")],
    ["characters above ASCII in text", frameOf("0000000002000000", "30b0")],
    ["a field that is cut short", frameOf("0000000000800000", "3538")],
    ["bytes after the last field", frameOf("0000000002000000", "303000")],
  ])("%s", (_, frame) => {
    expect(() => parseFrame(frame)).toThrow(malformed);
  });

  it("the known sign-in cut off anywhere", () => {
    for (let length = 0; length < SIGN_IN_FRAME.length; length++) {
      const cut = Buffer.from(SIGN_IN_FRAME.subarray(0, length));
      if (length >= 2) cut.writeUInt16BE(length - 2);
      expect(() => parseFrame(cut)).toThrow(malformed);
    }
  });

  it("or accepts any bytes, but never throws anything else and never changes what it accepts", () => {
    const mutation = fc.tuple(fc.nat(SIGN_IN_FRAME.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
        const frame = Buffer.from(SIGN_IN_FRAME);
        for (const [at, byte] of mutations) frame[at] = byte;
        try {
          expect(toHex(toFrame(parseFrame(frame)))).toBe(toHex(frame));
        } catch (error) {
          if (!(error instanceof TillsyncError)) throw error;
          expect(error.code).toBe("ISO_MALFORMED");
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
