import type { UpKind } from "../../proto/topics.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { Intake } from "../../src/app/intake/intake.ts";
import type { Reconciliation } from "../../src/domain/reconcile.ts";
import { enrolFleet, openTestFleet, release, type TestFleet } from "./fleet-store.ts";
import { readDeliveries } from "./queued-deliveries.ts";
import type { TestTerminal } from "./test-terminal.ts";

/** An intake with what it told the rest of the service. */
export async function openIntake(count = 1) {
  const fleet = await openTestFleet();
  const terminals = await enrolFleet(fleet, count);
  const receipts: { tusn: Tusn; counter: number }[] = [];
  const hellos: Reconciliation[] = [];
  const intake = new Intake(fleet, {
    proven: () => {},
    trust: () => ({ timestampVersion: 2, rootVersion: 1 }),
    received: ({ report }) => receipts.push({ tusn: report.tusn, counter: report.counter }),
    greeted: (_, reconciliation) => hellos.push(reconciliation),
  });
  const receive = (terminal: TestTerminal, kind: UpKind, payload: Uint8Array) =>
    intake.receive({ tusn: terminal.tusn, kind, payload });
  return { fleet, terminals, terminal: terminals[0] as TestTerminal, intake, receive, receipts, hellos };
}

export async function openReleased(count = 1) {
  const opened = await openIntake(count);
  await release(opened.fleet);
  const deliveries = await readDeliveries(opened.fleet);
  return { ...opened, deliveries, delivery: deliveries[0] as Uint8Array };
}

export async function readDeployment(fleet: TestFleet) {
  const row = await fleet.store.selectFrom("deployments").selectAll().orderBy("tusn").executeTakeFirstOrThrow();
  return { state: row.state, code: row.code, detail: row.detail };
}

export function readCodes(fleet: TestFleet): readonly unknown[] {
  return fleet.lines.filter(({ msg }) => msg === "message dropped").map(({ code }) => code);
}

export async function count(fleet: TestFleet, table: "reports" | "outbox"): Promise<number> {
  return (await fleet.store.selectFrom(table).selectAll().execute()).length;
}
