import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Header, pack } from "tar-stream";
import { describe, expect, it } from "vitest";
import { toErrorCode } from "../../../../proto/errors.ts";
import { EMPTY_FRONTIER, toFrontierRoot } from "../../../../proto/tree.ts";
import { listFiles } from "../../../../src/app/backup/list-files.ts";
import {
  type BackupFile,
  isSafePath,
  MANIFEST,
  toBackupLine,
  toFileLine,
} from "../../../../src/app/backup/manifest.ts";
import { BACKUP_AT, type BackedUp, openBackedUp, sealFor } from "../../../support/backups.ts";

const REFUSED = "BACKUP_INVALID";
const NONE = Buffer.from("x");
const CHUNK_BYTES = 65_536 + 16;
const HEAD = {
  ...{ tillsync: "0.0.0", at: BACKUP_AT, migration: "0001_first", files: 0 },
  ledger: { size: 0, root: Buffer.alloc(32) },
};

/** An entry of a tar archive, with its bytes. */
interface Entry extends Partial<Header> {
  readonly name: string;
  readonly bytes?: Uint8Array;
}

async function toTar(entries: readonly Entry[]): Promise<Buffer> {
  const archive = pack();
  for (const { bytes = Buffer.alloc(0), ...header } of entries) {
    archive.entry({ mode: 0o600, type: "file", ...header }, Buffer.from(bytes));
  }
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function toFile(path: string, bytes: Uint8Array): BackupFile {
  return { path, size: bytes.length, digest: createHash("sha256").update(bytes).digest() };
}

/** A manifest that vouches for whatever it is given. */
function toManifest(files: readonly BackupFile[], change: object = {}): Entry {
  const text = [toBackupLine({ ...HEAD, files: files.length, ...change }), ...files.map(toFileLine)].join("");
  return { name: MANIFEST, bytes: Buffer.from(text) };
}

async function tryRestore(service: BackedUp, file: string): Promise<string> {
  const error = await service.restore(file).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error === undefined ? "restored" : toErrorCode(error);
}

function toLeft(service: BackedUp): readonly string[] {
  return readdirSync(service.home).filter((name) => name.includes("restor"));
}

describe("a backup that is not what was made", () => {
  it("cut short or altered at whatever byte is refused, and leaves nothing", async () => {
    const service = await openBackedUp();
    const whole = readFileSync(await service.back());
    const header = whole.indexOf("\n---") + 60;
    const edges = Array.from({ length: Math.floor(whole.length / CHUNK_BYTES) }, (_, n) => header + n * CHUNK_BYTES);
    const places = [
      ...Array.from({ length: Math.ceil(header / 9) }, (_, n) => n * 9),
      ...edges.slice(0, 3).flatMap((edge) => [edge - 1, edge, edge + 17]),
      ...Array.from({ length: 12 }, (_, n) => Math.floor((whole.length * (n + 0.5)) / 12)),
      whole.length - 1,
    ].filter((place) => place >= 0 && place < whole.length);
    const damaged = join(service.home, "damaged");
    for (const place of places) {
      const flipped = Buffer.from(whole);
      flipped.writeUInt8(flipped.readUInt8(place) ^ 0x01, place);
      for (const [how, bytes] of [
        ["cut", whole.subarray(0, place)],
        ["flipped", flipped],
      ] as const) {
        writeFileSync(damaged, bytes);
        expect(await tryRestore(service, damaged), `${how} at ${place}`).toBe("BACKUP_INVALID");
      }
    }
    writeFileSync(damaged, Buffer.concat([whole, Buffer.from([0])]));
    expect(await tryRestore(service, damaged)).toBe("BACKUP_INVALID");
    expect(toLeft(service)).toEqual([]);
  });

  it("with paths, links, devices, modes, sizes or digests of its own is refused, and leaves nothing", async () => {
    const service = await openBackedUp();
    const bytes = Buffer.from("x");
    const one = (path: string) => toFile(path, bytes);
    const whole = [toManifest([one("a")]), { name: "a", bytes }];
    const linkTo = (type: Header["type"]): Entry => ({ name: "a", type, linkname: "/etc/passwd" });
    const archives: Readonly<Record<string, readonly Entry[]>> = {
      nothing: [],
      "no manifest": [{ name: "a", bytes }],
      "no data folder": whole,
      absolute: [toManifest([one("/tmp/evil")]), { name: "/tmp/evil", bytes }],
      parent: [toManifest([one("../evil")]), { name: "../evil", bytes }],
      "parent within": [toManifest([one("ca/../../evil")]), { name: "ca/../../evil", bytes }],
      "name of another": [toManifest([one("a")]), { name: "../evil", bytes }],
      twice: [toManifest([one("a"), one("a")]), { name: "a", bytes }, { name: "a", bytes }],
      "out of order": [toManifest([one("b"), one("a")]), { name: "b", bytes }, { name: "a", bytes }],
      "file and folder": [toManifest([one("a"), one("a/b")]), { name: "a", bytes }, { name: "a/b", bytes }],
      symlink: [toManifest([toFile("a", Buffer.alloc(0))]), linkTo("symlink")],
      link: [toManifest([toFile("a", Buffer.alloc(0))]), linkTo("link")],
      device: [toManifest([toFile("a", Buffer.alloc(0))]), linkTo("character-device")],
      fifo: [toManifest([toFile("a", Buffer.alloc(0))]), linkTo("fifo")],
      folder: [toManifest([toFile("a", Buffer.alloc(0))]), linkTo("directory")],
      setuid: [toManifest([one("a")]), { name: "a", bytes, mode: 0o4755 }],
      executable: [toManifest([one("a")]), { name: "a", bytes, mode: 0o700 }],
      "another digest": [toManifest([toFile("a", Buffer.from("y"))]), { name: "a", bytes }],
      "another size": [toManifest([{ ...one("a"), size: 2 ** 50 }]), { name: "a", bytes }],
      "one too many": [...whole, { name: "b", bytes }],
      "one too few": [toManifest([one("a"), one("b")]), { name: "a", bytes }],
      "another count": [toManifest([one("a")], { files: 2 }), { name: "a", bytes }],
      "a newer format": [{ name: MANIFEST, bytes: Buffer.from('{"format":2}\n') }],
      "no JSON": [{ name: MANIFEST, bytes: Buffer.from("{\n") }],
      "a long line": [{ name: MANIFEST, bytes: Buffer.from(`{"a":"${"a".repeat(8_000)}"}\n`) }],
      "no end of line": [{ name: MANIFEST, bytes: Buffer.from(toBackupLine(HEAD).trimEnd()) }],
    };
    const file = join(service.home, "hostile");
    for (const [name, entries] of Object.entries(archives)) {
      await sealFor(service.recipient, await toTar(entries), file);
      expect(await tryRestore(service, file), name).toBe("BACKUP_INVALID");
    }
    const broken = await toTar(whole);
    for (const [name, plain] of [
      ["cut tar", broken.subarray(0, 700)],
      ["no tar", Buffer.alloc(2_048, "x")],
      ["empty", Buffer.alloc(0)],
      // An archive that says its header is 8 EB long.
      ["huge header", toHugeHeader(broken)],
    ] as const) {
      await sealFor(service.recipient, plain, file);
      expect(await tryRestore(service, file), name).toBe("BACKUP_INVALID");
    }
    expect(toLeft(service)).toEqual([]);
    expect(existsSync(join(service.home, "..", "evil"))).toBe(false);
  });

  it("of a newer schema is refused before anything of it is read", async () => {
    const service = await openBackedUp();
    const file = join(service.home, "newer");
    await sealFor(service.recipient, await toTar([toManifest([], { migration: "9999_newer" })]), file);
    expect(await tryRestore(service, file)).toBe("SCHEMA_TOO_NEW");
  });

  it("whose ledger, database or keys are not what they were is refused even by a manifest that fits", async () => {
    const service = await openBackedUp();
    const real = await listFiles(service.folder.path);
    const database = readFileSync(service.folder.database);
    const head = { migration: "0001_first" };
    const toWhole = async (change: ReadonlyMap<string, Uint8Array>, heading: object = {}) => {
      const all = new Map([...real.map(({ path, source }) => [path, source as Uint8Array] as const), ...change]);
      const sorted = [...all].toSorted(([a], [b]) => (a < b ? -1 : 1));
      const files = sorted.map(([path, bytes]) => toFile(path, bytes));
      return toTar([toManifest(files, { ...head, ...heading }), ...sorted.map(([name, bytes]) => ({ name, bytes }))]);
    };
    const file = join(service.home, "forged");
    const ledger = { size: 0, root: toFrontierRoot(EMPTY_FRONTIER) };
    const cases: readonly (readonly [string, Buffer, string])[] = [
      ["no database", await toWhole(new Map([["tillsync.sqlite", Buffer.from("no database")]]), { ledger }), REFUSED],
      ["another ledger", await toWhole(new Map([["tillsync.sqlite", database]])), REFUSED],
      [
        "no key",
        await toWhole(
          new Map([
            ["tillsync.sqlite", database],
            ["trust/online.pem", NONE],
          ]),
          { ledger },
        ),
        REFUSED,
      ],
      [
        "no marker",
        await toWhole(
          new Map([
            ["tillsync.sqlite", database],
            ["tillsync.json", NONE],
          ]),
          { ledger },
        ),
        REFUSED,
      ],
      // All else is as it should be: what is refused above is refused for what it says.
      ["nothing else", await toWhole(new Map([["tillsync.sqlite", database]]), { ledger }), "restored"],
    ];
    for (const [name, plain, outcome] of cases) {
      await sealFor(service.recipient, plain, file);
      expect(await tryRestore(service, file), name).toBe(outcome);
      expect(toLeft(service), name).toEqual(outcome === REFUSED ? [] : ["restored"]);
    }
  });
});

describe("isSafePath", () => {
  it("knows no way out of a folder, and nothing that a person could misread", () => {
    const bad = ["", "/", "/a", "a/", "a//b", ".", "..", "a/..", "./a", "a\\b", "a\0", "a\nb", "a\u202eb", "a\ud800"];
    for (const path of [...bad, "a/".repeat(16).concat("a"), "a".repeat(256), `${"a".repeat(200)}/`.repeat(6)]) {
      expect(isSafePath(path), JSON.stringify(path)).toBe(false);
    }
    for (const path of ["a", "a/b.c", "attachments/0f", "说明.txt", "..a"]) expect(isSafePath(path), path).toBe(true);
  });
});

/** A long name's header of a size that no archive has. */
function toHugeHeader(tar: Buffer): Buffer {
  const huge = Buffer.from(tar);
  huge.write("77777777777", 124);
  huge.write("x", 156);
  huge.fill(" ", 148, 156);
  const sum = huge.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  huge.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return huge;
}
