import type { Trust } from "../certs/trust/verify.ts";
import type { BusyReason, Hello } from "../proto/terminal-messages.ts";
import type { CardKey } from "./card-key.ts";
import { toProfileDigest } from "./machine/reports.ts";
import { type State, toPhase } from "./machine/state.ts";

export const AGENT_VERSION = "0.1.0";

const NOTHING = new Uint8Array(0);

/** What a hello tells beside the state. */
export interface Standpoint {
  readonly trust: Trust | undefined;
  /** The newest trust root held, whatever became of the rest. */
  readonly rootVersion: number;
  readonly cardKey: CardKey | undefined;
  /** Random bytes of this run of the agent. */
  readonly run: Uint8Array;
  /** What keeps the terminal from taking a profile. */
  readonly busy: BusyReason | undefined;
  /** Seconds. */
  readonly now: number;
}

/** Whether no change can be accepted for want of fresh trust metadata (clause 6.5). */
export function isStale(trust: Trust | undefined, now: number): boolean {
  return trust === undefined || now >= trust.freshUntil;
}

/** What the terminal has, as it tells the service on connect (clause 5.3). */
export function toHello(state: State, { trust, rootVersion, cardKey, run, busy, now }: Standpoint): Hello {
  return {
    tusn: state.tusn,
    counter: state.counter,
    sequence: state.sequence,
    current: toProfileDigest(state.slots.current),
    previous: toProfileDigest(state.slots.previous),
    phase: toPhase(state),
    directive: Buffer.from(state.underWay?.task.directive ?? "", "hex"),
    timestampVersion: trust?.versions.timestamp ?? 0,
    stale: isStale(trust, now),
    unsent: state.unsent.length,
    agentVersion: AGENT_VERSION,
    rootVersion,
    ...toCardKeyFields(cardKey),
    run,
    busy: busy ?? "",
  };
}

/** Both empty where the terminal needs no card numbers. */
export function toCardKeyFields(cardKey: CardKey | undefined): Pick<Hello, "cardKey" | "cardKeyProof"> {
  return { cardKey: cardKey?.publicKey ?? NOTHING, cardKeyProof: cardKey?.proof ?? NOTHING };
}
