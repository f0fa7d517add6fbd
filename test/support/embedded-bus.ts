import type { BusHandlers } from "../../broker/bus.ts";
import { type EmbeddedBus, type EmbeddedBusOptions, openEmbeddedBus } from "../../broker/embedded.ts";
import type { ErrorFields } from "../../proto/errors.ts";
import { loadCertificates } from "./certificates.ts";
import type { Address } from "./mqtt-terminal.ts";

export interface LogEntry extends ErrorFields {
  readonly event: string;
}

export interface TestBus {
  readonly bus: EmbeddedBus;
  readonly address: Address;
  readonly log: readonly LogEntry[];
}

/** An embedded bus under the test certificates, on any free port of this machine. */
export async function openTestBus(handlers: BusHandlers, options: Partial<EmbeddedBusOptions> = {}): Promise<TestBus> {
  const { server, authority } = await loadCertificates();
  const log: LogEntry[] = [];
  const host = "127.0.0.1";
  const bus = await openEmbeddedBus(
    {
      host,
      port: 0,
      key: server.key,
      certificate: server.certificate,
      authority: authority.certificate,
      log: (event, fields) => log.push({ ...fields, event }),
      ...options,
    },
    handlers,
  );
  return { bus, address: { host, port: bus.port }, log };
}
