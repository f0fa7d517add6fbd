import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCertificationRequest } from "../../certs/x509/certification-request.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { TUSN_A } from "../support/certificates.ts";
import { createRequest } from "../support/certification-request.ts";
import { HOSTILE_BYTES } from "../support/hostile-bytes.ts";

// Row 35, for the one parser of DER that strangers reach: certification requests are read before anybody is known.

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const HONEST = createRequest(privateKey, { commonName: TUSN_A, uris: [`urn:tusn:${TUSN_A}`] });
const SIZE = 8_192;
const RUNS = 3_000;

/** The code of the refusal; undefined where it was taken. Whatever is no error of ours is thrown on. */
function refusalOf(bytes: Uint8Array): string | undefined {
  try {
    parseCertificationRequest(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof TillsyncError) return error.code;
    throw error;
  }
}

describe("row 35: a certification request", () => {
  it("is taken as it was made", () => {
    expect(refusalOf(HONEST)).toBeUndefined();
  });

  it("is refused with a bit of any of its bytes changed", () => {
    const codes = new Set<string | undefined>();
    for (const [at, byte] of HONEST.entries()) codes.add(refusalOf(HONEST.with(at, byte ^ (1 << (at & 7)))));
    expect([...codes]).toEqual(["REQUEST_MALFORMED"]);
  });

  it.each(HOSTILE_BYTES)("is refused as $name", ({ make }) => {
    expect(refusalOf(make(HONEST, SIZE))).toBe("REQUEST_MALFORMED");
  });

  it("is refused with a code of ours, whatever bytes come, also in no time where they are nested without end", () => {
    const splice = fc.tuple(fc.nat(HONEST.length), fc.nat(8), fc.uint8Array({ maxLength: 8 }));
    const changed = splice.map(([at, drop, put]) =>
      Buffer.concat([HONEST.subarray(0, at), put, HONEST.subarray(at + drop)]),
    );
    const anyBytes = fc.oneof(changed, fc.uint8Array({ maxLength: 400 }));
    const isSound = (bytes: Uint8Array) =>
      refusalOf(bytes) === "REQUEST_MALFORMED" || Buffer.from(bytes).equals(HONEST);
    fc.assert(fc.property(anyBytes, isSound), { numRuns: RUNS });
    for (const byte of [0x30, 0x31, 0xa0, 0x24]) {
      expect(refusalOf(Buffer.alloc(SIZE, Buffer.of(byte, 0x80)))).toBe("REQUEST_MALFORMED");
      expect(refusalOf(toNested(byte))).toBe("REQUEST_MALFORMED");
    }
  });
});

/** Constructed values within one another as deep as the bound allows. */
function toNested(tag: number): Buffer {
  const parts: Buffer[] = [];
  for (let inner = 0; inner < SIZE - 8; ) {
    const length = inner < 128 ? [inner] : [0x82, inner >> 8, inner & 0xff];
    const head = Buffer.from([tag, ...length]);
    parts.unshift(head);
    inner += head.length;
  }
  return Buffer.concat(parts);
}
