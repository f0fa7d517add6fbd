import type { X509Certificate } from "node:crypto";
import { TLSSocket } from "node:tls";
import type { FastifyRequest } from "fastify";
import { TillsyncError } from "../../../../proto/errors.ts";

/**
 * The certificate that a client showed, proved to have the key of, and that chains to our authority and is valid. Whether
 * it still counts is for the records to say, on each request.
 *
 * @throws TillsyncError CERTIFICATE_UNKNOWN where it showed none, or none of ours
 */
export function readClientCertificate({ raw }: FastifyRequest): X509Certificate {
  const { socket } = raw;
  const certificate = socket instanceof TLSSocket && socket.authorized ? socket.getPeerX509Certificate() : undefined;
  if (certificate === undefined) throw new TillsyncError("CERTIFICATE_UNKNOWN");
  return certificate;
}
