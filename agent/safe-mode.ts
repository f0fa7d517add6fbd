import { MAX_UINT32 } from "../proto/bounds.ts";
import type { Tusn } from "../proto/tusn.ts";
import type { CardKey } from "./card-key.ts";
import { AGENT_VERSION, toCardKeyFields } from "./hello.ts";
import type { LinkHandlers } from "./link/link.ts";
import type { Log } from "./log.ts";

const NOTHING = new Uint8Array(0);

export interface SafeModeOptions {
  readonly tusn: Tusn;
  readonly clock: () => number;
  readonly log: Log;
  /** Version of the pinned root. */
  readonly rootVersion: number;
  readonly cardKey?: CardKey | undefined;
}

/**
 * An agent that cannot read its own state: it says so in hellos, takes nothing, and leaves the terminal trading as it
 * is. The device counter used last is lost with the state, so that the present second stands in for it.
 */
export function createSafeMode({ tusn, clock, log, rootVersion, cardKey }: SafeModeOptions): LinkHandlers {
  return {
    greet: async () => ({
      tusn,
      counter: Math.min(clock(), MAX_UINT32),
      sequence: 0,
      current: NOTHING,
      previous: NOTHING,
      phase: "broken",
      directive: NOTHING,
      timestampVersion: 0,
      stale: true,
      unsent: 0,
      agentVersion: AGENT_VERSION,
      rootVersion,
      ...toCardKeyFields(cardKey),
      // Its counter may be said twice within a second: that must not look like two devices.
      run: NOTHING,
      busy: "",
    }),
    unsent: () => [],
    receive: async (kind) => log("error", "message not taken", { code: "STATE_CORRUPT", kind }),
  };
}
