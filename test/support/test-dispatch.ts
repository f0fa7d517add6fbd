import type { Tusn } from "../../proto/tusn.ts";
import { Dispatch } from "../../src/app/dispatch/dispatch.ts";
import { Presence } from "../../src/app/presence.ts";
import { loadCertificates } from "./certificates.ts";
import { commitAll } from "./committed.ts";
import { enrolFleet, openTestFleet, release, type TestFleet } from "./fleet-store.ts";
import { readDelivery, TestTerminal } from "./test-terminal.ts";

/** A dispatcher over a release for `count` terminals that are all there. */
export async function openDispatch(count = 1) {
  const fleet = await openTestFleet();
  const terminals = await enrolFleet(fleet, count);
  await release(fleet);
  const sent: { tusn: Tusn; sequence: number; sealed?: Uint8Array }[] = [];
  const deaf = new Set<Tusn>();
  const presence = new Presence();
  const state = { policy: fleet.approvers.policy };
  const dispatch = new Dispatch(fleet, {
    presence,
    policy: () => state.policy,
    send: (tusn, delivery) => {
      if (deaf.has(tusn)) return false;
      const { parsed, sealed } = readDelivery(delivery);
      sent.push({ tusn, sequence: parsed.sequence, ...(sealed.length === 0 ? {} : { sealed }) });
      return true;
    },
  });
  for (const { tusn } of terminals) {
    presence.connected(tusn);
    presence.greeted(tusn, presence.connection(tusn), { lacksTrust: false, rootVersion: 1 });
  }
  const tusns = terminals.map(({ tusn }) => tusn);
  return { fleet, tusns, tusn: tusns[0] as Tusn, dispatch, presence, sent, deaf, state };
}

/** A dispatcher over a terminal that has committed its first profile. */
export async function openHeld() {
  const opened = await openDispatch();
  const { fleet, sent } = opened;
  const terminal = new TestTerminal(opened.tusn, (await loadCertificates()).deviceKey);
  await commitAll(fleet, [terminal]);
  sent.length = 0;
  return { ...opened, terminal };
}

/** The same after a change with a way back that is reserved. */
export async function openReserved() {
  const opened = await openHeld();
  const { fleet, sent, terminal } = opened;
  await release(fleet, { patch: { parameters: { attempts: 3 } }, withRollback: true });
  await commitAll(fleet, [terminal]);
  sent.length = 0;
  return opened;
}

export async function readOutbox(fleet: TestFleet) {
  return fleet.store.selectFrom("outbox").select(["tusn", "dueAt", "sends"]).orderBy("tusn").execute();
}

export async function readStates(fleet: TestFleet): Promise<readonly string[]> {
  const rows = await fleet.store.selectFrom("deployments").select("state").orderBy("tusn").execute();
  return rows.map(({ state }) => state);
}
