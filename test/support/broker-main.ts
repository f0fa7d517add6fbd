import { EMBEDDED_LIMITS } from "../../broker/embedded/limits.ts";
import { openEmbeddedBus } from "../../broker/embedded.ts";
import type { BrokerMessage, BrokerSettings } from "./broker-process.ts";

// A broker in a process of its own, so that its memory can be measured. The first message holds its settings.

const SAMPLE_MS = 5;

function tell(message: BrokerMessage): void {
  process.send?.(message);
}

async function run(settings: BrokerSettings): Promise<void> {
  const { key, certificate, authority, connectMs, handshakeMs } = settings;
  const limits = { ...EMBEDDED_LIMITS, handshakeMs, guard: { ...EMBEDDED_LIMITS.guard, connectMs } };
  const bus = await openEmbeddedBus(
    {
      host: "127.0.0.1",
      port: 0,
      key,
      certificate,
      authority,
      limits,
      log: (event, fields) => tell({ kind: "log", event, code: String(fields["code"] ?? fields["reason"]) }),
    },
    {
      receive: async () => {},
      admit: async () => "full",
      takenOver: () => {},
      connected: () => {},
      disconnected: () => {},
    },
  );
  let peak = 0;
  setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, SAMPLE_MS);
  process.on("message", () => {
    tell({ kind: "memory", now: process.memoryUsage.rss(), peak });
    peak = 0;
  });
  tell({ kind: "ready", port: bus.port });
}

process.once("message", (settings) => void run(settings as BrokerSettings));
process.once("disconnect", () => process.exit(0));
