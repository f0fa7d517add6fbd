import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { Bus, BusHandlers } from "../../broker/bus.ts";
import type { KeyAndCertificate } from "../../certs/x509/authority.ts";
import { Admissions } from "../../src/app/admission/admissions.ts";
import { DEFAULT_IDENTITY_POLICY } from "../../src/domain/verdict.ts";
import { openTerminalServer } from "../../src/faces/http/terminal/terminal-server.ts";
import { openLog } from "../../src/log.ts";
import { openStore } from "../../src/store/store.ts";

/** What the parent sends first. */
export interface PollingServerSettings {
  readonly server: KeyAndCertificate;
  readonly authority: KeyAndCertificate;
  /** Registry of terminals that are looked up when they say hello. */
  readonly database: string;
  /** Size of the message that waits for each terminal. */
  readonly payloadBytes: number;
}

/** All of them come from one machine here. */
const SOCKETS = 20_000;
/** Nobody is to be cut off here because a shared machine was busy with something else. */
const PATIENCE_MS = 600_000;

const [settings] = (await once(process, "message")) as [PollingServerSettings];
process.once("disconnect", () => process.exit(0));
await run(settings);

async function run({ server, authority, database, payloadBytes }: PollingServerSettings): Promise<void> {
  const store = await openStore(database);
  const now = () => Math.floor(Date.now() / 1_000);
  const log = openLog("error", { write: (line) => process.stderr.write(line) });
  const admissions = new Admissions({ store, now, randomBytes, identity: DEFAULT_IDENTITY_POLICY, log }, { authority });
  const payload = randomBytes(payloadBytes);
  let bus: Bus | undefined;
  const handlers: BusHandlers = {
    admit: (peer) => admissions.admit(peer),
    takenOver: (older, newer) => admissions.takenOver(older, newer),
    receive: async () => undefined,
    connected: (tusn) => void bus?.send(tusn, "directive", payload),
    disconnected: () => undefined,
  };
  const face = await openTerminalServer(
    {
      ...{ ...server, authority: authority.certificate, host: "127.0.0.1", port: 0, log, now },
      ...{ sockets: SOCKETS, socketsPerAddress: SOCKETS, handshakeMs: PATIENCE_MS, keepAliveMs: PATIENCE_MS },
      limits: { terminals: SOCKETS, graceMs: PATIENCE_MS, admitMs: PATIENCE_MS },
    },
    handlers,
  );
  bus = face;
  process.send?.(face.port);
}
