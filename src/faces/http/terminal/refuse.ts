import { constants } from "node:crypto";
import type { Server } from "node:tls";
import { TillsyncError } from "../../../../proto/errors.ts";
import type { ServerOptions } from "../server.ts";

const CRL_BEGINNING = "-----BEGIN X509 CRL-----\n";

/**
 * A fresh secure context that refuses certificates on the list (RFC 5280, in PEM). Open connections are not touched.
 *
 * @throws TillsyncError CONFIG_INVALID for what is no such list; all stays as it was then
 */
export function refuseRevoked(server: Server, options: ServerOptions & { clientAuthority: string }, crl: string): void {
  const { key, certificate, clientAuthority } = options;
  try {
    // An empty text would be taken for no list at all, and let everybody in again.
    if (!crl.startsWith(CRL_BEGINNING)) throw new TillsyncError("FIELD_MISSING", { field: "crl" });
    server.setSecureContext({
      ...{ key, cert: certificate, ca: clientAuthority, crl },
      ...{ minVersion: "TLSv1.3", secureOptions: constants.SSL_OP_NO_TICKET },
    });
  } catch (cause) {
    throw new TillsyncError("CONFIG_INVALID", { setting: "revocation list" }, cause);
  }
}
