import { describe, expect, it } from "vitest";
import type { Tusn } from "../../../../proto/tusn.ts";
import { buildRelease, type ReleaseRequest } from "../../../../src/app/release/build.ts";
import { orderRollback } from "../../../../src/app/release/order-rollback.ts";
import { publishRelease } from "../../../../src/app/release/publish.ts";
import type { TerminalRow } from "../../../../src/store/schema.ts";
import { commitAll } from "../../../support/committed.ts";
import {
  enrolFleet,
  openTestFleet,
  release,
  signFile,
  type TestFleet,
  toRequest,
} from "../../../support/fleet-store.ts";
import { readOutbox } from "../../../support/test-dispatch.ts";

const code = (name: string) => expect.objectContaining({ code: name });
const PARAMETERS = { patch: { parameters: { attempts: 3 } } };

async function open(count: number) {
  const fleet = await openTestFleet();
  const terminals = await enrolFleet(fleet, count);
  return { fleet, terminals, tusns: terminals.map(({ tusn }) => tusn) };
}

type Change = Partial<Pick<TerminalRow, "verdict" | "life" | "provenAt">>;

function change({ store }: TestFleet, tusn: Tusn | undefined, values: Change) {
  return store
    .updateTable("terminals")
    .set(values)
    .where("tusn", "=", tusn as Tusn)
    .execute();
}

function quarantine({ store }: TestFleet, tusn: Tusn | undefined) {
  const row = { at: 1, why: "counter_fork", sides: "{}", releasedAt: null, releasedBy: "", reason: "" } as const;
  return store
    .insertInto("quarantines")
    .values({ tusn: tusn as Tusn, ...row })
    .execute();
}

const build = (fleet: TestFleet, request: Partial<ReleaseRequest> = {}) => buildRelease(fleet, toRequest(request));

describe("building a release", () => {
  it("of settlements leaves unproven terminals out, and tells how sure we are of each", async () => {
    const { fleet, tusns } = await open(3);
    await change(fleet, tusns[0], { verdict: "format-only" });
    await change(fleet, tusns[2], { verdict: "mismatch" });
    const { file, skipped } = await build(fleet);
    expect(file.directives).toHaveLength(1);
    expect(skipped).toEqual([
      { tusn: tusns[0], reason: "tusn_unproven", verdict: "format-only" },
      { tusn: tusns[2], reason: "tusn_unproven", verdict: "mismatch" },
    ]);
  });

  it("of settlements is refused where no terminal is proven", async () => {
    const { fleet, tusns } = await open(1);
    await change(fleet, tusns[0], { verdict: "unknown" });
    const fields = { skipped: 1, terminal: tusns[0], verdict: "unknown" };
    await expect(build(fleet)).rejects.toThrow(expect.objectContaining({ code: "TUSN_UNPROVEN", fields }));
  });

  it("takes a terminal that was proven long ago: it is asked again before anything is sent", async () => {
    const { fleet, tusns } = await open(1);
    await change(fleet, tusns[0], { provenAt: 1 });
    expect((await build(fleet)).file.directives).toHaveLength(1);
  });

  it("of anything else takes unproven terminals, unless it is one of settlements for others", async () => {
    const { fleet, terminals, tusns } = await open(2);
    await release(fleet, { tusns: [tusns[0] as Tusn] });
    await commitAll(fleet, terminals);
    await change(fleet, tusns[0], { verdict: "unknown" });
    expect((await build(fleet, { ...PARAMETERS, tusns: [tusns[0] as Tusn] })).file.directives).toHaveLength(1);
    // The second terminal gets its first profile, settlement and all, by the same release.
    const { file, skipped } = await build(fleet, PARAMETERS);
    expect(file.directives).toHaveLength(1);
    expect(skipped).toEqual([{ tusn: tusns[0], reason: "tusn_unproven", verdict: "unknown" }]);
    // Neither of them may have a settlement: what else there is goes to the one that holds a profile.
    await change(fleet, tusns[1], { verdict: "unknown" });
    const both = await build(fleet, PARAMETERS);
    expect(both.skipped).toEqual([{ tusn: tusns[1], reason: "tusn_unproven", verdict: "unknown" }]);
  });

  it("builds nothing for terminals that are suspended, out of service or quarantined", async () => {
    const { fleet, tusns } = await open(5);
    await change(fleet, tusns[0], { life: "suspended" });
    await change(fleet, tusns[1], { life: "retired" });
    await change(fleet, tusns[2], { life: "replaced" });
    await quarantine(fleet, tusns[3]);
    const { skipped } = await build(fleet);
    expect(skipped.map(({ reason }) => reason)).toEqual(["suspended", "retired", "retired", "quarantined"]);
  });
});

describe("publishing a release", () => {
  it("leaves out what became unproven, suspended, retired or quarantined since it was built", async () => {
    const { fleet, tusns } = await open(5);
    const { file } = await build(fleet);
    await change(fleet, tusns[0], { verdict: "mismatch" });
    await change(fleet, tusns[1], { life: "suspended" });
    await change(fleet, tusns[2], { life: "retired" });
    await quarantine(fleet, tusns[3]);
    const published = await publishRelease(fleet, signFile(fleet, file), fleet.approvers.policy);
    expect(published).toMatchObject({ deployments: 1 });
    expect(published.skipped).toEqual([
      { tusn: tusns[0], code: "TUSN_UNPROVEN", verdict: "mismatch" },
      { tusn: tusns[1], code: "TERMINAL_SUSPENDED" },
      { tusn: tusns[2], code: "TERMINAL_RETIRED" },
      { tusn: tusns[3], code: "TERMINAL_QUARANTINED" },
    ]);
    expect((await readOutbox(fleet)).map(({ tusn }) => tusn)).toEqual([tusns[4]]);
  });

  it("refuses it as a whole where no terminal is left, and keeps nothing of it", async () => {
    const { fleet, tusns } = await open(1);
    const { file } = await build(fleet);
    await change(fleet, tusns[0], { verdict: "mismatch" });
    const publishing = publishRelease(fleet, signFile(fleet, file), fleet.approvers.policy);
    const fields = { terminal: tusns[0], verdict: "mismatch" };
    await expect(publishing).rejects.toThrow(expect.objectContaining({ code: "TUSN_UNPROVEN", fields }));
    expect(await fleet.store.selectFrom("releases").selectAll().execute()).toEqual([]);
    expect(await readOutbox(fleet)).toEqual([]);
  });
});

describe("ordering ways back", () => {
  it("leaves terminals as they are that may be sent nothing, or no settlement", async () => {
    const { fleet, terminals, tusns } = await open(3);
    await release(fleet);
    await commitAll(fleet, terminals);
    const binding = {
      kind: "card",
      bank: "中国农业银行",
      cnaps: "103100000026",
      holder: "张伟",
      bin: "622848",
      last4: "4321",
    };
    const patch = { binding: { ...binding, commitment: Buffer.alloc(32, 7) } } as ReleaseRequest["patch"];
    const { releaseId } = await release(fleet, { patch, withRollback: true });
    await commitAll(fleet, terminals);
    await change(fleet, tusns[0], { verdict: "mismatch" });
    await quarantine(fleet, tusns[1]);
    const order = { releaseId, reason: "misprinted" };
    expect(await orderRollback(fleet, order, fleet.approvers.policy)).toEqual({
      ordered: 1,
      left: [
        { tusn: tusns[0], reason: "tusn_unproven" },
        { tusn: tusns[1], reason: "quarantined" },
      ],
    });
    await change(fleet, tusns[0], { life: "suspended" });
    await expect(orderRollback(fleet, order, fleet.approvers.policy)).rejects.toThrow(code("NOTHING_TO_RELEASE"));
  });

  it("goes on for unproven terminals where no settlement changes", async () => {
    const { fleet, terminals, tusns } = await open(1);
    await release(fleet);
    await commitAll(fleet, terminals);
    const { releaseId } = await release(fleet, { ...PARAMETERS, withRollback: true });
    await commitAll(fleet, terminals);
    await change(fleet, tusns[0], { verdict: "mismatch" });
    const order = { releaseId, reason: "misprinted" };
    expect(await orderRollback(fleet, order, fleet.approvers.policy)).toMatchObject({ ordered: 1 });
  });
});
