import { type Endpoint, toEndpoint as toHttpEndpoint, toPath } from "../http-client/client.ts";

/** A registry, and where its questions go. */
export interface RegistryEndpoint extends Endpoint {
  readonly url: URL;
  readonly token: string | undefined;
}

/**
 * @param url base of the registry; without TLS only on this very machine
 * @param ca PEM of the authorities that are believed; the system's where absent
 * @throws TillsyncError CONFIG_INVALID
 */
export function toEndpoint(url: string, ca?: string, token?: string): RegistryEndpoint {
  const endpoint = toHttpEndpoint(url, "registry.url", ca);
  return { ...endpoint, url: new URL(toPath(endpoint, "/v1/verifications"), endpoint.base), token };
}
