import { describe, expect, it } from "vitest";
import { toHex } from "../../../../proto/bytes.ts";
import { parseTusn } from "../../../../proto/tusn.ts";
import { Intake } from "../../../../src/app/intake/intake.ts";
import { listDeployments } from "../../../../src/app/queries/deployments.ts";
import { listLedger, tailLedger } from "../../../../src/app/queries/ledger.ts";
import { showMerchant } from "../../../../src/app/queries/merchants.ts";
import { showRelease } from "../../../../src/app/queries/releases.ts";
import { listTerminals, showTerminal } from "../../../../src/app/queries/terminals.ts";
import { enrolFleet, MERCHANT, openTestFleet, release, START } from "../../../support/fleet-store.ts";
import { readDeliveries } from "../../../support/queued-deliveries.ts";
import type { TestTerminal } from "../../../support/test-terminal.ts";

/** Two terminals: the first has committed its profile, the second has heard nothing. */
async function openStory() {
  const fleet = await openTestFleet();
  const [first, second] = (await enrolFleet(fleet, 2)) as [TestTerminal, TestTerminal];
  const { releaseId } = await release(fleet);
  const [delivery = new Uint8Array(0)] = await readDeliveries(fleet);
  const intake = new Intake(fleet, {
    proven: () => {},
    trust: () => ({ timestampVersion: 1, rootVersion: 1 }),
    received: () => {},
    greeted: () => {},
  });
  await intake.receive({ tusn: first.tusn, kind: "hello", payload: first.hello() });
  await intake.receive({ tusn: first.tusn, kind: "report", payload: first.report(delivery, "committed") });
  return { fleet, store: fleet.store, first, second, releaseId };
}

const NOT_FOUND = expect.objectContaining({ code: "NOT_FOUND" });

describe("queries", () => {
  it("list terminals with what they hold, said and wait for", async () => {
    const { store, first, second } = await openStory();
    const views = await listTerminals(store);
    expect(views.map(({ tusn }) => tusn)).toEqual([first.tusn, second.tusn]);
    expect(views[0]).toMatchObject({
      verdict: "verified-manual",
      deviceType: "smart POS",
      merchantNumber: MERCHANT,
      enrolled: true,
      issuedSequence: 1,
      reported: { phase: "idle", stale: false, sequence: 1, lastSeen: START, currentDigest: first.current },
      profile: { number: 1, merchant: { number: MERCHANT } },
      deployment: { sequence: 1, state: "committed" },
    });
    expect(views[1]).toMatchObject({ deployment: { state: "pending" } });
    expect(views[1]).not.toHaveProperty("reported");
    expect(await listTerminals(store, { merchant: MERCHANT })).toHaveLength(2);
    expect(await listTerminals(store, { merchant: "822290058120009" })).toEqual([]);
  });

  it("show one terminal with all its deployments", async () => {
    const { fleet, store, first } = await openStory();
    await release(fleet, { tusns: [first.tusn], patch: { parameters: { attempts: 3 } } });
    const details = await showTerminal(store, first.tusn);
    expect(details.deployments.map(({ sequence }) => sequence)).toEqual([2, 1]);
    expect(details.deployment).toMatchObject({ sequence: 2, state: "pending" });
    expect(details.certificateFingerprint).toHaveLength(32);
    await expect(showTerminal(store, parseTusn("0000290210015708"))).rejects.toThrow(NOT_FOUND);
  });

  it("show a merchant with its settlement number masked, its commitment not at all", async () => {
    const { store, first, second } = await openStory();
    const view = await showMerchant(store, MERCHANT);
    expect(view).toMatchObject({
      number: MERCHANT,
      settlement: { kind: "card", number: "622848******0018" },
      terminals: [first.tusn, second.tusn],
    });
    expect(view).not.toHaveProperty("commitment");
    expect(view.settlement).not.toHaveProperty("commitment");
    await expect(showMerchant(store, "822290058120009")).rejects.toThrow(NOT_FOUND);
  });

  it("list deployments by state, release and terminal", async () => {
    const { store, first, second, releaseId } = await openStory();
    const tusns = async (query: Parameters<typeof listDeployments>[1]) =>
      (await listDeployments(store, query)).map(({ tusn }) => tusn);
    expect(await tusns({ state: "committed" })).toEqual([first.tusn]);
    expect(await tusns({ release: toHex(releaseId) })).toEqual([first.tusn, second.tusn]);
    expect(await tusns({ tusn: second.tusn, state: "pending" })).toEqual([second.tusn]);
    expect(await tusns({ release: "00".repeat(16) })).toEqual([]);
    await expect(listDeployments(store, { release: "no id" })).rejects.toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID" }),
    );
  });

  it("show a release with who signed it and where its deployments are", async () => {
    const { store, releaseId } = await openStory();
    const view = await showRelease(store, toHex(releaseId));
    expect(view).toMatchObject({ purpose: "binding", merchant: MERCHANT, size: 2, reason: "test" });
    expect(view.keyIds).toHaveLength(2);
    expect(view.states).toEqual({ committed: 1, pending: 1 });
    await expect(showRelease(store, "00".repeat(16))).rejects.toThrow(NOT_FOUND);
  });

  it("list the ledger in pages and from its end", async () => {
    const { store } = await openStory();
    const all = await listLedger(store, 0, 100);
    expect(all.entries.map(({ kind }) => kind)).toEqual([
      "fleet.imported",
      "terminal.enrolled",
      "terminal.verdict",
      "terminal.enrolled",
      "terminal.verdict",
      "release.published",
      "terminal.bound",
      "terminal.bound",
      "report.committed",
      "terminal.active",
    ]);
    expect(all.size).toBe(10);
    const page = await listLedger(store, 1, 2);
    expect(page.entries.map(({ index }) => index)).toEqual([1, 2]);
    expect(page.root).toEqual(all.root);
    expect((await tailLedger(store, 2)).entries.map(({ index }) => index)).toEqual([8, 9]);
    expect((await tailLedger(store, 50)).entries).toHaveLength(10);
  });
});
