import type { KeyAndCertificate } from "../../../../certs/x509/authority.ts";
import type { Context } from "../../../app/context.ts";
import { openEnrolment } from "../../../app/enrolment/enrol.ts";
import { renewCertificate } from "../../../app/enrolment/renew.ts";
import { createRevocations } from "../../../app/enrolment/revocations.ts";
import type { IdentitySettings } from "../../../app/identity/settings.ts";
import type { Verifier } from "../../../app/verifiers/verifier.ts";
import { type HttpFace, openHttpFace } from "../app.ts";
import type { ServerOptions } from "../server.ts";
import { addEstRoutes } from "./est.ts";
import { createGate, type GateOptions } from "./gate.ts";
import { REQUEST_MS } from "./limits.ts";
import { addEnrolmentRoutes } from "./routes.ts";

export interface EnrolmentServerOptions extends Context, ServerOptions, Pick<GateOptions, "refusalMs"> {
  readonly authority: KeyAndCertificate;
  readonly settings: Pick<IdentitySettings, "certificateDays">;
  readonly verifiers: readonly Verifier[];
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
}

/**
 * Opens the face where terminals get their certificates: our own enrolment, and EST (RFC 7030). A client may show a
 * certificate; whoever renews one has to.
 *
 * @throws TillsyncError PORT_IN_USE, CONFIG_INVALID
 */
export async function openEnrolmentServer(options: EnrolmentServerOptions): Promise<HttpFace> {
  const { authority, settings, verifiers } = options;
  const issuer = { authority, certificateDays: settings.certificateDays };
  const gate = createGate(options);
  const routes = {
    gate,
    enrolment: openEnrolment(options, { ...issuer, verifiers }),
    renew: (shown: Parameters<typeof renewCertificate>[2], request: Uint8Array) =>
      renewCertificate(options, issuer, shown, request),
    revocations: createRevocations(options, authority),
    authority: authority.certificate,
  };
  const challenge = 'Basic realm="tillsync enrolment"';
  const http = { requestMs: REQUEST_MS, ...options, challenge, clientAuthority: authority.certificate };
  return openHttpFace(http, (app) => {
    app.addHook("onRequest", async (request) => gate.enter(request));
    addEnrolmentRoutes(app, routes);
    addEstRoutes(app, routes);
  });
}
