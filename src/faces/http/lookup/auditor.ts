import type { FastifyRequest } from "fastify";
import { TillsyncError, toErrorCode } from "../../../../proto/errors.ts";
import { verifyAuditor } from "../../../app/attestation/auditors.ts";
import type { Context } from "../../../app/context.ts";
import { createRateLimit, toAddressName } from "../rate-limit.ts";
import { AUDITOR_RATE, WRONG_KEY_RATE } from "./limits.ts";

/** RFC 7617. */
const BASIC = /^Basic ([A-Za-z0-9+/]{1,512}={0,2})$/i;

/** Lets auditors in, and counts what they and others ask. */
export interface Gate {
  /**
   * The name of the auditor who makes the request.
   *
   * @throws TillsyncError NOT_AUTHORIZED; RATE_LIMITED after too many wrong keys from this address
   */
  enter(request: FastifyRequest): Promise<string>;
  /** @throws TillsyncError RATE_LIMITED where the auditor has asked too much */
  spend(auditor: string, cost: number): void;
}

export function openGate(context: Context): Gate {
  const wrong = createRateLimit(WRONG_KEY_RATE, context.now);
  const asked = createRateLimit(AUDITOR_RATE, context.now);
  return {
    enter: async (request) => {
      const given = toCredentials(request.raw.headers.authorization);
      // A browser asks without a key first: that is no try.
      if (given === undefined) throw new TillsyncError("NOT_AUTHORIZED");
      // Taken before the key is looked at, so that many tries at once are counted, too.
      const giveBack = wrong.take(toAddressName(request.ip));
      try {
        const auditor = await verifyAuditor(context.store, given.name, given.key);
        giveBack();
        return auditor;
      } catch (error) {
        if (toErrorCode(error) === "NOT_AUTHORIZED") context.log.warn({ remote: request.ip }, "auditor refused");
        else giveBack();
        throw error;
      }
    },
    spend: (auditor, cost) => void asked.take(auditor, cost),
  };
}

function toCredentials(header: string | undefined): { readonly name: string; readonly key: string } | undefined {
  const encoded = BASIC.exec(header ?? "")?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const at = text.indexOf(":");
  return at === -1 ? { name: "", key: "" } : { name: text.slice(0, at), key: text.slice(at + 1) };
}
