import { TillsyncError, toErrorCode } from "../proto/errors.ts";
import type { Config } from "./config.ts";
import { type Slot, type State, toPhase } from "./machine/state.ts";
import type { FileSystem } from "./slots/file-system.ts";
import { openObjects } from "./slots/objects.ts";
import { openSlots, type Slots } from "./slots/slots.ts";
import { type Generation, readState } from "./slots/state-file.ts";

/** A slot as people see it; without content where it does not prove itself. */
export interface SlotStatus {
  readonly profile: string;
  readonly readable: boolean;
  readonly number?: number;
  readonly merchant?: string;
  readonly merchantNo?: string;
  readonly terminalNo?: string;
  /** First and last digits of the settlement card; an account's last ones. */
  readonly settlement?: string;
}

export interface Status {
  readonly tusn: string;
  readonly phase: string;
  readonly sequence: number;
  readonly counter: number;
  readonly current: SlotStatus | null;
  readonly previous: SlotStatus | null;
  readonly next: SlotStatus | null;
  /** Digest of the directive under way. */
  readonly directive: string | null;
  readonly reversalOwed: boolean;
  readonly unsent: readonly { readonly kind: string; readonly code: string; readonly counter: number }[];
  readonly trust: { readonly timestamp: number; readonly freshUntil: string; readonly stale: boolean } | null;
}

type Installed = Pick<Config, "tusn" | "stateDir">;

/**
 * What an agent's files say, whether it runs or not. Writes nothing. `now` in seconds.
 *
 * @throws TillsyncError NOT_FOUND where the agent never ran, STATE_CORRUPT
 */
export function readStatus(files: FileSystem, config: Installed, pinnedRoot: Uint8Array, now: number): Status {
  const slots = openSlots(openObjects(files), pinnedRoot, config.tusn);
  const before = readGeneration(files, config);
  const status = toStatus(before.state, slots, now);
  const after = readGeneration(files, config);
  // An agent that moved on meanwhile may have removed what the earlier state names.
  return after.number === before.number ? status : toStatus(after.state, slots, now);
}

function readGeneration(files: FileSystem, { stateDir }: Installed): Generation {
  const found = readState(files);
  if (found === undefined) throw new TillsyncError("NOT_FOUND", { folder: stateDir });
  return found.generation;
}

function toStatus(state: State, slots: Slots, now: number): Status {
  const { current, previous } = state.slots;
  return {
    tusn: state.tusn,
    phase: toPhase(state),
    sequence: state.sequence,
    counter: state.counter,
    current: toSlotStatus(slots, current),
    previous: toSlotStatus(slots, previous),
    next: toSlotStatus(slots, state.underWay?.next),
    directive: state.underWay?.task.directive ?? null,
    reversalOwed: state.owed.length > 0,
    unsent: state.unsent.map(({ kind, code, counter }) => ({ kind, code, counter })),
    trust: toTrustStatus(slots, state, now),
  };
}

/** The same as lines of text. */
export function toStatusText(status: Status): string {
  const { trust } = status;
  const freshness = trust === null ? "none" : `version ${trust.timestamp}, until ${trust.freshUntil}`;
  const lines: readonly (readonly [string, string])[] = [
    ["terminal", status.tusn],
    ["phase", status.phase],
    ["sequence", String(status.sequence)],
    ["current", toSlotText(status.current)],
    ["previous", toSlotText(status.previous)],
    ["next", toSlotText(status.next)],
    ["directive", status.directive ?? "none under way"],
    ["reversal", status.reversalOwed ? "owed" : "none owed"],
    ["unsent", status.unsent.map(({ kind, code }) => `${kind} ${code}`.trim()).join(", ") || "none"],
    ["trust", trust?.stale === true ? `${freshness}: STALE, changes are refused` : freshness],
  ];
  return lines.map(([name, value]) => `${name.padEnd(10)} ${value}\n`).join("");
}

function toSlotStatus(slots: Slots, slot: Slot | undefined): SlotStatus | null {
  if (slot === undefined) return null;
  try {
    const { number, merchant, binding, acquiring } = slots.read(slot).profile;
    return {
      profile: slot.profile,
      readable: true,
      number,
      merchant: merchant.name,
      merchantNo: merchant.number,
      terminalNo: acquiring.terminalNo,
      settlement: `${binding.kind} ${binding.bin}…${binding.last4}`,
    };
  } catch (error) {
    if (toErrorCode(error) !== "SLOT_CORRUPT") throw error;
    return { profile: slot.profile, readable: false };
  }
}

function toSlotText(slot: SlotStatus | null): string {
  if (slot === null) return "none";
  if (!slot.readable) return `${slot.profile} UNREADABLE`;
  const { number, merchant, merchantNo, terminalNo, settlement, profile } = slot;
  return `profile ${number}: ${merchant}, ${merchantNo}/${terminalNo}, ${settlement}, ${profile}`;
}

function toTrustStatus(slots: Slots, { trust }: State, now: number): Status["trust"] {
  if (trust === undefined) return null;
  try {
    const { versions, freshUntil, issued } = slots.readTrust(trust);
    const present = Math.max(now, issued);
    return {
      timestamp: versions.timestamp,
      freshUntil: new Date(freshUntil * 1_000).toISOString(),
      stale: present >= freshUntil,
    };
  } catch (error) {
    if (toErrorCode(error) !== "SLOT_CORRUPT") throw error;
    return null;
  }
}
