import { describe, expect, it } from "vitest";
import type { Tusn } from "../../../../proto/tusn.ts";
import { createTokens } from "../../../../src/app/enrolment/tokens.ts";
import { Intake } from "../../../../src/app/intake/intake.ts";
import { openChallenges } from "../../../../src/app/proof/challenges.ts";
import { planProof } from "../../../../src/app/proof/plan.ts";
import { showTerminal } from "../../../../src/app/queries/terminals.ts";
import { parseAct } from "../../../../src/app/registry/act.ts";
import { changeLife } from "../../../../src/app/registry/change-life.ts";
import { noteLife } from "../../../../src/app/registry/note-life.ts";
import { replaceTerminal } from "../../../../src/app/registry/replace.ts";
import { putEnrolment } from "../../../../src/store/enrolments.ts";
import { transact } from "../../../../src/store/store.ts";
import { enrolFleet, openTestFleet, readLedgerKinds, release, type TestFleet } from "../../../support/fleet-store.ts";
import { readDeliveries } from "../../../support/queued-deliveries.ts";
import type { TestTerminal } from "../../../support/test-terminal.ts";

const ACT = parseAct("stolen", "li.na");

async function openFleet(count = 1) {
  const fleet = await openTestFleet();
  const terminals = await enrolFleet(fleet, count);
  const [terminal] = terminals as readonly [TestTerminal];
  return { fleet, terminal, terminals, tusn: terminal.tusn };
}

async function toKinds(fleet: TestFleet, tusn: Tusn): Promise<readonly string[]> {
  return (await showTerminal(fleet.store, tusn)).history.map(({ kind }) => kind);
}

const readOutbox = ({ store }: TestFleet) => store.selectFrom("outbox").selectAll().execute();

async function tell(fleet: TestFleet, terminal: TestTerminal, kind: "committed" | "verified"): Promise<void> {
  const intake = new Intake(fleet, {
    proven: () => {},
    trust: () => ({ timestampVersion: 1, rootVersion: 1 }),
    received: () => {},
    greeted: () => {},
  });
  const [delivery = new Uint8Array(0)] = await readDeliveries(fleet);
  await intake.receive({ tusn: terminal.tusn, kind: "report", payload: terminal.report(delivery, kind) });
}

describe("a suspension", () => {
  it("leaves what waits where it is, and ends where the terminal stood before", async () => {
    const { fleet, tusn } = await openFleet();
    await release(fleet);
    const before = (await showTerminal(fleet.store, tusn)).life;
    expect(await changeLife(fleet, tusn, "suspend", ACT)).toMatchObject({ life: "suspended", already: false });
    expect(await readOutbox(fleet)).toHaveLength(1);
    expect((await showTerminal(fleet.store, tusn)).certificates).toMatchObject([{ revokedAt: null }]);
    expect(await changeLife(fleet, tusn, "suspend", ACT)).toMatchObject({ already: true });
    expect(await changeLife(fleet, tusn, "resume", ACT)).toMatchObject({ life: before });
    const { history } = await showTerminal(fleet.store, tusn);
    expect(history.slice(-2)).toMatchObject([
      { kind: "suspended", actor: "li.na", detail: '{"reason":"stolen"}' },
      { kind: "resumed", actor: "li.na" },
    ]);
    expect((await readLedgerKinds(fleet)).slice(-2)).toEqual(["terminal.suspended", "terminal.resumed"]);
  });

  it("cannot end where there is none", async () => {
    const { fleet, tusn } = await openFleet();
    await expect(changeLife(fleet, tusn, "resume", ACT)).rejects.toMatchObject({ code: "STATE_CONFLICT" });
    await expect(changeLife(fleet, "0000290210015708" as Tusn, "suspend", ACT)).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });
});

describe("out of service", () => {
  const NOBODY = { factor: "", factorExpiresAt: null, admittedBy: "", admittedAt: null, token: null, deviceKey: null };

  it.each<["retired" | "replaced", (fleet: TestFleet, tusn: Tusn, other: Tusn) => Promise<unknown>]>([
    ["retired", (fleet, tusn) => changeLife(fleet, tusn, "retire", ACT)],
    ["replaced", (fleet, tusn, other) => replaceTerminal(fleet, tusn, other, ACT)],
  ])("a terminal that is %s keeps no open token, enrolment or proof", async (why, end) => {
    const { fleet, tusn, terminals } = await openFleet(2);
    const options = { validS: 3_600, needsAdmission: true, actor: "li.na" };
    await createTokens(fleet, [tusn], options);
    const { digest: token } = await fleet.store.selectFrom("enrolmentTokens").selectAll().executeTakeFirstOrThrow();
    const asked = { token, deviceKey: token, requestedAt: fleet.at, admittedBy: "wang", admittedAt: fleet.at };
    await transact(fleet.store, async (tx) => {
      await putEnrolment(tx, { tusn, failures: 1, lockedAt: null, factor: "1", factorExpiresAt: fleet.at, ...asked });
      await planProof(tx, tusn, fleet.at, "demand");
    });
    expect(await openChallenges(fleet, [tusn], 1)).toHaveLength(1);
    await end(fleet, tusn, terminals[1]?.tusn as Tusn);
    const { store } = fleet;
    expect(await store.selectFrom("enrolmentTokens").selectAll().execute()).toMatchObject([
      { closedWhy: "withdrawn", closedAt: fleet.at },
    ]);
    expect(await store.selectFrom("enrolments").selectAll().execute()).toMatchObject([{ ...NOBODY, failures: 1 }]);
    expect(await store.selectFrom("proofs").selectAll().execute()).toMatchObject([
      { dueAt: null, challenge: null, factor: "", expiresAt: null },
    ]);
    const { history } = await showTerminal(store, tusn);
    expect(history.at(-1)).toMatchObject({ kind: "token_withdrawn", actor: "li.na", detail: `{"why":"${why}"}` });
  });
});

describe("a retirement", () => {
  it("revokes the certificates and closes what waits, ways back too, for good", async () => {
    const { fleet, tusn } = await openFleet();
    await release(fleet);
    const retired = await changeLife(fleet, tusn, "retire", ACT);
    expect(retired).toMatchObject({ life: "retired", certificates: 1, directives: 1 });
    const details = await showTerminal(fleet.store, tusn);
    expect(details.certificates).toMatchObject([{ revokedAt: fleet.at, revokedWhy: "retired" }]);
    expect(details.deployments).toMatchObject([{ state: "superseded", code: "TERMINAL_RETIRED" }]);
    expect(await readOutbox(fleet)).toEqual([]);
    expect((await toKinds(fleet, tusn)).slice(-2)).toEqual(["retired", "revoked"]);
    expect(await readLedgerKinds(fleet)).toContain("deployment.superseded");
    for (const change of ["suspend", "resume", "retire"] as const) {
      await expect(changeLife(fleet, tusn, change, ACT)).rejects.toMatchObject({ code: "STATE_CONFLICT" });
    }
  });

  it("waits for no outcome: a directive under way is given up", async () => {
    const { fleet, terminal, tusn } = await openFleet();
    await release(fleet);
    await tell(fleet, terminal, "verified");
    await changeLife(fleet, tusn, "retire", ACT);
    expect((await showTerminal(fleet.store, tusn)).deployments).toMatchObject([{ state: "superseded" }]);
    expect(await readLedgerKinds(fleet)).toContain("deployment.lost");
  });
});

describe("a terminal's life", () => {
  it("comes to bound when its settlement is published and to active when it commits, each told once", async () => {
    const { fleet, terminal, tusn } = await openFleet();
    await release(fleet);
    expect((await showTerminal(fleet.store, tusn)).life).toBe("bound");
    await tell(fleet, terminal, "committed");
    expect((await showTerminal(fleet.store, tusn)).life).toBe("active");
    await release(fleet, { patch: { parameters: { attempts: 3 } } });
    const kinds = await toKinds(fleet, tusn);
    expect(kinds.filter((kind) => kind === "bound" || kind === "active")).toEqual(["bound", "active"]);
  });

  it("goes on in the background while it is suspended, and not at all once it is over", async () => {
    const { fleet, terminals } = await openFleet(3);
    const [suspended, retired, other] = terminals.map(({ tusn }) => tusn) as [Tusn, Tusn, Tusn];
    await changeLife(fleet, suspended, "suspend", ACT);
    await changeLife(fleet, retired, "retire", ACT);
    const events = [suspended, retired, other].flatMap((tusn) => [
      { tusn, event: "bound" as const },
      { tusn, event: "committed" as const },
    ]);
    await transact(fleet.store, (tx) => noteLife(tx, fleet.at, events));
    const lives = await fleet.store.selectFrom("terminals").select(["life", "lifeBefore"]).orderBy("tusn").execute();
    expect(lives).toEqual([
      { life: "suspended", lifeBefore: "active" },
      { life: "retired", lifeBefore: "" },
      { life: "active", lifeBefore: "" },
    ]);
    expect(await toKinds(fleet, suspended)).not.toContain("active");
    expect(await toKinds(fleet, retired)).not.toContain("active");
    expect(await toKinds(fleet, other)).toContain("active");
    expect(await changeLife(fleet, suspended, "resume", ACT)).toMatchObject({ life: "active" });
  });
});

describe("who decides and why", () => {
  it("is kept as given, the operator where nobody is named", () => {
    expect(parseAct("broken")).toEqual({ actor: "operator", reason: "broken" });
  });

  it.each([
    ["", undefined, "CONFIG_INVALID"],
    ["x".repeat(201), undefined, "CONFIG_INVALID"],
    ["a\nb", undefined, "CONFIG_INVALID"],
    ["fine", "two words", "CONFIG_INVALID"],
    ["CVV 123", undefined, "SENSITIVE_DATA"],
  ])("is refused as %j by %j", (reason, by, code) => {
    expect(() => parseAct(reason, by)).toThrow(expect.objectContaining({ code }));
  });
});
