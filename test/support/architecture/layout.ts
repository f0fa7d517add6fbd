import { builtinModules } from "node:module";
import { COMPUTED, type Import, toImportedFile, toPackage } from "./imports.ts";

// Who may import whom. A place is a path or the beginning of one; the longest place that fits a file decides.

interface Place {
  readonly at: string;
  /** Places of ours besides itself. */
  readonly mayImport: readonly string[];
}

const ALL = [""];

const PLACES: readonly Place[] = [
  { at: "proto/", mayImport: [] },
  { at: "certs/", mayImport: ["proto/"] },
  { at: "broker/", mayImport: ["proto/", "certs/"] },
  { at: "agent/", mayImport: ["proto/", "certs/"] },
  { at: "src/log.ts", mayImport: ["proto/"] },
  { at: "src/domain/", mayImport: ["proto/", "certs/"] },
  { at: "src/store/", mayImport: ["proto/", "certs/", "src/log.ts", "src/domain/"] },
  { at: "src/app/", mayImport: ["proto/", "certs/", "broker/", "src/log.ts", "src/domain/", "src/store/"] },
  {
    at: "src/faces/",
    mayImport: ["proto/", "certs/", "broker/", "src/log.ts", "src/domain/", "src/store/", "src/app/"],
  },
  // The composition root; `tillsync demo` is the one thing it takes from the simulators.
  { at: "src/main.ts", mayImport: ["proto/", "certs/", "broker/", "src/", "sim/demo/"] },
  { at: "sim/", mayImport: ["proto/", "certs/", "agent/"] },
  { at: "sim/demo/", mayImport: ["proto/", "certs/", "agent/", "sim/", "src/", "broker/"] },
  { at: "bench/", mayImport: ["proto/", "certs/", "agent/", "sim/", "src/", "broker/"] },
  { at: "test/", mayImport: ALL },
];

/** Adapters: whoever uses one is bound to it, so that only those who put a process together may know it. */
const ADAPTERS = [
  "broker/embedded",
  "agent/terminal/simulated",
  "agent/terminal/command",
  "src/store/sqlite-dialect.ts",
  "src/app/verifiers/local-keys.ts",
  "src/app/verifiers/manual.ts",
  "src/app/verifiers/registry",
  "src/app/acquirers/lakala.ts",
  "src/app/acquirers/manual/manual.ts",
  "src/app/acquirers/webhook.ts",
  "src/app/acquirers/wechatpay.ts",
];
const COMPOSITION_ROOTS = /^(test|bench|sim\/demo)\/|(^|\/)main\.ts$/;
/** Files whose whole purpose is adapters: the way to open them, and the way to steer one from outside. */
const OPENERS: Readonly<Record<string, readonly string[]>> = {
  "src/store/store.ts": ["src/store/sqlite-dialect.ts"],
  "sim/steer-terminal.ts": ["agent/terminal/simulated.ts"],
  "src/app/acquirers/open.ts": ["lakala", "manual/manual", "webhook", "wechatpay"].map(
    (name) => `src/app/acquirers/${name}.ts`,
  ),
};

/** Where each package may be met. The tests may meet all of them. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "@fastify/swagger": ["src/faces/http/api/"],
  "@hpke/core": ["certs/seal.ts"],
  "@tufjs/canonical-json": ["certs/trust/"],
  aedes: ["broker/embedded"],
  "age-encryption": ["src/app/backup/"],
  bankcard: ["src/app/records/bin-table.ts"],
  commander: ["src/faces/cli/"],
  "csv-parse": ["src/app/import/"],
  esbuild: ["agent/build.ts", "src/build.ts"],
  fastify: ["src/faces/http/"],
  "hash-wasm": ["src/app/accounts/"],
  kysely: ["src/store/"],
  "log-update": ["sim/demo/"],
  mqtt: ["agent/link/"],
  "node-forge": ["certs/keys/", "certs/x509/"],
  nodemailer: ["src/app/notices/email.ts"],
  otpauth: ["src/app/accounts/"],
  pdfkit: ["src/faces/pdf/"],
  pino: ["agent/log.ts", "src/log.ts", "src/main.ts", "bench/"],
  protobufjs: ["proto/codec.ts"],
  sqlite3: ["src/store/sqlite-dialect.ts"],
  "string-width": ["certs/sign/render/", "src/faces/", "sim/demo/"],
  "tar-stream": ["src/app/backup/"],
  typebox: ["src/faces/http/api/"],
  vitest: ["vitest.config.ts", "vitest.attack.config.ts", "vitest.mutants.config.ts"],
};

/** What is wrong with one import, in words; undefined where nothing is. */
export function findLayoutFault(file: string, { specifier }: Import): string | undefined {
  if (specifier === COMPUTED) return "imports what only shows at run time";
  const target = toImportedFile(file, specifier);
  if (target === undefined) return findPackageFault(file, specifier);
  if (!/\.(ts|json)$/.test(target) && target !== "proto/gen/tillsync.js")
    return `imports ${target} without its extension`;
  const place = findPlace(file);
  if (place === undefined) return `may import nothing of ours, and imports ${target}`;
  if (!isWithin(target, [place.at, ...place.mayImport])) return `may not import ${target}`;
  return mayKnow(file, target) ? undefined : `knows the adapter ${target}`;
}

function findPackageFault(file: string, specifier: string): string | undefined {
  if (specifier.startsWith("node:")) return undefined;
  if (builtinModules.includes(specifier)) return `imports ${specifier} without node:`;
  const name = toPackage(specifier);
  return file.startsWith("test/") || isWithin(file, PACKAGES[name] ?? []) ? undefined : `meets the package ${name}`;
}

function findPlace(file: string): Place | undefined {
  return PLACES.filter(({ at }) => file.startsWith(at)).toSorted((a, b) => b.at.length - a.at.length)[0];
}

function mayKnow(file: string, target: string): boolean {
  const adapter = ADAPTERS.find((candidate) => target.startsWith(candidate));
  if (adapter === undefined || file.startsWith(adapter) || COMPOSITION_ROOTS.test(file)) return true;
  return OPENERS[file]?.includes(target) ?? false;
}

function isWithin(path: string, places: readonly string[]): boolean {
  return places.some((place) => path.startsWith(place));
}
