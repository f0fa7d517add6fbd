import { describe, expect, it } from "vitest";
import {
  isReferred,
  parseMetadata,
  readFileReference,
  readRoleKeys,
  toFileReference,
  toRoleKeys,
  toSeconds,
  toTimeText,
  verifyReference,
  verifyRole,
} from "../../../certs/trust/metadata.ts";
import { ANY, OWN } from "../../../certs/trust/rules.ts";
import { toUtf8 } from "../../../proto/bytes.ts";
import { createSigner, type Signer, toFile } from "../../support/tuf-repository.ts";

const PART = { _type: "targets", spec_version: "1.0.31", version: 3, expires: "2030-01-01T00:00:00Z", targets: {} };
const [A, B, C] = [createSigner(), createSigner(), createSigner()] as [Signer, Signer, Signer];
const KEYS = Object.fromEntries([A, B, C].map(({ keyId, entry }) => [keyId, entry]));
const SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

function withCode(code: string) {
  return expect.objectContaining({ code });
}

const invalid = withCode("TRUST_INVALID");

function parse(part: object, signers: readonly Signer[] = []) {
  return parseMetadata("targets", toFile(part, signers), ANY);
}

describe("a metadata file", () => {
  it("tells its version and expiry, and keeps what it does not know", () => {
    const metadata = parse({ ...PART, custom: { a: [1] } });
    expect(metadata).toMatchObject({ version: 3, expires: Date.parse(PART.expires) / 1_000 });
    expect(metadata.signed["custom"]).toEqual({ a: [1] });
  });

  it.each([
    ["another type", { _type: "root" }],
    ["no type", { _type: undefined }],
    ["another major version of the specification", { spec_version: "2.0.0" }],
    ["a specification version that is a list", { spec_version: ["1.0"] }],
    ["no specification version", { spec_version: undefined }],
    ["version 0", { version: 0 }],
    ["a version above the highest", { version: 2 ** 32 }],
    ["a version as a text", { version: "3" }],
    ["no expiry", { expires: undefined }],
    ["an expiry in words", { expires: "soon" }],
    ["an expiry with a fraction", { expires: "2030-01-01T00:00:00.5Z" }],
    ["an expiry in another zone", { expires: "2030-01-01T00:00:00+08:00" }],
    ["an expiry on a day that is not", { expires: "2030-02-30T00:00:00Z" }],
    ["an expiry in a month that is not", { expires: "2030-13-01T00:00:00Z" }],
  ])("with %s is refused", (_, change) => {
    expect(() => parse(JSON.parse(JSON.stringify({ ...PART, ...change })))).toThrow(invalid);
  });

  it("is refused with signatures that are none, too many, too long, or two of one key", () => {
    const sig = { keyid: "a", sig: "00" };
    for (const signatures of [
      undefined,
      {},
      [1],
      [{}],
      [{ keyid: 1, sig: "00" }],
      [{ keyid: "a", sig: 0 }],
      [{ keyid: "a", sig: "0".repeat(2_049) }],
      [{ keyid: "a".repeat(257), sig: "00" }],
      [sig, { ...sig, sig: "11" }],
      Array.from({ length: 33 }, (_, at) => ({ ...sig, keyid: String(at) })),
    ]) {
      const bytes = toUtf8(JSON.stringify({ signatures, signed: PART }));
      expect(() => parseMetadata("targets", bytes, ANY), JSON.stringify(signatures)?.slice(0, 60)).toThrow(invalid);
    }
  });

  it("without a signed part is refused", () => {
    expect(() => parseMetadata("targets", toUtf8('{"signatures":[]}'))).toThrow(invalid);
  });

  it("larger than its role may be is refused", () => {
    const bytes = toUtf8(" ".repeat(ANY.bytes.timestamp + 1));
    expect(() => parseMetadata("timestamp", bytes, ANY)).toThrow(withCode("BYTES_TOO_LARGE"));
    expect(() => parseMetadata("timestamp", toUtf8(" ".repeat(OWN.bytes.timestamp + 1)))).toThrow(
      withCode("BYTES_TOO_LARGE"),
    );
  });
});

describe("a role's threshold", () => {
  const role = readRoleKeys(KEYS, { keyids: [A.keyId, B.keyId], threshold: 2 }, "role", OWN);

  it("is met by that many keys of the role", () => {
    verifyRole(parse(PART, [A, B]), role);
    verifyRole(parse(PART, [C, B, A]), role);
  });

  it("is not met by one key, by another's, by wrong signatures, or by one key's under another's name", () => {
    const other = { ...B, sign: () => B.sign(Buffer.from("other")) };
    const none = { ...B, sign: () => "" };
    const garbled = { ...B, sign: () => "not hexadecimal" };
    const upper = { ...B, sign: (bytes: Uint8Array) => B.sign(bytes).toUpperCase() };
    const borrowed = { ...A, keyId: B.keyId };
    for (const signers of [[], [A], [A, C], [A, other], [A, none], [A, garbled], [A, upper], [A, borrowed]]) {
      expect(() => verifyRole(parse(PART, signers), role)).toThrow(withCode("TRUST_UNSIGNED"));
    }
  });

  it("is not met where anything that is signed was changed, members that nobody knows too", () => {
    const { signatures } = JSON.parse(Buffer.from(toFile({ ...PART, custom: 1 }, [A, B])).toString());
    for (const signed of [PART, { ...PART, custom: 2 }, { ...PART, custom: 1, version: 4 }]) {
      const metadata = parseMetadata("targets", toUtf8(JSON.stringify({ signatures, signed })), ANY);
      expect(() => verifyRole(metadata, role)).toThrow(withCode("TRUST_UNSIGNED"));
    }
  });

  it("says what is lacking", () => {
    const fields = { role: "targets", signatures: 1, threshold: 2 };
    expect(() => verifyRole(parse(PART, [A]), role)).toThrow(expect.objectContaining({ fields }));
  });
});

describe("the keys of a role", () => {
  it.each([
    ["no keys", undefined, { keyids: [], threshold: 1 }],
    ["no record", KEYS, undefined],
    ["no list of ids", KEYS, { threshold: 1 }],
    ["an id twice", KEYS, { keyids: [A.keyId, A.keyId], threshold: 1 }],
    ["an id without a key", KEYS, { keyids: ["constructor"], threshold: 1 }],
    ["one key under two ids", { ...KEYS, other: A.entry }, { keyids: [A.keyId, "other"], threshold: 1 }],
    ["threshold 0", KEYS, { keyids: [A.keyId], threshold: 0 }],
    ["a negative threshold", KEYS, { keyids: [A.keyId], threshold: -1 }],
    ["a threshold as a text", KEYS, { keyids: [A.keyId], threshold: "1" }],
    [
      "more keys than any file may",
      Object.fromEntries(Array.from({ length: 65 }, (_, at) => [at, {}])),
      { keyids: [], threshold: 1 },
    ],
  ])("with %s are refused", (_, keys, role) => {
    expect(() => readRoleKeys(keys, role, "role", ANY)).toThrow(invalid);
  });

  it("of the root must be enough for its threshold by Tillsync's own rules, and need not by the specification", () => {
    const roles = { timestamp: { keyids: [A.keyId], threshold: 2 } };
    const root = parseMetadata("root", toFile({ ...PART, _type: "root", keys: KEYS, roles }, []), ANY);
    expect(() => toRoleKeys(root, "timestamp")).toThrow(invalid);
    expect(toRoleKeys(root, "timestamp", ANY).threshold).toBe(2);
    expect(() => toRoleKeys(root, "snapshot", ANY)).toThrow(invalid);
  });

  it("of a terminal are Ed25519 only, whatever else the file holds", () => {
    const ecdsa = createSigner("ecdsa-sha2-nistp256");
    const keys = { [ecdsa.keyId]: ecdsa.entry };
    const role = { keyids: [ecdsa.keyId], threshold: 1 };
    expect(() => readRoleKeys(keys, role, "role", OWN)).toThrow(withCode("KEY_INVALID"));
    expect(readRoleKeys(keys, role, "role", ANY).keys.size).toBe(1);
  });
});

describe("a reference", () => {
  it("to metadata tells its version, and length and digests where it likes to", () => {
    expect(readFileReference({ version: 2 }, "meta", "f")).toEqual({
      version: 2,
      length: undefined,
      hashes: undefined,
    });
    const whole = readFileReference({ version: 2, length: 4, hashes: { sha256: SHA256, md5: "x" } }, "meta", "f");
    expect(whole).toEqual({ version: 2, length: 4, hashes: { sha256: SHA256 } });
  });

  it("to a target tells length and digest", () => {
    const metadata = parse({ ...PART, targets: { empty: { length: 0, hashes: { sha256: SHA256 } } } });
    expect(toFileReference(metadata, "targets", "empty")).toEqual({
      version: 0,
      length: 0,
      hashes: { sha256: SHA256 },
    });
    for (const file of ["other", "constructor", "__proto__"]) {
      expect(() => toFileReference(metadata, "targets", file)).toThrow(invalid);
    }
    expect(() => toFileReference(metadata, "meta", "empty")).toThrow(invalid);
  });

  it.each([
    [undefined, "meta"],
    [{}, "meta"],
    [{ version: 0 }, "meta"],
    [{ version: 1, length: -1 }, "meta"],
    [{ version: 1, length: "4" }, "meta"],
    [{ version: 1, hashes: {} }, "meta"],
    [{ version: 1, hashes: [] }, "meta"],
    [{ version: 1, hashes: { sha256: 1 } }, "meta"],
    [{ version: 1, hashes: { sha256: SHA256.toUpperCase() } }, "meta"],
    [{ version: 1, hashes: { sha256: SHA256.slice(2) } }, "meta"],
    [{ version: 1, hashes: { sha512: SHA256 } }, "meta"],
    [{ version: 1, hashes: { md5: "00" } }, "meta"],
    [{ length: 4 }, "targets"],
    [{ hashes: { sha256: SHA256 } }, "targets"],
  ] as const)("%j in %s is refused", (entry, list) => {
    expect(() => readFileReference(entry, list, "f")).toThrow(invalid);
  });

  it("holds for bytes of that length with all of those digests", () => {
    const bytes = toUtf8("test");
    const sha512 =
      "ee26b0dd4af7e749aa1a8ee3c10ae9923f618980772e473f8819a5d4940e0db27ac185f8a0e1d5f84f88bc887fd67b143732c304cc5fa9ad8e6f57f50028a8ff";
    const told = { version: 0, length: 4, hashes: { sha256: SHA256, sha512 } };
    expect(isReferred(told, bytes)).toBe(true);
    expect(isReferred({ version: 0, length: undefined, hashes: undefined }, bytes)).toBe(true);
    expect(isReferred({ ...told, length: 5 }, bytes)).toBe(false);
    expect(isReferred({ ...told, hashes: { sha256: SHA256, sha512: sha512.replace("e", "f") } }, bytes)).toBe(false);
    expect(isReferred({ ...told, hashes: { sha256: SHA256.replace("9", "8"), sha512 } }, bytes)).toBe(false);
    expect(() => verifyReference(told, toUtf8("tent"), "f")).toThrow(invalid);
    verifyReference(told, bytes, "f");
  });
});

describe("times", () => {
  it("come back as they were written", () => {
    for (const text of ["1970-01-01T00:00:00Z", "2024-02-29T23:59:59Z", "9999-12-31T23:59:59Z"]) {
      expect(toTimeText(toSeconds(text, "t"))).toBe(text);
    }
  });
});
