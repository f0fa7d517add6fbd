import type { Trust } from "../certs/trust/verify.ts";
import type { Hello } from "../proto/terminal-messages.ts";
import { toProfileDigest } from "./machine/reports.ts";
import { type State, toPhase } from "./machine/state.ts";

export const AGENT_VERSION = "0.1.0";

/** What the terminal has, as it tells the service on connect (clause 5.3). `now` in seconds. */
export function toHello(state: State, trust: Trust | undefined, now: number): Hello {
  return {
    tusn: state.tusn,
    counter: state.counter,
    sequence: state.sequence,
    current: toProfileDigest(state.slots.current),
    previous: toProfileDigest(state.slots.previous),
    phase: toPhase(state),
    directive: Buffer.from(state.underWay?.task.directive ?? "", "hex"),
    timestampVersion: trust?.versions.timestamp ?? 0,
    stale: trust === undefined || now >= trust.freshUntil,
    unsent: state.unsent.length,
    agentVersion: AGENT_VERSION,
  };
}
