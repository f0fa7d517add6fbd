import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { toFrontierRoot } from "../../proto/tree.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { markRestored, type RestoreCounts } from "../../src/app/backup/mark-restored.ts";
import { Dispatch } from "../../src/app/dispatch/dispatch.ts";
import { Intake } from "../../src/app/intake/intake.ts";
import { Presence } from "../../src/app/presence.ts";
import type { HeldTrust } from "../../src/domain/reconcile.ts";
import { writeSnapshot } from "../../src/store/backup.ts";
import { findFrontier } from "../../src/store/ledger.ts";
import { openStore } from "../../src/store/store.ts";
import { forgoSync, makeFolder, type TestFleet } from "./fleet-store.ts";
import type { TestTerminal } from "./test-terminal.ts";

/** A snapshot of a fleet's database, as a backup holds it. */
export async function takeSnapshot(fleet: TestFleet): Promise<string> {
  const file = join(makeFolder(), "snapshot.sqlite");
  closeSync(openSync(file, "wx"));
  await writeSnapshot(fleet.file, file);
  return file;
}

/** The service over the snapshot, told that it was restored. The former one is lost. */
export async function restoreSnapshot(
  fleet: TestFleet,
  file: string,
  change: { readonly closeWaiting?: boolean; readonly accountKeyFile?: string } = {},
): Promise<{ readonly restored: TestFleet; readonly counts: RestoreCounts }> {
  const store = await openStore(file);
  onTestFinished(() => store.destroy());
  await forgoSync(store);
  const restored: TestFleet = { ...fleet, store, file, now: () => fleet.at };
  const frontier = await findFrontier(store);
  const counts = await markRestored(restored, {
    ...{ backupAt: fleet.at - 60, digest: new Uint8Array(32), closeWaiting: false, accountKeyFile: "/nowhere" },
    ...{ ledger: { size: frontier.size, root: toFrontierRoot(frontier) }, act: { actor: "wang", reason: "disk lost" } },
    ...change,
  });
  return { restored, counts };
}

export const TRUST: HeldTrust = { timestampVersion: 1, rootVersion: 1 };

/** Lets terminals say hello to a service. */
export async function greet(
  fleet: TestFleet,
  terminals: readonly TestTerminal[],
  change: Parameters<TestTerminal["hello"]>[0] = {},
  trust: HeldTrust = TRUST,
): Promise<void> {
  const intake = new Intake(fleet, { trust: () => trust, received: () => {}, proven: () => {}, greeted: () => {} });
  const sent = terminals.map((terminal) =>
    intake.receive({ tusn: terminal.tusn, kind: "hello", payload: terminal.hello(change) }),
  );
  await Promise.all(sent);
  await intake.close();
}

/** What the service sends to these terminals when all of them are there. */
export async function dispatchTo(
  fleet: TestFleet,
  terminals: readonly TestTerminal[],
): Promise<readonly { readonly tusn: Tusn; readonly delivery: Uint8Array }[]> {
  const sent: { tusn: Tusn; delivery: Uint8Array }[] = [];
  const presence = new Presence();
  const dispatch = new Dispatch(fleet, {
    presence,
    policy: () => fleet.approvers.policy,
    send: (tusn, delivery) => sent.push({ tusn, delivery }) > 0,
  });
  for (const { tusn } of terminals) {
    presence.connected(tusn);
    presence.greeted(tusn, presence.connection(tusn), { lacksTrust: false, rootVersion: 1 });
  }
  await dispatch.poll();
  await dispatch.close();
  return sent;
}
