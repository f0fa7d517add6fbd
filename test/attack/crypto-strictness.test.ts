import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type ApproverKey, createApproverKey, parseApproverKey, toPublicKey } from "../../certs/keys.ts";
import { verifyRequest } from "../../certs/request.ts";
import { signMessage, signStatement, verifyApproval, verifyMessage } from "../../certs/signatures.ts";
import { createTrust, type RoleSigners, toRootPart } from "../../certs/trust/create.ts";
import { toCanonicalBytes } from "../../certs/trust/json.ts";
import { parseMetadata, toMetadataBytes, toTufKey } from "../../certs/trust/metadata.ts";
import { type Policy, parsePolicy, toPolicyBytes } from "../../certs/trust/policy.ts";
import { isSignedBy, parseRoleKey } from "../../certs/trust/schemes.ts";
import { verifyTrust } from "../../certs/trust/verify.ts";
import { concat, toDigest, toHex, toUtf8 } from "../../proto/bytes.ts";
import { PAYLOAD_TYPES, toPreAuthEncoding } from "../../proto/dsse.ts";
import {
  add,
  decodePoint,
  encodePoint,
  expand,
  fromLittleEndian,
  L,
  makeSignature,
  multiply,
  NEUTRAL,
  signByTheBook,
  toBase,
  toChallenge,
  toLittleEndian,
} from "../support/ed25519.ts";
import { errorOf } from "../support/refusal.ts";
import { createApprovers } from "../support/release.ts";

const NOW = 1_800_000_000;
const STATEMENT = toUtf8("a statement that names another card");
/** RFC 8032 section 7.1, test 2. */
const RFC_8032 = {
  secret: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
  publicKey: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
  message: "72",
  signature:
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
};
/** A point of order eight ("Taming the many EdDSAs", table 1). */
const TORSION = decodePoint(Buffer.from("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", "hex"));

interface Vector {
  readonly key: string;
  readonly message: string;
  readonly signature: string;
  readonly comment: string;
  readonly holds?: boolean;
}

function readVectors(name: string): readonly Vector[] {
  return JSON.parse(readFileSync(new URL(`../vectors/ed25519/${name}.json`, import.meta.url), "utf8"));
}

/** Somebody who signs by other rules than everybody else; `key` is what verifiers have of him. */
interface Cheat {
  readonly key: ApproverKey;
  sign(message: Uint8Array): Uint8Array;
}

const secret = randomBytes(32);
const { scalar } = expand(secret);
const honestKey = toPublicKey(toPrivateKey(secret));
const honest: Cheat = { key: honestKey, sign: (message) => signByTheBook(secret, message) };
/** The same scalar under a public key with a part of order eight beside the large one. */
const mixedKey = parseApproverKey(toHex(encodePoint(add(toBase(scalar), TORSION))));

function toPrivateKey(raw: Uint8Array): KeyObject {
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), raw]);
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
}

/** The honest signature with another S. */
function withS(change: (s: bigint) => bigint): Cheat {
  return {
    key: honestKey,
    sign: (message) => {
      const good = honest.sign(message);
      return concat(good.subarray(0, 32), toLittleEndian(change(fromLittleEndian(good.subarray(32)))));
    },
  };
}

/** R given, which is the neutral point as far as the base point goes: S is challenge times scalar. */
function withR(r: Uint8Array): Cheat {
  const { raw: publicKey } = honestKey;
  return { key: honestKey, sign: (message) => makeSignature(scalar, message, { publicKey, r, nonce: 0n }) };
}

/** Holds only for who multiplies everything by eight first: the challenge meets the small part of the key. */
function signMixed(message: Uint8Array): Uint8Array {
  for (let nonce = 1n; ; nonce += 1n) {
    const r = encodePoint(toBase(nonce));
    if (toChallenge(r, mixedKey.raw, message) % 8n === 0n) continue;
    return makeSignature(scalar, message, { publicKey: mixedKey.raw, r, nonce });
  }
}

/** Ed25519ph and Ed25519ctx put this before what they sign (RFC 8032 section 2). */
function withDomain(flag: number): Cheat {
  const domain = concat(toUtf8("SigEd25519 no Ed25519 collisions"), Uint8Array.of(flag, 0));
  return { key: honestKey, sign: (message) => honest.sign(concat(domain, message)) };
}

const CHEATS: Readonly<Record<string, Cheat>> = {
  "S + L": withS((s) => s + L),
  "S + 14 L": withS((s) => s + 14n * L),
  "S with its highest bit set": withS((s) => s + 2n ** 255n),
  "-S": withS((s) => L - s),
  "R the neutral point with a sign": withR(Buffer.from(`01${"00".repeat(30)}80`, "hex")),
  "R the neutral point as y = p + 1": withR(Buffer.from(`ee${"ff".repeat(30)}7f`, "hex")),
  "R the neutral point as y = p + 1 with a sign": withR(Buffer.from(`ee${"ff".repeat(31)}`, "hex")),
  "R of order two": withR(encodePoint(multiply(4n, TORSION))),
  "R of order four": withR(encodePoint(multiply(2n, TORSION))),
  "R of order eight": withR(encodePoint(TORSION)),
  "a key of mixed order, good times eight only": { key: mixedKey, sign: signMixed },
  Ed25519ctx: withDomain(0),
  Ed25519ph: withDomain(1),
  "another length": { key: honestKey, sign: (message) => honest.sign(message).subarray(0, 63) },
  "one byte more": { key: honestKey, sign: (message) => concat(honest.sign(message), Uint8Array.of(0)) },
  nothing: { key: honestKey, sign: () => new Uint8Array(0) },
  zeros: { key: honestKey, sign: () => new Uint8Array(64) },
};

function codeOf(call: () => unknown): string {
  return errorOf(call).code;
}

/** Whether metadata could be signed so: the key is one, and the signature holds. */
function isTaken({ key, message, signature }: Vector): boolean {
  const entry = { keytype: "ed25519", scheme: "ed25519", keyval: { public: key } };
  const parse = () => parseRoleKey(entry, ["ed25519"]);
  try {
    parse();
  } catch {
    expect(codeOf(parse)).toBe("KEY_INVALID");
    return false;
  }
  return isSignedBy(parse(), Buffer.from(message, "hex"), Buffer.from(signature, "hex"));
}

/** A policy under which this key's person approves parameters alone. */
function toPolicy(key: ApproverKey): Policy {
  const { policy } = createApprovers(NOW);
  return { ...policy, persons: [{ id: "x", name: "x", keys: [key], roles: ["parameters"] }] };
}

function approve({ key, sign: signAs }: Cheat): () => unknown {
  const value = signAs(toPreAuthEncoding(PAYLOAD_TYPES.statement, STATEMENT));
  const signatures = [{ keyId: Buffer.from(key.id, "hex"), value }];
  return () => verifyApproval(toPolicy(key), "parameters", STATEMENT, signatures);
}

/** Trust metadata whose timestamp he signs. */
function renewTrust({ key, sign: signAs }: Cheat): () => unknown {
  const offline = [createApproverKey()];
  const signers: RoleSigners = { root: offline, targets: offline, snapshot: offline, timestamp: offline };
  const trust = createTrust(signers, createApprovers(NOW).policy, NOW);
  const role = { keys: offline.map(toPublicKey), threshold: 1 };
  const roles = { root: role, targets: role, snapshot: role, timestamp: { keys: [key], threshold: 1 } };
  const root = toMetadataBytes(toRootPart({ version: 1, expires: NOW + 1_000, roles }), offline);
  const { signed } = parseMetadata("timestamp", trust.timestamp);
  const sig = toHex(signAs(toCanonicalBytes(signed)));
  const timestamp = toUtf8(JSON.stringify({ signatures: [{ keyid: toTufKey(key).id, sig }], signed }));
  return () => verifyTrust(root, { ...trust, roots: [], timestamp });
}

function request({ key, sign: signAs }: Cheat): () => unknown {
  const asked = { method: "GET", path: "/v1/releases", body: new Uint8Array(0) };
  const text = `${asked.method}\n${asked.path}\n${NOW}\n${toHex(toDigest(asked.body))}`;
  const signature = toHex(signAs(toPreAuthEncoding(PAYLOAD_TYPES.request, toUtf8(text))));
  const header = `Tillsync-Approver key=${key.id},at=${NOW},signature=${signature}`;
  return () => verifyRequest(toPolicy(key), header, asked, NOW);
}

describe("row 62: the arithmetic of these tests", () => {
  it("is that of RFC 8032", () => {
    const message = Buffer.from(RFC_8032.message, "hex");
    const own = Buffer.from(RFC_8032.secret, "hex");
    expect(toHex(encodePoint(toBase(expand(own).scalar)))).toBe(RFC_8032.publicKey);
    expect(toHex(signByTheBook(own, message))).toBe(RFC_8032.signature);
    expect(signByTheBook(secret, STATEMENT)).toEqual(sign(null, STATEMENT, toPrivateKey(secret)));
    expect(multiply(8n, TORSION)).toEqual(NEUTRAL);
  });

  it("makes signatures that count, where it keeps to the rules", () => {
    expect(approve(honest)()).toMatchObject([{ id: "x" }]);
    expect(renewTrust(honest)()).toMatchObject({ issued: NOW });
    expect(request(honest)()).toMatchObject({ id: "x" });
  });
});

describe("row 62: a signature that a lenient verifier takes", () => {
  it.each(Object.entries(CHEATS))("counts for nothing: %s", (_, cheat) => {
    expect(codeOf(approve(cheat))).toBe("STATEMENT_UNSIGNED");
    expect(codeOf(renewTrust(cheat))).toBe("TRUST_UNSIGNED");
    expect(codeOf(request(cheat))).toBe("REQUEST_UNSIGNED");
  });

  it("of the published vectors never holds in metadata, and every good one does", () => {
    const edges = readVectors("speccheck").map((vector, at) => ({ ...vector, holds: at === 2 || at === 3 }));
    const vectors = [...readVectors("wycheproof"), ...edges];
    const holding = vectors.filter(isTaken);
    expect(holding).toEqual(vectors.filter(({ holds }) => holds));
    expect(holding.length).toBeGreaterThan(50);
    expect(vectors.length - holding.length).toBeGreaterThan(50);
  });
});

describe("row 62: a public key under which anybody can sign", () => {
  const unsound = [
    ...Array.from({ length: 8 }, (_, n) => encodePoint(multiply(BigInt(n), TORSION))),
    Buffer.from(`01${"00".repeat(30)}80`, "hex"),
    Buffer.from(`ee${"ff".repeat(30)}7f`, "hex"),
    Buffer.from(`ed${"ff".repeat(30)}7f`, "hex"),
    Buffer.from("ff".repeat(32), "hex"),
  ];

  it.each(unsound.map((raw) => [toHex(raw), raw] as const))("is in no policy and in no root: %s", (_, raw) => {
    const bad: ApproverKey = { ...honestKey, raw, id: toHex(toDigest(raw)) };
    expect(codeOf(() => parsePolicy(toPolicyBytes(toPolicy(bad))))).toBe("KEY_INVALID");
    expect(codeOf(renewTrust({ key: bad, sign: () => new Uint8Array(64) }))).toBe("KEY_INVALID");
  });
});

describe("row 62: another algorithm than the key's", () => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const text = Buffer.from(toPolicyBytes(toPolicy(honestKey))).toString();
  const toPem = (key: KeyObject) => JSON.stringify(key.export({ type: "spki", format: "pem" }).toString()).slice(1, -1);

  it("is none that a policy's key can name", () => {
    for (const name of ["rsa", "ecdsa", "ecdsa-sha2-nistp256", "Ed25519", "ed25519ph", "none", "", "ed25519 "]) {
      const changed = text.replace('"algorithm": "ed25519"', `"algorithm": ${JSON.stringify(name)}`);
      expect(
        codeOf(() => parsePolicy(toUtf8(changed))),
        name,
      ).toBe("TRUST_INVALID");
      const listed = changed.replace('"ed25519"\n', `"ed25519",\n  ${JSON.stringify(name)}\n`);
      expect(
        codeOf(() => parsePolicy(toUtf8(listed))),
        name,
      ).toBe("TRUST_INVALID");
    }
    const without = text.replace('"algorithm": "ed25519",', "");
    expect(codeOf(() => parsePolicy(toUtf8(without)))).toBe("TRUST_INVALID");
  });

  it("has no key that passes for an Ed25519 one", () => {
    const { publicKey: x25519 } = generateKeyPairSync("x25519");
    const { publicKey: ed448 } = generateKeyPairSync("ed448");
    for (const key of [rsa.publicKey, ec.publicKey, x25519, ed448]) {
      const der = toHex(key.export({ type: "spki", format: "der" }));
      for (const value of [toPem(key), der, der.slice(0, 64).padEnd(64, "0") + der.slice(64)]) {
        const changed = text.replace(toHex(honestKey.raw), value);
        expect(codeOf(() => parsePolicy(toUtf8(changed)))).toBe("KEY_INVALID");
        const entry = { keytype: "ed25519", scheme: "ed25519", keyval: { public: value } };
        expect(codeOf(() => parseRoleKey(entry, ["ed25519"]))).toBe("KEY_INVALID");
      }
    }
  });

  it("counts for nothing under the name of an Ed25519 key, nor an Ed25519 signature for a device's", () => {
    const sha256 = (key: KeyObject) => ({
      key: honestKey,
      sign: (message: Uint8Array) => sign("sha256", message, key),
    });
    for (const key of [rsa.privateKey, ec.privateKey]) {
      expect(codeOf(approve(sha256(key)))).toBe("STATEMENT_UNSIGNED");
      expect(codeOf(renewTrust(sha256(key)))).toBe("TRUST_UNSIGNED");
    }
    for (const { publicKey, privateKey } of [ec, generateKeyPairSync("ed25519")]) {
      const type = PAYLOAD_TYPES.report;
      const kind = privateKey.asymmetricKeyType === "ec" ? "sha256" : null;
      const signature = sign(kind, toPreAuthEncoding(type, STATEMENT), privateKey);
      expect(codeOf(() => verifyMessage(publicKey, type, STATEMENT, signature))).toBe("SIGNATURE_INVALID");
    }
    const genuine = signMessage(rsa.privateKey, PAYLOAD_TYPES.report, STATEMENT);
    expect(() => verifyMessage(rsa.publicKey, PAYLOAD_TYPES.report, STATEMENT, genuine)).not.toThrow();
  });

  it("is not to be had by taking a signature for one thing as one for another", () => {
    const key = toPrivateKey(secret);
    const policy = toPolicy(honestKey);
    for (const type of Object.values(PAYLOAD_TYPES).filter((each) => each !== PAYLOAD_TYPES.statement)) {
      const value = sign(null, toPreAuthEncoding(type, STATEMENT), key);
      const signatures = [{ keyId: Buffer.from(honestKey.id, "hex"), value }];
      expect(codeOf(() => verifyApproval(policy, "parameters", STATEMENT, signatures))).toBe("STATEMENT_UNSIGNED");
    }
    const metadata = toUtf8('{"_type":"timestamp"}');
    const value = sign(null, metadata, key);
    const raw = [{ keyId: Buffer.from(honestKey.id, "hex"), value }];
    expect(codeOf(() => verifyApproval(policy, "parameters", metadata, raw))).toBe("STATEMENT_UNSIGNED");
    const approval = signStatement(key, metadata);
    const role = { id: honestKey.id, raw: honestKey.raw, key: honestKey.key };
    expect(isSignedBy(role, metadata, approval.value)).toBe(false);
  });
});
