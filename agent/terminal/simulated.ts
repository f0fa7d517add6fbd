import { existsSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { MAX_UINT32 } from "../../proto/bounds.ts";
import { toUtf8 } from "../../proto/bytes.ts";
import { computeCryptogram } from "../../proto/cryptogram.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { type Profile, parseProfile } from "../../proto/profile.ts";
import { BUSY_REASONS, type BusyReason } from "../../proto/terminal-messages.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { toMac } from "../iso8583/mac.ts";
import { parseField62 } from "../iso8583/working-keys.ts";
import { choice, list, optional, readJson, record, whole } from "../read-json.ts";
import { writeDurably } from "../slots/durable.ts";
import { type FileSystem, openFileSystem } from "../slots/file-system.ts";
import type { ApplyResult, Terminal, TerminalStatus } from "./terminal.ts";

export interface SimulatedTerminalOptions {
  /** The file that holds the applied profile; absent while the terminal holds none. */
  readonly profilePath: string;
  /** Terminal master key, 16 bytes. */
  readonly tmk: Uint8Array;
  /** What it proves its TUSN with: its SM4 key, 16 bytes; where absent it cannot. */
  readonly sn?: { readonly tusn: Tusn; readonly key: Uint8Array } | undefined;
}

/**
 * Steers a simulated terminal from outside its process: a JSON file beside the profile, read anew at each call. Replace
 * it by rename, so that it is never read half written; absent, the terminal is ready and applies everything.
 */
export interface SimulatedControl {
  /** What `readStatus` says while this stands. */
  readonly busy?: BusyReason | undefined;
  /** What `apply` says while this stands. */
  readonly applyBusy?: BusyReason | undefined;
  /** Numbers of profiles that fail to apply and leave a torn file behind; 0 stands for holding no profile. */
  readonly failingProfiles?: readonly number[] | undefined;
}

const MAX_FAILING_PROFILES = 100;

const CONTROL = record<SimulatedControl>({
  busy: optional(choice(BUSY_REASONS)),
  applyBusy: optional(choice(BUSY_REASONS)),
  failingProfiles: optional(list(whole(0, MAX_UINT32), MAX_FAILING_PROFILES)),
});

/** Where the control file of a terminal stands. */
export function toControlPath(profilePath: string): string {
  return `${profilePath}.control.json`;
}

/** Where a simulated terminal notes the first digits and the last four of the card number it was told, as JSON. */
export function toCardPath(profilePath: string): string {
  return `${profilePath}.card.json`;
}

/** A terminal without a payment application: it keeps its profile as a file, and its working key in memory. */
export function openSimulatedTerminal({ profilePath, tmk, sn }: SimulatedTerminalOptions): Terminal {
  const files = openFileSystem(dirname(profilePath));
  let mak: Uint8Array | undefined;
  return {
    readStatus: async (): Promise<TerminalStatus> => {
      const { busy } = await readControl(profilePath);
      return busy === undefined ? { kind: "ready" } : { kind: "busy", reason: busy };
    },
    apply: async (profile: Uint8Array | undefined, cardNumber: string | undefined): Promise<ApplyResult> => {
      const { applyBusy, failingProfiles } = await readControl(profilePath);
      if (applyBusy !== undefined) return { kind: "busy", reason: applyBusy };
      const read = profile === undefined ? undefined : toProfile(profile);
      if (profile !== undefined && read === undefined) return { kind: "failed", detail: "the profile cannot be read" };
      const number = read?.number ?? 0;
      if (failingProfiles?.includes(number)) {
        replaceFile(files, profilePath, (profile ?? new Uint8Array(2)).subarray(1));
        return { kind: "failed", detail: `profile ${number} was torn while it was written` };
      }
      const note = toCardNote(cardNumber, read);
      if (note !== undefined || existsSync(toCardPath(profilePath))) replaceFile(files, toCardPath(profilePath), note);
      replaceFile(files, profilePath, profile);
      return { kind: "applied" };
    },
    loadWorkingKeys: async (field62: Uint8Array): Promise<void> => {
      try {
        mak = parseField62(tmk, field62).mak;
      } catch (cause) {
        throw new TillsyncError("COMMAND_FAILED", { command: "loadWorkingKeys" }, cause);
      }
    },
    computeMac: async (data: Uint8Array): Promise<Uint8Array> => {
      if (mak === undefined) throw new TillsyncError("COMMAND_FAILED", { command: "computeMac", what: "no key" });
      return toMac(mak, data);
    },
    computeCryptogram: async (factor: string): Promise<string> => {
      if (sn === undefined) throw new TillsyncError("PROOF_UNAVAILABLE");
      return computeCryptogram(sn.key, sn.tusn, factor);
    },
  };
}

function toProfile(bytes: Uint8Array): Profile | undefined {
  try {
    return parseProfile(bytes);
  } catch {
    return undefined;
  }
}

/** That it was told the number, and no more of it than the profile says too. */
function toCardNote(cardNumber: string | undefined, profile: Profile | undefined): Uint8Array | undefined {
  if (cardNumber === undefined || profile === undefined) return undefined;
  const bin = cardNumber.slice(0, profile.binding.bin.length);
  return toUtf8(JSON.stringify({ bin, last4: cardNumber.slice(-4) }));
}

/** Durable when it returns; undefined takes the file away. @throws TillsyncError STATE_WRITE_FAILED */
function replaceFile(files: FileSystem, path: string, content: Uint8Array | undefined): void {
  if (content === undefined) {
    rmSync(path, { force: true });
    files.sync(".");
  } else {
    writeDurably(files, ".", basename(path), content);
  }
}

async function readControl(profilePath: string): Promise<SimulatedControl> {
  const path = toControlPath(profilePath);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw new TillsyncError("COMMAND_FAILED", { file: path }, cause);
  }
  return parseControl(text, path);
}

function parseControl(text: string, path: string): SimulatedControl {
  try {
    return readJson(text, CONTROL);
  } catch (cause) {
    throw new TillsyncError("COMMAND_FAILED", { file: path }, cause);
  }
}
