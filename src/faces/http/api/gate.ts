import type { FastifyRequest } from "fastify";
import { TillsyncError } from "../../../../proto/errors.ts";
import type { Actor } from "../../../domain/accounts/actor.ts";
import { isAllowed } from "../../../domain/accounts/rights.ts";
import { createRateLimit, toAddressName } from "../rate-limit.ts";
import type { Endpoint, Services } from "./endpoint.ts";
import type { Rates } from "./limits.ts";

/** RFC 6750, section 2.1: no other way is taken, and no cookie, so that no page of others makes requests as somebody. */
const BEARER = /^Bearer ([A-Za-z0-9._~+/=-]{1,128})$/i;

declare module "fastify" {
  interface FastifyRequest {
    /** Who makes a request of the API, once that is known. */
    actor?: Actor;
  }
}

/** Who is let in where. */
export interface Gate {
  /**
   * Before a byte of the body is read. Whoever is told anything but NOT_AUTHENTICATED or RATE_LIMITED has shown who he is.
   *
   * @returns his session's token or API key; empty on a public endpoint
   * @throws TillsyncError RATE_LIMITED, NOT_AUTHENTICATED, ROLE_NOT_ALLOWED; KEY_FILE_INVALID, STORE_FAILED
   */
  enter(request: FastifyRequest, endpoint: Endpoint): Promise<string>;
}

export function openGate({ accounts, context }: Services, rates: Rates): Gate {
  const addresses = createRateLimit(rates.address, context.now);
  const logins = createRateLimit(rates.login, context.now);
  const actors = createRateLimit(rates.account, context.now);
  return {
    enter: async (request, endpoint) => {
      const address = toAddressName(request.ip);
      addresses.take(address);
      if (endpoint.right === "public") {
        if (endpoint.changes === true) logins.take(address);
        return "";
      }
      const [, bearer = ""] = BEARER.exec(request.headers.authorization ?? "") ?? [];
      // Who only listens does nothing that would keep his session.
      const actor = endpoint.sends === "events" ? await accounts.watch(bearer) : await accounts.authenticate(bearer);
      request.actor = actor;
      actors.take(actor.name);
      verifyRight(actor, endpoint);
      return bearer;
    },
  };
}

/** @throws TillsyncError ROLE_NOT_ALLOWED */
export function verifyRight(actor: Actor, row: Pick<Endpoint, "right" | "reach" | "byPerson">): void {
  const { right, reach, byPerson } = row;
  if (right === "public") return;
  if (!isAllowed(actor, right)) throw new TillsyncError("ROLE_NOT_ALLOWED", { right });
  if (byPerson === true && actor.via !== "session") {
    throw new TillsyncError("ROLE_NOT_ALLOWED", { right, expected: "a person" });
  }
  const hasScope = actor.merchants !== undefined || actor.role === "agent";
  if (reach === "whole" && hasScope) throw new TillsyncError("ROLE_NOT_ALLOWED", { right, expected: "no scope" });
}
