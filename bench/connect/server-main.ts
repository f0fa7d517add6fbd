import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { BusHandlers } from "../../broker/bus.ts";
import { EMBEDDED_LIMITS } from "../../broker/embedded/limits.ts";
import { openEmbeddedBus } from "../../broker/embedded.ts";
import type { KeyAndCertificate } from "../../certs/x509/authority.ts";
import { Admissions } from "../../src/app/admission/admissions.ts";
import { DEFAULT_IDENTITY_POLICY } from "../../src/domain/verdict.ts";
import { openLog } from "../../src/log.ts";
import { openStore } from "../../src/store/store.ts";

/** What the parent sends first. */
export interface ServerSettings {
  readonly server: KeyAndCertificate;
  readonly authority: KeyAndCertificate;
  /** Registry of terminals that are looked up when they connect; everybody is admitted where absent. */
  readonly database?: string;
}

const POLL_MS = 500;
/** All of them come from one machine here, and the largest round has all of them at once. */
const SOCKETS = 20_000;
/** Nobody is to be cut off here because a shared machine was busy with something else. */
const PATIENCE_MS = 120_000;

const [settings] = (await once(process, "message")) as [ServerSettings];
process.once("disconnect", () => process.exit(0));
await run(settings);

async function run({ server, authority, database }: ServerSettings): Promise<void> {
  const admissions = database === undefined ? undefined : await openAdmissions(database, authority);
  const handlers: BusHandlers = {
    admit: async (peer) => (admissions === undefined ? "full" : admissions.admit(peer)),
    takenOver: (older, newer) => admissions?.takenOver(older, newer),
    receive: async () => undefined,
    connected: () => undefined,
    disconnected: () => undefined,
  };
  const bus = await openEmbeddedBus(
    {
      ...{ host: "127.0.0.1", port: 0, ...server, authority: authority.certificate, log: () => undefined },
      limits: {
        ...{ ...EMBEDDED_LIMITS, connections: SOCKETS, arrivalsPerAddress: SOCKETS },
        ...{ handshakeMs: PATIENCE_MS, admitMs: PATIENCE_MS },
        guard: { ...EMBEDDED_LIMITS.guard, connectMs: PATIENCE_MS },
      },
    },
    handlers,
  );
  if (admissions !== undefined) {
    // As the service does, whoever connects or not.
    setInterval(() => admissions.poll(bus).catch(() => undefined), POLL_MS);
  }
  process.send?.(bus.port);
}

async function openAdmissions(database: string, authority: KeyAndCertificate): Promise<Admissions> {
  const store = await openStore(database);
  const now = () => Math.floor(Date.now() / 1_000);
  const log = openLog("error", { write: (line) => process.stderr.write(line) });
  return new Admissions({ store, now, randomBytes, identity: DEFAULT_IDENTITY_POLICY, log }, { authority });
}
