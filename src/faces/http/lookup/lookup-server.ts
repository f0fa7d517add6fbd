import type { Attestor } from "../../../app/attestation/issue.ts";
import type { Context } from "../../../app/context.ts";
import { type HttpFace, openHttpFace } from "../app.ts";
import type { ServerOptions } from "../server.ts";
import { addAuditRoutes } from "./audit-routes.ts";
import { addPublicRoutes } from "./public-routes.ts";

export interface LookupServerOptions extends Context, ServerOptions, Attestor {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
}

/**
 * Opens the face where auditors look terminals up, and where a merchant asks whether his machine is genuine. Whom it
 * counts is the address at the other end of the connection: no header tells it another.
 *
 * @throws TillsyncError PORT_IN_USE, CONFIG_INVALID
 */
export async function openLookupServer(options: LookupServerOptions): Promise<HttpFace> {
  const { trust, trustFolder, authority } = options;
  return openHttpFace({ ...options, challenge: 'Basic realm="tillsync auditors"' }, (app) => {
    addPublicRoutes(app, options);
    addAuditRoutes(app, options, { trust, trustFolder, authority });
  });
}
