import { closeSync, createReadStream, openSync, readdirSync, readFileSync, readSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { type RawBuilder, sql } from "kysely";
import { extract } from "tar-stream";
import { vi } from "vitest";
import { decrypt, parseIdentities } from "../../src/app/backup/age.ts";
import { openStore } from "../../src/store/store.ts";
import type { Place } from "./canary.ts";
import type { Finder } from "./canary-search.ts";

// What can be taken from a running service or from its files, as somebody would who has the machine.

const SIGNAL = "SIGUSR2";
const SNAPSHOT_MS = 60_000;
const POLL_MS = 50;
/** Of a process's memory at a time; what stands across two parts is found too. */
const PART_BYTES = 16 * 1_024 * 1_024;
const OVERLAP_BYTES = 256;
const END_BYTES = 16;

/** For Node: a signal makes it write its heap into this folder. */
export function toSnapshotOption(folder: string): string {
  return `--heapsnapshot-signal=${SIGNAL} --diagnostic-dir=${folder}`;
}

/** The heap of a process that was started with `toSnapshotOption`: every object and text that it has, freed ones aside. */
export async function takeHeapSnapshot(pid: number, folder: string): Promise<Buffer> {
  const list = () => readdirSync(folder).filter((name) => name.endsWith(`.heapsnapshot`));
  const before = new Set(list());
  process.kill(pid, SIGNAL);
  const isWhole = (path: string) => statSync(path).size > 0 && /\]\}\s*$/.test(readEnd(path));
  const find = () => list().find((name) => !before.has(name) && isWhole(join(folder, name)));
  const name = (await vi.waitUntil(find, { timeout: SNAPSHOT_MS, interval: POLL_MS })) ?? "";
  const bytes = readFileSync(join(folder, name));
  rmSync(join(folder, name));
  return bytes;
}

/** What `find` finds in all the memory that a process has written to; on Linux, of a child of this process. */
export function readMemory(pid: number, find: Finder): readonly string[] {
  const ranges = readFileSync(`/proc/${pid}/maps`, "utf8")
    .split("\n")
    .flatMap((line) => {
      const [, from = "", to = ""] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
      return from === "" ? [] : [{ from: Number.parseInt(from, 16), to: Number.parseInt(to, 16) }];
    });
  const file = openSync(`/proc/${pid}/mem`, "r");
  const part = Buffer.alloc(PART_BYTES + OVERLAP_BYTES);
  const found = new Set<string>();
  let total = 0;
  try {
    for (const { from, to } of ranges) {
      for (let at = from; at < to; at += PART_BYTES) {
        const bytes = part.subarray(0, readPart(file, part, at, Math.min(part.length, to - at)));
        total += bytes.length;
        for (const form of find(bytes)) found.add(form);
      }
    }
  } finally {
    closeSync(file);
  }
  if (total < PART_BYTES) throw new Error("the memory of the process could not be read");
  return [...found];
}

/** How many bytes were read; none where a range went away meanwhile or cannot be read. */
function readPart(file: number, part: Buffer, at: number, length: number): number {
  try {
    return readSync(file, part, 0, length, at);
  } catch {
    return 0;
  }
}

/** Every row of every table: each column as text, and in hexadecimal. */
export async function dumpTables(file: string): Promise<string> {
  const store = await openStore(file);
  try {
    const tables = await select(store, sql`select name from sqlite_master where type = 'table'`);
    const lines: string[] = [];
    for (const { name } of tables) {
      for (const row of await select(store, sql`select * from ${sql.table(String(name))}`)) {
        for (const [column, value] of Object.entries(row)) {
          const bytes = value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(String(value));
          lines.push(`${name}.${column}\t${bytes.toString("utf8")}\t${bytes.toString("hex")}`);
        }
      }
    }
    return lines.join("\n");
  } finally {
    await store.destroy();
  }
}

type Row = Readonly<Record<string, unknown>>;

async function select(store: Awaited<ReturnType<typeof openStore>>, query: RawBuilder<unknown>): Promise<Row[]> {
  const { rows } = await query.execute(store);
  return rows.filter((row): row is Row => row instanceof Object);
}

/** The members of a backup, decrypted with the text of a key file. */
export async function openBackupFile(file: string, keys: string): Promise<readonly Place[]> {
  const archive = extract();
  Readable.from(decrypt(parseIdentities(keys), createReadStream(file))).pipe(archive);
  const members: Place[] = [];
  for await (const entry of archive) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) if (chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk));
    members.push({ name: entry.header.name, bytes: Buffer.concat(chunks) });
  }
  return members;
}

function readEnd(path: string): string {
  const end = Buffer.alloc(END_BYTES);
  const file = openSync(path, "r");
  try {
    readSync(file, end, 0, end.length, Math.max(0, statSync(path).size - end.length));
  } finally {
    closeSync(file);
  }
  return end.toString("latin1").replace(/\0+$/, "");
}
