import type { DifferenceClass } from "../../../proto/difference.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import { findHold, type Hold } from "../../domain/binding-gate.ts";
import { setProgress } from "../../store/deployments.ts";
import { findTerminals } from "../../store/fleet.ts";
import { type DueRow, findDue, markSent } from "../../store/outbox.ts";
import { findProofs } from "../../store/proofs.ts";
import { findQuarantined } from "../../store/quarantines.ts";
import { findUnsettled } from "../../store/restores.ts";
import { type Tx, transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { planProofs } from "../proof/plan.ts";

/** A directive that waits because of its terminal's identity is looked at again after this. A proof or hello brings it on at once. */
export const HELD_S = 30;

/** A due directive that has to wait. */
export interface HeldRow {
  readonly row: DueRow;
  readonly hold: Hold;
}

/** Looks at many terminals at once; gives why a directive of a release with this purpose has to wait, where it has to. */
export async function readHolds(
  { store, identity, now }: Context,
  rows: readonly DueRow[],
): Promise<(row: DueRow, purpose: DifferenceClass) => Hold | undefined> {
  const tusns = rows.map(({ tusn }) => tusn);
  const quarantined = new Set(await findQuarantined(store, tusns));
  const unsettled = new Set(await findUnsettled(store, tusns));
  const terminals = new Map((await findTerminals(store, tusns)).map((terminal) => [terminal.tusn, terminal]));
  return ({ tusn }, purpose) => {
    const terminal = terminals.get(tusn);
    const standing = { quarantined: quarantined.has(tusn), unsettled: unsettled.has(tusn) };
    const facts = terminal === undefined ? undefined : { ...terminal, ...standing };
    return findHold(facts, purpose === "binding", identity, now());
  };
}

/**
 * Notes in the deployments why they wait, and has the terminals prove their TUSN where that is what they wait for.
 * Nothing leaves the queue. Gives the terminals of which that is news.
 */
export function holdBack({ store, now }: Context, held: readonly HeldRow[]): Promise<readonly Tusn[]> {
  const at = now();
  return transact(store, async (tx) => {
    const still = await toStillDue(tx, held, at);
    await markSent(
      tx,
      still.map(({ row: { tusn, sequence, sends } }) => ({ tusn, sequence, sends, dueAt: at + HELD_S })),
    );
    const unproven = still.filter(({ hold }) => hold.code === "TUSN_UNPROVEN").map(({ row }) => row.tusn);
    const known = (await findTerminals(tx, unproven)).map(({ tusn }) => tusn);
    await planProofs(tx, known, at, "binding");
    const asked = new Map((await findProofs(tx, known)).map(({ tusn, code }) => [tusn, code]));
    const news = still.flatMap(({ row, hold }) => {
      const told = asked.get(row.tusn) ?? "";
      const detail = told === "" ? hold.detail : `${hold.detail}; asked last: ${told}`;
      const isNews = row.code !== hold.code || row.detail !== detail;
      return isNews ? [{ ...row, code: hold.code, detail, updatedAt: at }] : [];
    });
    await setProgress(tx, news);
    return news.map(({ tusn }) => tusn);
  });
}

/** Read again: another release has perhaps taken the place of what was held. */
async function toStillDue(tx: Tx, held: readonly HeldRow[], now: number): Promise<readonly HeldRow[]> {
  const tusns = held.map(({ row }) => row.tusn);
  const due = new Map((await findDue(tx, tusns, now, tusns.length)).map((row) => [row.tusn, row]));
  return held.flatMap(({ row, hold }) => {
    const still = due.get(row.tusn);
    return still?.sequence === row.sequence ? [{ row: still, hold }] : [];
  });
}
