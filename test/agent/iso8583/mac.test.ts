import { describe, expect, it } from "vitest";
import { decipher, encipher } from "../../../agent/iso8583/des.ts";
import { isMac, toMac } from "../../../agent/iso8583/mac.ts";
import { parseField62, toField62 } from "../../../agent/iso8583/working-keys.ts";
import { toHex } from "../../../proto/bytes.ts";

const hex = (text: string) => Buffer.from(text, "hex");

describe("DES", () => {
  it("deciphers the known MAC key under the known master key with triple DES", () => {
    const mak = decipher(hex("70F2A84CCBC2AE8625CBB0F2C22AB923"), hex("96D605EA176B7E9E"));
    expect(toHex(mak)).toBe("c24a8fb57aa20123");
  });

  it("is plain DES under a key of 8 bytes (FIPS 81, ECB example)", () => {
    const key = hex("0123456789ABCDEF");
    expect(toHex(encipher(key, Buffer.from("Now is the time for all ")))).toBe(
      "3fa40e8a984d48156a271787ab8883f9893d51ec4b563b53",
    );
  });

  it("refuses keys of any other length", () => {
    for (const length of [0, 7, 24]) {
      expect(() => encipher(new Uint8Array(length), new Uint8Array(8))).toThrow(
        expect.objectContaining({ code: "KEY_INVALID" }),
      );
      expect(() => decipher(new Uint8Array(length), new Uint8Array(8))).toThrow(
        expect.objectContaining({ code: "KEY_INVALID" }),
      );
    }
  });
});

describe("the MAC", () => {
  const MAK = hex("dab36167e6dfb5ef");
  const FOLDED = hex("8669012722f217c6");

  it("of the known folded block is the known one", () => {
    expect(Buffer.from(toMac(MAK, FOLDED)).toString("latin1")).toBe("E5805ECB");
  });

  it("folds blocks by XOR and pads the last one with 0x00", () => {
    const first = hex("1122334455667788");
    const second = Buffer.from(FOLDED.map((byte, i) => byte ^ (first[i] ?? 0)));
    expect(toMac(MAK, Buffer.concat([first, second]))).toEqual(toMac(MAK, FOLDED));
    expect(toMac(MAK, hex("0102030405"))).toEqual(toMac(MAK, hex("0102030405000000")));
  });

  it("changes with the key, also with its second half", () => {
    const double = Buffer.concat([MAK, hex("0123456789abcdef")]);
    expect(toMac(Buffer.concat([MAK, MAK]), FOLDED)).toEqual(toMac(MAK, FOLDED));
    expect(toMac(double, FOLDED)).not.toEqual(toMac(MAK, FOLDED));
  });

  it("is equal only to itself", () => {
    const mac = toMac(MAK, FOLDED);
    expect(isMac(mac, Buffer.from("E5805ECB"))).toBe(true);
    expect(isMac(mac, Buffer.from("E5805ECC"))).toBe(false);
    expect(isMac(mac.subarray(0, 7), mac)).toBe(false);
    expect(isMac(undefined, mac)).toBe(false);
  });
});

describe("working keys in field 62", () => {
  // Published example of a sign-in answer: master key, field 62 and both deciphered keys.
  const TMK = hex("CA5D92598DCA48CE8A4C76361A9269E9");
  const FIELD_62 = hex("6701EAD6A9AD51E51AA406E2C27FCFA98D0A74B8B651F9E9BACE9AE10000000000000000AB7153CA");
  const PIK = hex("807A23AD32B36D457AE91FDF927570EA");
  const MAK = hex("5BB5C72CD00B7338");

  it("are deciphered from the published example", () => {
    const keys = parseField62(TMK, FIELD_62);
    expect(toHex(keys.pik)).toBe(toHex(PIK));
    expect(toHex(keys.mak)).toBe(toHex(MAK));
  });

  it("are packed into the published example", () => {
    expect(toHex(toField62(TMK, { pik: PIK, mak: MAK }))).toBe(toHex(FIELD_62));
  });

  it("may hold a MAC key of double length", () => {
    const double = Buffer.concat([MAK, hex("0123456789abcdef")]);
    expect(toHex(parseField62(TMK, toField62(TMK, { pik: PIK, mak: double })).mak)).toBe(toHex(double));
  });

  it("are refused with any byte changed that a check value covers", () => {
    for (let at = 0; at < FIELD_62.length; at++) {
      const changed = Buffer.from(FIELD_62);
      changed[at] = (changed[at] ?? 0) ^ 0xff;
      expect(() => parseField62(TMK, changed)).toThrow(expect.objectContaining({ code: "ISO_FIELD_INVALID" }));
    }
  });

  it("are refused under another master key, cut short or with bytes behind", () => {
    const other = hex("00000000000000001111111111111111");
    expect(() => parseField62(other, FIELD_62)).toThrow(expect.objectContaining({ code: "ISO_FIELD_INVALID" }));
    for (const bytes of [FIELD_62.subarray(0, 39), Buffer.concat([FIELD_62, hex("00")])]) {
      expect(() => parseField62(TMK, bytes)).toThrow(expect.objectContaining({ code: "ISO_MALFORMED" }));
    }
  });
});
