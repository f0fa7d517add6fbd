import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type Agent, type AgentOptions, openAgent } from "../../agent/agent.ts";
import { openSimulatedTerminal } from "../../agent/terminal/simulated.ts";
import { readUptime, startTimer } from "../../agent/timer.ts";
import { openJoinedBus } from "../../broker/joined.ts";
import { toDeviceKey } from "../../certs/x509/identity.ts";
import { toRsaPublicKey } from "../../certs/x509/rsa-key.ts";
import { RUN_BYTES } from "../../proto/terminal-messages.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { toSimulatedTmk } from "../../sim/keys.ts";
import { openFleetService } from "../../src/app/fleet-service.ts";
import type { TerminalServer } from "../../src/faces/http/terminal/terminal-server.ts";
import { loadCertificates } from "./certificates.ts";
import { openTestBus } from "./embedded-bus.ts";
import { makeFolder, type TestFleet } from "./fleet-store.ts";
import { MemoryFiles } from "./memory-files.ts";
import { openTestPolling } from "./polling-face.ts";
import { openRelay, type Relay } from "./relay.ts";

/** The fleet service over a real database, to be reached by the broker and by polling. */
export interface PolledService {
  /** The line to the broker. */
  readonly line: Relay;
  readonly pollingPort: number;
  /** Looks at once at what others have decided. */
  look(): Promise<void>;
}

export async function openPolledService(fleet: TestFleet): Promise<PolledService> {
  const { authority } = await loadCertificates();
  let polling: TerminalServer | undefined;
  let broker = 0;
  const service = await openFleetService({
    ...fleet,
    authority,
    verifiers: [],
    now: fleet.now,
    openBus: (handlers) =>
      openJoinedBus(
        [
          async (of) => {
            const { bus } = await openTestBus(of);
            broker = bus.port;
            return bus;
          },
          async (of) => {
            polling = await openTestPolling(of, { limits: { pollS: 2, activePollS: 1 } });
            return polling;
          },
        ],
        handlers,
      ),
  });
  onTestFinished(() => service.close());
  return { line: await openRelay(broker), pollingPort: polling?.port ?? 0, look: () => service.dispatch() };
}

export interface RealAgent {
  readonly agent: Agent;
  readonly files: MemoryFiles;
  /** Events that were logged. */
  readonly events: readonly string[];
}

/** Waits of an agent that last half a minute and more last a second or so here. */
const LONG_MS = 25_000;
const HASTE = 40;

/** An agent as it runs in terminals, in this process, on a disk in memory. */
export async function openRealAgent(
  fleet: TestFleet,
  tusn: Tusn,
  service: PolledService,
  change: Partial<AgentOptions> = {},
): Promise<RealAgent> {
  const { authority, deviceKey, terminal } = await loadCertificates();
  const { key, certificate } = await terminal(tusn);
  const files = new MemoryFiles();
  const events: string[] = [];
  const agent = await openAgent({
    ...{
      tusn,
      host: "127.0.0.1",
      port: service.line.port,
      ca: authority.certificate,
      cert: certificate,
      key,
      deviceKey,
    },
    ...{ pollUrl: new URL(`https://127.0.0.1:${service.pollingPort}`), reconnectBaseMs: 20, reconnectCapMs: 100 },
    deviceKeyDigest: toDeviceKey(toRsaPublicKey(deviceKey)),
    pinnedRoot: fleet.approvers.trust.root,
    run: randomBytes(RUN_BYTES),
    files,
    terminal: openSimulatedTerminal({ profilePath: join(makeFolder(), "profile"), tmk: toSimulatedTmk(tusn) }),
    clock: () => Math.floor(Date.now() / 1_000),
    uptime: readUptime,
    random: Math.random,
    startTimer: (ms, callback) => startTimer(ms > LONG_MS ? ms / HASTE : ms, callback),
    log: (_level, event) => events.push(event),
    ...change,
  });
  onTestFinished(() => agent.close());
  return { agent, files, events };
}
