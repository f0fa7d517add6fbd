import { randomBytes } from "node:crypto";
import { argv, kill, pid, stdout } from "node:process";
import type { Bus } from "../../broker/bus.ts";
import { openEmbeddedBus } from "../../broker/embedded.ts";
import type { DownKind } from "../../proto/topics.ts";
import { openFleetService } from "../../src/app/fleet-service.ts";
import { openTrust } from "../../src/app/trust-files.ts";
import { DEFAULT_IDENTITY_POLICY } from "../../src/domain/verdict.ts";
import { openLog } from "../../src/log.ts";
import { openStore } from "../../src/store/store.ts";

// The fleet service as a process of its own, made of its real parts, that kills itself where a test wants it to.

/** Before or after the nth message of a kind is handed to the bus. */
export interface KillPoint {
  readonly when: "before" | "after";
  readonly kind: DownKind;
  readonly nth: number;
}

export interface ServiceConfig {
  readonly database: string;
  readonly trust: string;
  /** PEM. */
  readonly key: string;
  readonly certificate: string;
  readonly authority: string;
  readonly authorityKey: string;
  readonly killAt?: KillPoint;
}

await run(JSON.parse(argv[2] ?? "{}") as ServiceConfig);

async function run(config: ServiceConfig): Promise<void> {
  const { key, certificate, authority, killAt } = config;
  const log = openLog("debug", { write: (line) => process.stderr.write(line) });
  let port = 0;
  await openFleetService({
    store: await openStore(config.database),
    trust: await openTrust(config.trust),
    authority: { key: config.authorityKey, certificate: authority },
    verifiers: [],
    now: () => Math.floor(Date.now() / 1_000),
    randomBytes,
    identity: DEFAULT_IDENTITY_POLICY,
    log,
    openBus: async (handlers) => {
      const address = { host: "127.0.0.1", port: 0, key, certificate, authority };
      const bus = await openEmbeddedBus({ ...address, log: (event, fields) => log.debug(fields, event) }, handlers);
      port = bus.port;
      return killAt === undefined ? bus : withKillPoint(bus, killAt);
    },
  });
  stdout.write(`${port}\n`);
}

function withKillPoint(bus: Bus, { when, kind, nth }: KillPoint): Bus {
  let count = 0;
  const die = () => kill(pid, "SIGKILL");
  return {
    send: (tusn, sentKind, payload) => {
      count += sentKind === kind ? 1 : 0;
      const isHere = sentKind === kind && count === nth;
      if (isHere && when === "before") die();
      const isSent = bus.send(tusn, sentKind, payload);
      if (isHere) die();
      return isSent;
    },
    connected: () => bus.connected(),
    disconnect: (tusn) => bus.disconnect(tusn),
    refuse: (revoked) => bus.refuse(revoked),
    close: () => bus.close(),
  };
}
