export interface PresentPorts {
  /** The terminal's clock in seconds. */
  readonly clock: () => number;
  /** Seconds from some moment on, which nobody can set. */
  readonly uptime: () => number;
}

/**
 * What second it is, as far as a terminal can tell: its clock may be anywhere, but it is not before a second that was
 * proven to be past, and from that proof on time passes whatever the clock says.
 */
export class Present {
  readonly #ports: PresentPorts;
  #proven = 0;
  /** Uptime at which `#proven` was. */
  #since = 0;

  constructor(ports: PresentPorts) {
    this.#ports = ports;
  }

  get now(): number {
    return Math.max(this.#ports.clock(), this.past);
  }

  /** A second that is past for certain, whatever the clock says. */
  get past(): number {
    return this.#proven + Math.floor(this.#ports.uptime() - this.#since);
  }

  /** Takes the proof that so many seconds are past. One that says less than is known turns nothing back. */
  prove(seconds: number): void {
    if (seconds > this.past) this.#set(seconds);
  }

  /** Lets go of all proofs: who gave them is not believed any more, and may have told a time that is yet to come. */
  forget(): void {
    this.#set(0);
  }

  #set(seconds: number): void {
    this.#proven = seconds;
    this.#since = this.#ports.uptime();
  }
}
