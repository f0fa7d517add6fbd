import { isMember, parseImports, toImportedFile } from "./imports.ts";
import { type Token, toCode } from "./tokens.ts";

// Pure files decide; they touch no clock, disk, network, random source, timer or process.

const PURE_FILES: readonly RegExp[] = [
  /^proto\/(identifiers\/)?[^/]+\.ts$/,
  /^certs\/(permission|release|request|signatures)\.ts$/,
  /^certs\/keys\/(passphrase|point)\.ts$/,
  /^certs\/sign\/render\//,
  /^certs\/attestation\/(format|masked|page|shape|words)\.ts$/,
  /^certs\/receipt\/(fields|format|page|terms|words)\.ts$/,
  /^certs\/sign\/(part|waiting)\.ts$/,
  /^certs\/trust\/[^/]+\.ts$/,
  /^certs\/ceremony\//,
  /^certs\/tuf\/(names|source)\.ts$/,
  /^broker\/(acl|policy)\.ts$/,
  /^broker\/guard\/(limits|packet|scanner)\.ts$/,
  /^agent\/(gate[^/]*|read-json)\.ts$/,
  /^agent\/machine\//,
  /^agent\/iso8583\//,
  /^agent\/test-transaction\/(answers|messages|result)\.ts$/,
  /^src\/app\/verifiers\/registry-answer\.ts$/,
  /^src\/app\/http-client\/(backoff|breaker)\.ts$/,
  /^src\/domain\//,
];

/**
 * What else a pure file may take at run time. `certs/keys.ts` makes keys too, which no pure file asks it for: that is a
 * name of its own below.
 */
const PURE_MODULES = ["protobufjs/minimal.js", "@tufjs/canonical-json", "string-width"];
const PURE_NEIGHBOURS = ["proto/gen/tillsync.js", "certs/keys.ts", "certs/x509/identity.ts"];
const IMPURE_NAMES = ["createApproverKey"];

/** Node's own modules, as far as what they give depends on its arguments alone. RSASSA-PKCS1-v1_5 and Ed25519 do. */
const PURE_BUILTINS: Readonly<Record<string, readonly string[]>> = {
  "node:buffer": ["isUtf8"],
  "node:crypto": [
    "constants",
    "createCipheriv",
    "createDecipheriv",
    "createHash",
    "createPublicKey",
    "hash",
    "KeyObject",
    "sign",
    "timingSafeEqual",
    "verify",
    "X509Certificate",
  ],
};

const IMPURE_GLOBALS = new Set([
  "clearInterval",
  "clearTimeout",
  "console",
  "crypto",
  "eval",
  "fetch",
  "global",
  "globalThis",
  "performance",
  "process",
  "queueMicrotask",
  "require",
  "setImmediate",
  "setInterval",
  "setTimeout",
  "WebSocket",
]);

export function isPure(file: string): boolean {
  return PURE_FILES.some((pattern) => pattern.test(file));
}

/** Everything by which a file would touch the world, in words. */
export function findImpurities(file: string, source: string): readonly string[] {
  const code = toCode(source);
  return [
    ...parseImports(source).flatMap(({ specifier, names, isType }) =>
      isType ? [] : findImpureNames(file, specifier, names),
    ),
    ...code.flatMap((token, index) => (isImpureWord(code, token, index) ? [`line ${token.line}: ${token.text}`] : [])),
  ];
}

function findImpureNames(file: string, specifier: string, names: readonly string[]): readonly string[] {
  const target = toImportedFile(file, specifier);
  if (target !== undefined) {
    if (!isPure(target) && !PURE_NEIGHBOURS.includes(target)) return [`imports ${target}, which is not pure`];
    return names.filter((name) => IMPURE_NAMES.includes(name)).map((name) => `imports ${name}`);
  }
  if (PURE_MODULES.includes(specifier)) return [];
  const allowed = PURE_BUILTINS[specifier];
  if (allowed === undefined) return [`imports ${specifier}`];
  return names.filter((name) => !allowed.includes(name)).map((name) => `imports ${name} of ${specifier}`);
}

function isImpureWord(code: readonly Token[], token: Token, index: number): boolean {
  if (token.kind !== "word" || isMember(code, index)) return false;
  const [next, afterNext] = [1, 2].map((step) => code[index + step]?.text);
  if (token.text === "Math") return afterNext === "random";
  if (token.text === "Date") {
    const isNew = code[index - 1]?.text === "new";
    // A date made of an argument, or read from a text, is a value like any other.
    return isNew ? next !== "(" || afterNext === ")" : afterNext === "now" || next === "(";
  }
  return IMPURE_GLOBALS.has(token.text);
}
