import { setTimeout as delay } from "node:timers/promises";
import type { FastifyRequest } from "fastify";
import { toErrorCode } from "../../../../proto/errors.ts";
import { createRateLimit, toAddressName } from "../rate-limit.ts";
import { ADDRESS_RATE, REFUSAL_MS, TUSN_RATE } from "./limits.ts";

export interface GateOptions {
  /** Seconds. */
  now(): number;
  /** Milliseconds; the limit above where absent. */
  readonly refusalMs?: number;
}

/** What every request has to get past. */
export interface Gate {
  /** @throws TillsyncError RATE_LIMITED */
  enter(request: FastifyRequest): void;
  /**
   * Does the work for one TUSN. A token that is refused is refused after the same time, whatever was found on record.
   *
   * @throws TillsyncError RATE_LIMITED, whatever `work` throws
   */
  attempt<T>(tusn: string, work: () => Promise<T>): Promise<T>;
  /** Does the work for the terminal that has shown its certificate: strangers cannot use up its share. @throws as `attempt` */
  renew<T>(tusn: string, work: () => Promise<T>): Promise<T>;
}

export function createGate({ now, refusalMs = REFUSAL_MS }: GateOptions): Gate {
  const addresses = createRateLimit(ADDRESS_RATE, now);
  const terminals = createRateLimit(TUSN_RATE, now);
  const renewing = createRateLimit(TUSN_RATE, now);
  return {
    enter: ({ ip }) => void addresses.take(toAddressName(ip)),
    attempt: async (tusn, work) => {
      terminals.take(tusn);
      const time = delay(refusalMs, undefined, { ref: false });
      try {
        return await work();
      } catch (error) {
        if (toErrorCode(error) === "TOKEN_INVALID") await time;
        throw error;
      }
    },
    renew: async (tusn, work) => {
      renewing.take(tusn);
      return await work();
    },
  };
}
