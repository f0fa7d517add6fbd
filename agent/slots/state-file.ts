import { concat, isEqual, toDigest, toHex, toUtf8 } from "../../proto/bytes.ts";
import { TillsyncError, toErrorCode } from "../../proto/errors.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { createState, type State, skipUsed } from "../machine/state.ts";
import { parseStateJson, toStateJson } from "../machine/state-json.ts";
import { writeDurably } from "./durable.ts";
import type { FileSystem } from "./file-system.ts";

// Two files hold the last two generations of the state, each under its own checksum: the even one and the odd one.

const FILES = ["state.0", "state.1"] as const;
const FIRST_GENERATION = 1;
/** A SHA-256 in hexadecimal and the end of its line. */
const CHECKSUM_CHARACTERS = 65;

/** A state with the number of its writing, from 1. */
export interface Generation {
  readonly number: number;
  readonly state: State;
}

export interface StateFile {
  /** What is on disk now. */
  readonly state: State;
  /** One generation was damaged and the other one stands in for it. */
  readonly recovered: boolean;
  /** Durable when it returns. After an error what is on disk is the old state or this one. @throws STATE_WRITE_FAILED */
  save(state: State): void;
}

/**
 * Opens the state of this terminal, and makes it where there is none at all.
 *
 * @throws TillsyncError STATE_CORRUPT where neither generation can be read or they are another terminal's;
 *   STATE_WRITE_FAILED
 */
export function openStateFile(files: FileSystem, tusn: Tusn, now: number): StateFile {
  const found = readState(files);
  let generation = found?.generation ?? { number: 0, state: createState(tusn, now) };
  if (generation.state.tusn !== tusn) throw new TillsyncError("STATE_CORRUPT", { tusn: generation.state.tusn });

  const save = (state: State): void => {
    const next = { number: generation.number + 1, state };
    writeDurably(files, ".", toFileName(next.number), toFileBytes(next));
    generation = next;
  };
  const recovered = found?.recovered ?? false;
  // What the lost generation used up must never be used again.
  if (recovered) save(skipUsed(generation.state));
  if (found === undefined) save(generation.state);
  return {
    get state() {
      return generation.state;
    },
    recovered,
    save,
  };
}

/**
 * The newest generation that can be read; undefined where there never was one. Writes nothing.
 *
 * @throws TillsyncError STATE_CORRUPT
 */
export function readState(
  files: FileSystem,
): { readonly generation: Generation; readonly recovered: boolean } | undefined {
  const contents = FILES.map((name) => files.read(name)).filter((bytes) => bytes !== undefined);
  if (contents.length === 0) return undefined;
  const generations = contents.map(parseFile).filter((generation) => generation !== undefined);
  const [newest, older] = generations.sort((a, b) => b.number - a.number);
  if (newest === undefined) throw new TillsyncError("STATE_CORRUPT");
  const isFirst = newest.number === FIRST_GENERATION && contents.length === 1;
  return { generation: newest, recovered: !isFirst && older?.number !== newest.number - 1 };
}

/** Three lines: SHA-256 of the rest in hexadecimal, number of the generation, state as JSON. */
function toFileBytes({ number, state }: Generation): Uint8Array {
  const rest = toUtf8(`${number}\n${toStateJson(state)}\n`);
  return concat(toChecksum(rest), rest);
}

function toFileName(number: number): string {
  return `state.${number % FILES.length}`;
}

/** Undefined where anything about the file is wrong. */
function parseFile(bytes: Uint8Array): Generation | undefined {
  const rest = bytes.subarray(CHECKSUM_CHARACTERS);
  if (!isEqual(bytes.subarray(0, CHECKSUM_CHARACTERS), toChecksum(rest))) return undefined;
  const [number, json] = Buffer.from(rest).toString("utf8").split("\n");
  try {
    return { number: Number(number), state: parseStateJson(json ?? "") };
  } catch (error) {
    if (toErrorCode(error) === "INTERNAL") throw error;
    return undefined;
  }
}

function toChecksum(bytes: Uint8Array): Uint8Array {
  return toUtf8(`${toHex(toDigest(bytes))}\n`);
}
