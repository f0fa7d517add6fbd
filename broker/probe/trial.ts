import { randomBytes } from "node:crypto";
import { connect as connectTcp, isIP } from "node:net";
import type { Duplex } from "node:stream";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import type { KeyAndCertificate } from "../../certs/x509/authority.ts";
import { CANARIES } from "../acl.ts";
import { SERVICE_READS, toDeliveryTopics } from "../policy.ts";
import { type Opened, openClient, type ProbeClient } from "./client.ts";
import type { Identities } from "./identities.ts";
import type { Will } from "./packets.ts";

export interface TrialOptions {
  readonly host: string;
  readonly port: number;
  /** PEM; the only authority that the broker's own certificate is believed of. */
  readonly authority: string;
  readonly identities: Identities;
  /** For every single step. */
  readonly stepMs: number;
  /** How long something that must not happen is waited for, after what was to happen at the same time has. */
  readonly graceMs: number;
}

/** Somebody to do what is allowed, so that what is not can be told from a broker that does nothing. */
export interface Company {
  /** The first canary, subscribed to all of its topics. */
  readonly first: ProbeClient;
  /** The service, subscribed to all that terminals say. */
  readonly service: ProbeClient;
}

/** The broker as one check sees it; every connection of it is ended afterwards. */
export class Trial {
  readonly options: TrialOptions;
  readonly #streams = new Set<Duplex>();

  constructor(options: TrialOptions) {
    this.options = options;
  }

  /** Connects to the TLS port; `credentials` undefined for no certificate. */
  open(
    credentials: KeyAndCertificate | undefined,
    clientId: string,
    { will, tls = {} }: { readonly will?: Will; readonly tls?: ConnectionOptions } = {},
  ): Promise<Opened> {
    const stream = this.tls(this.options.port, credentials, tls);
    return this.speak(stream, clientId, will);
  }

  speak(stream: Duplex, clientId: string, will?: Will): Promise<Opened> {
    const { stepMs } = this.options;
    return openClient(stream, { clientId, stepMs, ...(will === undefined ? {} : { will }) });
  }

  /** The second canary, from which everything forbidden is tried. */
  async openSecond(change: { readonly will?: Will } = {}): Promise<ProbeClient | undefined> {
    return (await this.open(this.options.identities.second, CANARIES[1], change)).client;
  }

  /** @returns why there is none where the broker does not even let those in that it should */
  async openCompany(): Promise<Company | string> {
    const { identities } = this.options;
    const service = await this.open(identities.service, "tillsync-probe");
    if (service.client === undefined) return `the service: ${service.reason}`;
    const first = await this.open(identities.first, CANARIES[0]);
    if (first.client === undefined) return `a terminal: ${first.reason}`;
    const granted = [
      ...(await service.client.subscribe(SERVICE_READS)),
      ...(await first.client.subscribe(toDeliveryTopics(CANARIES[0], "full"))),
    ];
    const isGranted = granted.length > SERVICE_READS.length && granted.every((code) => code <= 1);
    return isGranted ? { service: service.client, first: first.client } : "a subscription was refused";
  }

  tcp(port: number): Duplex {
    return this.#keep(connectTcp({ host: this.options.host, port }));
  }

  tls(port: number, credentials: KeyAndCertificate | undefined, options: ConnectionOptions = {}): Duplex {
    const { host, authority } = this.options;
    const identity = credentials === undefined ? {} : { key: credentials.key, cert: credentials.certificate };
    const name = isIP(host) === 0 ? { servername: host } : {};
    return this.#keep(connectTls({ host, port, ca: authority, ...name, ...identity, ...options }));
  }

  end(): void {
    for (const stream of this.#streams) stream.destroy();
  }

  #keep<T extends Duplex>(stream: T): T {
    stream.on("error", () => undefined);
    this.#streams.add(stream);
    return stream;
  }
}

/** A payload that nobody else has. */
export function createMark(): string {
  return `probe-${randomBytes(12).toString("hex")}`;
}
