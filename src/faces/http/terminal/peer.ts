import { TLSSocket } from "node:tls";
import type { FastifyRequest } from "fastify";
import type { Peer } from "../../../../broker/bus.ts";
import { toTusn } from "../../../../certs/x509/identity.ts";
import { toDigest } from "../../../../proto/bytes.ts";
import { TillsyncError } from "../../../../proto/errors.ts";

/**
 * Who asks, by nothing but the certificate of the connection, which may have expired since its handshake.
 *
 * @param now seconds
 * @throws TillsyncError CERTIFICATE_INVALID
 */
export function readPeer({ raw: { socket } }: Pick<FastifyRequest, "raw">, now: number): Peer {
  const certificate = socket instanceof TLSSocket && socket.authorized ? socket.getPeerX509Certificate() : undefined;
  if (certificate === undefined) throw new TillsyncError("CERTIFICATE_INVALID");
  const { validFrom, validTo, raw } = certificate;
  const isCurrent = Date.parse(validFrom) <= now * 1_000 && now * 1_000 <= Date.parse(validTo);
  if (!isCurrent) throw new TillsyncError("CERTIFICATE_INVALID");
  return { tusn: toTusn(certificate), fingerprint: toDigest(raw), remote: socket.remoteAddress ?? "" };
}
