/**
 * Counts, by remote address, the sockets whose TLS handshake or CONNECT is still awaited: the only ones that cost
 * nothing to open. The bound per address has to be generous, for many terminals may share one address behind a NAT.
 */
export class Arrivals {
  readonly #bound: number;
  /** By address, the remote ports. */
  readonly #ports = new Map<string, Set<number>>();

  constructor(bound: number) {
    this.#bound = bound;
  }

  /** Addresses remembered. */
  get size(): number {
    return this.#ports.size;
  }

  /** False, and nothing counted, where the address has no place left. */
  enter(address: string, port: number): boolean {
    const ports = this.#ports.get(address) ?? new Set();
    if (ports.size >= this.#bound) return false;
    this.#ports.set(address, ports.add(port));
    return true;
  }

  /** It has connected or closed. May be told any number of times. */
  leave(address: string, port: number): void {
    const ports = this.#ports.get(address);
    ports?.delete(port);
    if (ports?.size === 0) this.#ports.delete(address);
  }
}
