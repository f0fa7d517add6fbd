import type { ReportKind } from "../../proto/terminal-messages.ts";
import { Intake } from "../../src/app/intake/intake.ts";
import type { TestFleet } from "./fleet-store.ts";
import { readDeliveries } from "./queued-deliveries.ts";
import { readDelivery, type TestTerminal } from "./test-terminal.ts";

/** Lets each of the terminals take the directive that waits for it, and tell the service how it ended. */
export async function commitAll(
  fleet: TestFleet,
  terminals: readonly TestTerminal[],
  outcome: ReportKind = "committed",
): Promise<void> {
  const trust = () => ({ timestampVersion: 1, rootVersion: 1 });
  const intake = new Intake(fleet, { trust, received: () => {}, proven: () => {}, greeted: () => {} });
  for (const delivery of await readDeliveries(fleet)) {
    const terminal = terminals.find(({ tusn }) => tusn === readDelivery(delivery).parsed.tusn);
    if (terminal === undefined) continue;
    await intake.receive({ tusn: terminal.tusn, kind: "report", payload: terminal.report(delivery, outcome) });
  }
  await intake.close();
}
