import { toDigest, toHex } from "../proto/bytes.ts";
import { TillsyncError, toErrorCode } from "../proto/errors.ts";
import { type Config, readConfigFile } from "./config.ts";
import { parseCertificate, toTerm } from "./enrol/issued.ts";
import type { Way } from "./link/ways.ts";
import { readLinkNote } from "./link-file.ts";
import { countCardChanges } from "./machine/card-changes.ts";
import { type Slot, type State, toPhase } from "./machine/state.ts";
import { toRenewalDue } from "./renewal.ts";
import type { FileSystem } from "./slots/file-system.ts";
import { openObjects } from "./slots/objects.ts";
import { openSlots, type Slots } from "./slots/slots.ts";
import { type Generation, readState } from "./slots/state-file.ts";
import { openTrustStore, type TrustStore } from "./slots/trust-store.ts";

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

export interface TrustStatus {
  /** Version of the timestamp. */
  readonly timestamp: number;
  readonly freshUntil: string;
  readonly stale: boolean;
  /** Version of the policy. */
  readonly policy: number;
  /** The policy lets nothing change at present, whoever signs. */
  readonly frozen: boolean;
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
  /** Newest trust root held. */
  readonly rootVersion: number;
  readonly trust: TrustStatus | null;
  /** No change can be accepted for want of fresh trust metadata; trading goes on. */
  readonly stale: boolean;
  /** Settlement changes of the last 24 hours, as far as the policy's cap counts them. */
  readonly cardChanges: number;
  /** Whether card numbers can be sealed to this terminal. */
  readonly cardKey: boolean;
  /** Null where there is none that can be read. */
  readonly certificate: CertificateStatus | null;
  /** How the agent reaches its service, or tried to last; null where it never did. */
  readonly link: LinkStatus | null;
}

export interface LinkStatus {
  readonly way: Way;
  readonly since: string;
}

export interface CertificateStatus {
  readonly until: string;
  /** SHA-256 over the certificate, as the service names it. */
  readonly fingerprint: string;
  readonly state: "valid" | "ending" | "expired";
}

type Installed = Pick<Config, "tusn" | "stateDir"> & Partial<Pick<Config, "cardKeyFile" | "certFile">>;

/** What the files are read through. */
interface Reading {
  readonly files: FileSystem;
  readonly slots: Slots;
  readonly trusts: TrustStore;
  readonly config: Installed;
  /** Seconds. */
  readonly now: number;
}

/**
 * What an agent's files say, whether it runs or not. Writes nothing. `now` in seconds.
 *
 * @throws TillsyncError NOT_FOUND where the agent never ran, STATE_CORRUPT, and what is wrong with the pinned root
 */
export function readStatus(files: FileSystem, config: Installed, pinnedRoot: Uint8Array, now: number): Status {
  const objects = openObjects(files);
  const trusts = openTrustStore(objects, pinnedRoot);
  const reading = { files, slots: openSlots(objects, trusts, config.tusn), trusts, config, now };
  const before = readGeneration(files, config);
  const status = toStatus(before.state, reading);
  const after = readGeneration(files, config);
  // An agent that moved on meanwhile may have removed what the earlier state names.
  return after.number === before.number ? status : toStatus(after.state, reading);
}

function readGeneration(files: FileSystem, { stateDir }: Installed): Generation {
  const found = readState(files);
  if (found === undefined) throw new TillsyncError("NOT_FOUND", { folder: stateDir });
  return found.generation;
}

function toStatus(state: State, { files, slots, trusts, config, now }: Reading): Status {
  const { current, previous } = state.slots;
  trusts.follow(state.roots);
  const { trust, present } = toTrustStatus(trusts, state, now);
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
    rootVersion: trusts.roots.version,
    trust,
    stale: trust?.stale ?? true,
    cardChanges: countCardChanges(state.cardChanges, present),
    cardKey: config.cardKeyFile !== undefined,
    certificate: config.certFile === undefined ? null : readCertificateStatus(config.certFile, present),
    link: readLinkStatus(files),
  };
}

function readLinkStatus(files: FileSystem): LinkStatus | null {
  const note = readLinkNote(files);
  return note === undefined ? null : { way: note.way, since: new Date(note.since * 1_000).toISOString() };
}

/** Null where there is none, or it cannot be read. `now` in seconds. */
export function readCertificateStatus(file: string, now: number): CertificateStatus | null {
  try {
    const pem = readConfigFile(file, "certFile").toString("utf8");
    const certificate = parseCertificate(pem);
    const { notAfter } = toTerm(certificate);
    const state = now >= notAfter ? "expired" : now >= toRenewalDue(pem, 0) ? "ending" : "valid";
    return { until: new Date(notAfter * 1_000).toISOString(), fingerprint: toHex(toDigest(certificate.raw)), state };
  } catch {
    return null;
  }
}

/** The same as lines of text. */
export function toStatusText(status: Status): string {
  const { trust, certificate, link } = status;
  const held = trust === null ? "none" : `version ${trust.timestamp}, until ${trust.freshUntil}`;
  const policy = trust === null ? "" : `, policy ${trust.policy}${trust.frozen ? ", FROZEN: nothing may change" : ""}`;
  const freshness = `root ${status.rootVersion}, ${held}${policy}`;
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
    ["trust", status.stale ? `${freshness}: STALE, changes are refused` : freshness],
    ["card", `${status.cardChanges} changed within 24 hours, number ${status.cardKey ? "sealed to it" : "not needed"}`],
    ["certificate", certificate === null ? "none that can be read" : toCertificateText(certificate)],
    ["link", link === null ? "none yet" : `${LINK_WORDS[link.way]}, since ${link.since}`],
  ];
  return lines.map(([name, value]) => `${name.padEnd(11)} ${value}\n`).join("");
}

const LINK_WORDS = { mqtt: "connection to the broker", poll: "polling" } as const;
const CERTIFICATE_NOTES = { valid: "", ending: ", to be renewed", expired: ": EXPIRED" } as const;

function toCertificateText({ until, fingerprint, state }: CertificateStatus): string {
  return `until ${until}${CERTIFICATE_NOTES[state]}, ${fingerprint}`;
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

/** With the second it is, as far as the files tell. */
function toTrustStatus(trusts: TrustStore, { trust }: State, now: number) {
  try {
    if (trust === undefined) return { trust: null, present: now };
    const { versions, freshUntil, issued, policy } = trusts.read(trust);
    const present = Math.max(now, issued);
    const status: TrustStatus = {
      timestamp: versions.timestamp,
      freshUntil: new Date(freshUntil * 1_000).toISOString(),
      stale: present >= freshUntil,
      policy: policy.version,
      frozen: policy.types.length === 0,
    };
    return { trust: status, present };
  } catch (error) {
    if (toErrorCode(error) !== "SLOT_CORRUPT") throw error;
    return { trust: null, present: now };
  }
}
