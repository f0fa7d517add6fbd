import { randomBytes } from "node:crypto";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { type Agent, openAgent } from "../../agent/agent.ts";
import { loadConfig } from "../../agent/config.ts";
import { FRESHNESS_CHECK_MS, watchFreshness } from "../../agent/freshness.ts";
import { loadIdentity } from "../../agent/identity.ts";
import { ANNOUNCE_MS } from "../../agent/link/link.ts";
import { makeFolders, openFileSystem } from "../../agent/slots/file-system.ts";
import { OBJECTS_FOLDER } from "../../agent/slots/objects.ts";
import { readStatus } from "../../agent/status.ts";
import { TIMESTAMP_VALIDITY_S } from "../../certs/trust/verify.ts";
import { toTrustBundleBytes } from "../../proto/trust-bundle.ts";
import { createTerminal } from "../support/acquirer.ts";
import { install, makeFolder } from "../support/agent-process.ts";
import { TUSN_A } from "../support/certificates.ts";
import { ManualTimers } from "../support/manual-timers.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

const WAIT = { timeout: 20_000, interval: 10 };
/** Within which a terminal must tell that it has grown stale. */
const TOLD_WITHIN_MS = 60_000;

const { folder, remove } = makeFolder();
let service: TestService | undefined;
let agent: Agent | undefined;

afterEach(async () => {
  await agent?.close();
  await service?.close();
});

afterAll(remove);

/** Lets the watch look, and the hello that follows be said. */
function look(timers: ManualTimers): void {
  timers.elapse(FRESHNESS_CHECK_MS);
  timers.elapse(ANNOUNCE_MS);
}

describe("a watch over freshness", () => {
  it("tells each change once, within its bound, until it is ended", () => {
    const timers = new ManualTimers();
    const told: boolean[] = [];
    const events: string[] = [];
    let stale = true;
    const end = watchFreshness({
      isStale: () => stale,
      announce: () => told.push(stale),
      startTimer: timers.startTimer,
      log: (_level, event) => events.push(event),
    });
    timers.elapse(TOLD_WITHIN_MS);
    expect(told).toEqual([]);
    stale = false;
    timers.elapse(FRESHNESS_CHECK_MS);
    timers.elapse(FRESHNESS_CHECK_MS);
    stale = true;
    timers.elapse(FRESHNESS_CHECK_MS);
    expect(told).toEqual([false, true]);
    expect(events).toEqual(["trust fresh", "trust stale"]);
    expect(FRESHNESS_CHECK_MS + ANNOUNCE_MS).toBeLessThanOrEqual(TOLD_WITHIN_MS);
    end();
    expect(timers.running()).toEqual([]);
  });
});

describe("an agent whose trust metadata expires while it runs", () => {
  it("says hello as stale within a minute, accepts nothing, and says so again when it is fresh", async () => {
    const opened = await openTestService();
    service = opened;
    const { approvers, hellos } = opened;
    const installation = await install({ folder, tusn: TUSN_A, port: opened.port, root: approvers.trust.root });
    const config = loadConfig(installation.configFile);
    makeFolders(config.stateDir, [OBJECTS_FOLDER]);
    const files = openFileSystem(config.stateDir);
    const timers = new ManualTimers();
    let now = Math.floor(Date.now() / 1_000);
    agent = await openAgent({
      run: randomBytes(8),
      ...config,
      ...loadIdentity(config),
      files,
      terminal: createTerminal(),
      clock: () => now,
      uptime: () => 0,
      random: () => 0.5,
      startTimer: timers.startTimer,
      log: () => undefined,
    });
    const trusted = () => readStatus(files, config, approvers.trust.root, now);
    await vi.waitFor(() => expect(trusted()).toMatchObject({ stale: false, rootVersion: 1 }), WAIT);
    look(timers);
    await vi.waitFor(() => expect(hellos.at(-1)).toMatchObject({ stale: false, timestampVersion: 1 }), WAIT);
    const before = hellos.length;

    now += TIMESTAMP_VALIDITY_S;
    look(timers);
    await vi.waitFor(() => expect(hellos).toHaveLength(before + 1), WAIT);
    expect(hellos.at(-1)).toMatchObject({ stale: true, timestampVersion: 1, phase: "idle" });
    expect(trusted()).toMatchObject({ stale: true, trust: { stale: true } });

    opened.send(TUSN_A, "trust", toTrustBundleBytes(approvers.renew(2, now)));
    await vi.waitFor(() => expect(trusted()).toMatchObject({ stale: false, trust: { timestamp: 2 } }), WAIT);
    look(timers);
    await vi.waitFor(() => expect(hellos).toHaveLength(before + 2), WAIT);
    expect(hellos.at(-1)).toMatchObject({ stale: false, timestampVersion: 2 });
  });
});
