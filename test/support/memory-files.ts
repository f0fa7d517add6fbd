import type { FileSystem } from "../../agent/slots/file-system.ts";
import { toHex } from "../../proto/bytes.ts";
import { look } from "./canary-look.ts";

/** The power goes: nothing after this happens. */
export class PowerCut extends Error {}

interface File {
  content: Uint8Array;
  /** What a power cut leaves of it. */
  synced: Uint8Array;
}

type Names = ReadonlyMap<string, File>;

/** A change of names that its folder's next sync makes durable. */
interface Pending {
  readonly folder: string;
  readonly change: (names: Map<string, File>) => void;
}

/**
 * A disk whose un-synced writes vanish when the power goes. Content lasts from the sync of its file on. Names (new,
 * renamed, removed) last from the sync of their folder on; until then a power cut keeps any first few of them.
 */
export class MemoryFiles implements FileSystem {
  #durable: Names;
  #pending: Pending[] = [];
  /** Operations so far. */
  operations = 0;
  /** The power goes instead of the operation of this number, from 1; 0 never. */
  cutAt = 0;
  /** The operation of this number fails, from 1, once, and the agent lives on. */
  failAt = 0;

  constructor(names: Names = new Map()) {
    this.#durable = names;
  }

  read(name: string): Uint8Array | undefined {
    return this.#names.get(toKey(name))?.content;
  }

  write(name: string, bytes: Uint8Array): void {
    look("a file of an agent", bytes);
    this.#operate();
    const file = this.#names.get(toKey(name));
    // A file that is written over loses its old content at once, as when it is truncated first.
    if (file !== undefined) Object.assign(file, { content: bytes, synced: new Uint8Array(0) });
    else this.#create(toKey(name), { content: bytes, synced: new Uint8Array(0) });
  }

  sync(name: string): void {
    this.#operate();
    const file = this.#names.get(toKey(name));
    if (file !== undefined) {
      file.synced = file.content;
      return;
    }
    this.#durable = apply(
      this.#durable,
      this.#pending.filter(({ folder }) => folder === name),
    );
    this.#pending = this.#pending.filter(({ folder }) => folder !== name);
  }

  rename(from: string, to: string): void {
    this.#operate();
    const file = this.#names.get(toKey(from));
    if (file === undefined) throw new Error(`no ${from}`);
    this.#change(from, (names) => {
      names.delete(toKey(from));
      names.set(toKey(to), file);
    });
  }

  keepOnly(folder: string, names: readonly string[]): void {
    const kept = new Set(names.map((name) => `${folder}/${name}`));
    for (const key of [...this.#names.keys()]) {
      if (!key.startsWith(`${folder}/`) || kept.has(key)) continue;
      this.#operate();
      this.#change(key, (all) => all.delete(key));
    }
  }

  /** Names of all files. */
  list(): readonly string[] {
    return [...this.#names.keys()];
  }

  /** Every disk that a power cut now may leave behind. */
  afterPowerCut(): readonly MemoryFiles[] {
    const lengths = Array.from({ length: this.#pending.length + 1 }, (_, length) => length);
    return lengths.map((length) => {
      const names = apply(this.#durable, this.#pending.slice(0, length));
      return new MemoryFiles(copy(names, (file) => file.synced));
    });
  }

  /** All that is on it. Two disks of one text are the same to whoever opens them. */
  toText(): string {
    return [...this.#names]
      .map(([name, { content }]) => `${name} ${toHex(content)}`)
      .sort()
      .join("\n");
  }

  /** The disk as it is, for another try. */
  clone(): MemoryFiles {
    return new MemoryFiles(copy(this.#names, (file) => file.content));
  }

  /** Puts other content into a file, as an intruder or a failing medium would; undefined takes the file away. */
  damage(name: string, content: Uint8Array | undefined): void {
    const names = new Map(this.#names);
    if (content === undefined) names.delete(name);
    else names.set(name, { content, synced: content });
    this.#durable = names;
    this.#pending = [];
  }

  get #names(): Names {
    return apply(this.#durable, this.#pending);
  }

  #create(name: string, file: File): void {
    this.#change(name, (names) => names.set(name, file));
  }

  #change(name: string, change: Pending["change"]): void {
    const key = toKey(name);
    this.#pending.push({ folder: key.includes("/") ? key.slice(0, key.lastIndexOf("/")) : ".", change });
  }

  #operate(): void {
    this.operations += 1;
    if (this.cutAt !== 0 && this.operations >= this.cutAt) throw new PowerCut();
    if (this.operations === this.failAt) throw Object.assign(new Error("no space"), { code: "ENOSPC" });
  }
}

/** "./state.0" and "state.0" are one file. */
function toKey(name: string): string {
  return name.replace(/^\.\//, "");
}

function apply(names: Names, pending: readonly Pending[]): Names {
  const applied = new Map(names);
  for (const { change } of pending) change(applied);
  return applied;
}

function copy(names: Names, toContent: (file: File) => Uint8Array): Names {
  return new Map([...names].map(([name, file]) => [name, { content: toContent(file), synced: toContent(file) }]));
}
