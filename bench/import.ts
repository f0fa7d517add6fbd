import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { importFile } from "../src/app/import/import-file.ts";
import { FLEET_FORMATS } from "../src/app/import/read-rows.ts";
import { DEFAULT_IDENTITY_POLICY } from "../src/domain/verdict.ts";
import { openStore } from "../src/store/store.ts";
import { toFleetBytes } from "./fleet-file.ts";
import { toRounded } from "./measure.ts";

// Prints one JSON object: how long a fleet file of so many rows takes to be imported into an empty database, and the
// highest memory of this process by then. Rows and format may be given: node dist/bench/import.js 1000000 csv

const ROWS = 1_000_000;
const MIB = 1_048_576;

const rows = Number(process.argv[2] ?? ROWS);
const format = FLEET_FORMATS.find((name) => name === process.argv[3]) ?? "csv";
const folder = mkdtempSync(join(tmpdir(), "tillsync-import-"));
try {
  const file = join(folder, "fleet.sqlite");
  const store = await openStore(file);
  const now = () => Math.floor(Date.now() / 1_000);
  const context = { store, now, randomBytes, log: pino({ level: "silent" }), identity: DEFAULT_IDENTITY_POLICY };
  const before = process.memoryUsage.rss();
  const started = performance.now();
  const { terminals, legacy, merchants, faultCount } = await importFile(context, toFleetBytes(rows, format), format);
  const seconds = (performance.now() - started) / 1_000;
  await store.destroy();
  const result = {
    node: process.version,
    ...{ rows, format, terminals, legacy, merchants, faultCount },
    seconds: toRounded(seconds),
    rowsPerSecond: toRounded(rows / seconds),
    megabytesBefore: toRounded(before / MIB),
    megabytesAtMost: toRounded(process.resourceUsage().maxRSS / 1_024),
    databaseMegabytes: toRounded(statSync(file).size / MIB),
  };
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
