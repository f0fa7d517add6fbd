import type { Context } from "../../../app/context.ts";
import { openDesk } from "../../../app/desk/desk.ts";
import type { TrustHolder } from "../../../app/trust-files.ts";
import { type HttpFace, openHttpFace } from "../app.ts";
import type { ServerOptions } from "../server.ts";
import { addChangeRoutes } from "./changes.ts";
import { addIdentityRoutes } from "./enrolments.ts";
import { addReleaseRoutes, addTrustRoutes } from "./routes.ts";
import { createTransfers } from "./transfers.ts";

export interface DeskServerOptions extends Context, ServerOptions {
  readonly trust: Pick<TrustHolder, "trust" | "bundlesAfter">;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
}

/**
 * Opens the signing desk: where approvers' programs get what waits for them, and hand back what they signed.
 *
 * @throws TillsyncError PORT_IN_USE, CONFIG_INVALID
 */
export async function openDeskServer(options: DeskServerOptions): Promise<HttpFace> {
  const { trust, now } = options;
  const policy = () => trust.trust().policy;
  const routes = {
    desk: openDesk(options, policy),
    transfers: createTransfers(),
    policy,
    bundlesAfter: trust.bundlesAfter,
    now,
  };
  return openHttpFace({ ...options, challenge: "Tillsync-Approver" }, (app) => {
    addTrustRoutes(app, routes);
    addReleaseRoutes(app, routes);
    addIdentityRoutes(app, options, policy);
    addChangeRoutes(app, options, policy);
  });
}
