import { onTestFinished } from "vitest";
import { toDigest, toHex, toUtf8 } from "../../proto/bytes.ts";
import type { DifferenceClass } from "../../proto/difference.ts";
import type { Directive } from "../../proto/directive.ts";
import type { Profile } from "../../proto/profile.ts";
import { toProfileBytes } from "../../proto/profile.ts";
import { toTrustBundleBytes } from "../../proto/trust-bundle.ts";
import { parseTusn, type Tusn } from "../../proto/tusn.ts";
import { type AttackedTerminal, openAttacked } from "./red-team-terminal.ts";
import {
  type ProfileChange,
  SAMPLE_PROFILE,
  type TestApprovers,
  toDelivery,
  toDirective,
  toNextProfile,
} from "./release.ts";

/** The present of tests of attacks, in seconds. */
export const NOW = 1_800_000_000;
export const DAY_S = 86_400;
const LONG_S = 400 * DAY_S;

/** The nth terminal. */
export function toTusn(n: number): Tusn {
  return parseTusn(`00000304N7NL019${String(n).padStart(5, "0")}`);
}

/** A terminal that trades on the sample profile, which maker and checker approved for it. */
export interface Trading {
  readonly terminal: AttackedTerminal;
  /** What it holds, as far as the deliveries made here were taken. */
  profile: Profile;
  sequence: number;
  /** The next directive, on top of what it holds, by maker and checker. */
  next(change: ProfileChange, options?: NextOptions): Uint8Array;
  /** Makes it, has it taken, and remembers that. */
  take(change: ProfileChange, options?: NextOptions): Promise<Uint8Array>;
  /** What may not change when something is refused. */
  standing(): Standing;
}

export interface NextOptions {
  readonly purpose?: DifferenceClass;
  readonly directive?: Partial<Directive>;
  readonly now?: number;
}

export interface Standing {
  readonly sequence: number;
  readonly content: string;
  readonly slots: unknown;
  readonly applied: number;
  readonly tests: number;
  readonly files: readonly string[];
}

export interface TradingOptions {
  readonly n?: number;
  readonly deviceKey?: Uint8Array;
  readonly profile?: Profile;
}

export async function openTrading(approvers: TestApprovers, options: TradingOptions = {}): Promise<Trading> {
  const tusn = toTusn(options.n ?? 0);
  const deviceKey = options.deviceKey ?? toDigest(toUtf8(`device of ${tusn}`));
  const terminal = await openAttacked({ tusn, deviceKey, pinnedRoot: approvers.trust.root }, { clock: NOW });
  onTestFinished(() => terminal.close());
  await terminal.receive("trust", toTrustBundleBytes(approvers.trust));

  const profile = options.profile ?? SAMPLE_PROFILE;
  const first = toDirective({ tusn, deviceKey, sequence: 1, profile, now: NOW }, { notAfter: NOW + LONG_S });
  await deliver(terminal, toDelivery(approvers, first, "binding", NOW));
  if (terminal.state.sequence !== 1) throw new Error("the terminal took nothing");

  const make = (change: ProfileChange, { purpose = "binding", directive = {}, now = NOW }: NextOptions): Uint8Array => {
    const { sequence, profile: base } = trading;
    const request = { tusn, deviceKey, sequence: sequence + 1, base, profile: toNextProfile(base, change), now };
    return toDelivery(approvers, toDirective(request, { notAfter: now + LONG_S, ...directive }), purpose, now);
  };
  const trading: Trading = {
    terminal,
    profile,
    sequence: 1,
    next: (change, made = {}) => make(change, made),
    take: async (change, made = {}) => {
      const delivery = make(change, made);
      await deliver(terminal, delivery);
      trading.profile = toNextProfile(trading.profile, change);
      trading.sequence += 1;
      const content = toHex(toDigest(terminal.content ?? new Uint8Array(0)));
      if (content !== toHex(toDigest(toProfileBytes(trading.profile)))) throw new Error("the terminal did not take it");
      return delivery;
    },
    standing: () => toStanding(terminal),
  };
  return trading;
}

/** Hands a delivery over, waits for what comes of it, and gives receipts. */
export async function deliver(terminal: AttackedTerminal, delivery: Uint8Array): Promise<void> {
  await terminal.receive("directive", delivery);
  await terminal.settle();
  await terminal.receiptAll();
}

/** All that a refusal may not change; the state's own generations and reports aside. */
export function toStanding({ state, content, applied, tests, files }: AttackedTerminal): Standing {
  return {
    sequence: state.sequence,
    content: content === undefined ? "" : toHex(toDigest(content)),
    slots: { ...state.slots, underWay: state.underWay, roots: state.roots, trust: state.trust },
    applied: applied.length,
    tests,
    files: files.list().filter((name) => name.startsWith("objects/")),
  };
}

/** Another card by name, as a change of a profile. */
export function toCard(name: string): ProfileChange {
  return { binding: { last4: name.slice(-4).padStart(4, "0"), commitment: toDigest(toUtf8(name)) } };
}
