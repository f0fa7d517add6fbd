import { describe, expect, it, onTestFinished, vi } from "vitest";
import { readLinkNote } from "../../agent/link-file.ts";
import { openAcquirer } from "../../sim/acquirer/acquirer.ts";
import { toSimulatedTmk } from "../../sim/keys.ts";
import { listDeployments } from "../../src/app/queries/deployments.ts";
import { enrolFleet, MERCHANT, readLedgerKinds, release, type TestFleet, toRequest } from "../support/fleet-store.ts";
import { openTodaysFleet } from "../support/live-service.ts";
import { openPolledService, openRealAgent, type RealAgent } from "../support/polled-service.ts";
import type { TestTerminal } from "../support/test-terminal.ts";

// A real agent against the real service, in one process, over real TLS: the same terminal by the broker and by polling.

const SOON = { timeout: 45_000, interval: 20 };

async function open() {
  const fleet = await openTodaysFleet();
  const [{ tusn }] = (await enrolFleet(fleet)) as [TestTerminal];
  const service = await openPolledService(fleet);
  const terminals = [{ terminalNo: "58D00000", merchantNo: MERCHANT, tmk: toSimulatedTmk(tusn) }];
  const acquirer = await openAcquirer({ host: "127.0.0.1", port: 0, terminals });
  onTestFinished(() => acquirer.close());
  const { defaults } = toRequest();
  if (defaults === undefined) throw new Error("defaults expected");
  const acquiring = { ...defaults.acquiring, host: "127.0.0.1", port: acquirer.port };
  const releaseAnew = async (amountFen: number) => {
    await release(fleet, { defaults: { ...defaults, acquiring }, patch: { parameters: { amountFen } } });
    await service.look();
  };
  return { fleet, tusn, service, releaseAnew };
}

async function committed(fleet: TestFleet, times: number): Promise<void> {
  await vi.waitFor(async () => {
    const states = (await listDeployments(fleet.store, {})).map(({ state }) => state);
    expect(states).toEqual(Array(times).fill("committed"));
  }, SOON);
}

const serves = ({ files }: RealAgent, way: string) =>
  vi.waitFor(() => expect(readLinkNote(files)?.way).toBe(way), SOON);

describe("a terminal that cannot reach the broker", () => {
  it("takes a profile by polling alone, proves it and tells so", async () => {
    const { fleet, tusn, service, releaseAnew } = await open();
    service.line.cut();
    const agent = await openRealAgent(fleet, tusn, service, { isPollOnly: true });
    await releaseAnew(1);
    await committed(fleet, 1);
    expect(readLinkNote(agent.files)?.way).toBe("poll");
    const kinds = await readLedgerKinds(fleet);
    expect(kinds.filter((kind) => kind.startsWith("report."))).toEqual([
      "report.verified",
      "report.applied",
      "report.committed",
    ]);
    expect(kinds.filter((kind) => kind.startsWith("alarm."))).toEqual([]);
  });

  it("falls back to polling when it loses the broker, comes back when it can, and is no clone for it", async () => {
    const { fleet, tusn, service, releaseAnew } = await open();
    const agent = await openRealAgent(fleet, tusn, service);
    await releaseAnew(1);
    await committed(fleet, 1);
    expect(readLinkNote(agent.files)?.way).toBe("mqtt");

    service.line.cut();
    await serves(agent, "poll");
    await releaseAnew(2);
    await committed(fleet, 2);

    service.line.mend();
    await serves(agent, "mqtt");
    await releaseAnew(3);
    await committed(fleet, 3);

    service.line.cut();
    await serves(agent, "poll");
    service.line.mend();
    await serves(agent, "mqtt");
    expect(await fleet.store.selectFrom("quarantines").selectAll().execute()).toEqual([]);
    expect((await readLedgerKinds(fleet)).filter((kind) => kind.startsWith("alarm."))).toEqual([]);
  });
});
