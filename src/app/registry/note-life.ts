import type { Tusn } from "../../../proto/tusn.ts";
import { type HistoryKind, isInService, type LifeEvent, stepLife } from "../../domain/life.ts";
import { findTerminals, setLives } from "../../store/fleet.ts";
import type { TerminalRow } from "../../store/schema.ts";
import type { Tx } from "../../store/store.ts";
import { noteHappenings } from "../identity/history.ts";

/** A terminal's way through life as releases and reports move it on. */
export interface LifeProgress {
  readonly tusn: Tusn;
  /** A settlement was published for it; it has committed a profile. */
  readonly event: Extract<LifeEvent, "bound" | "committed">;
}

const KINDS: Readonly<Partial<Record<TerminalRow["life"], HistoryKind>>> = { bound: "bound", active: "active" };
const SERVICE = "service";

/**
 * Notes how far terminals have come, many at once, with history where their life changes. A suspended terminal's progress
 * counts when it is resumed; news of a terminal that is out of service comes too late and changes nothing. `now` in
 * seconds.
 */
export async function noteLife(tx: Tx, now: number, events: readonly LifeProgress[]): Promise<void> {
  if (events.length === 0) return;
  const tusns = [...new Set(events.map(({ tusn }) => tusn))];
  const before = new Map((await findTerminals(tx, tusns)).map((row) => [row.tusn, row]));
  const after = new Map(before);
  for (const { tusn, event } of events) {
    const row = after.get(tusn);
    if (row !== undefined && isInService(row)) after.set(tusn, { ...row, ...stepLife(row, event) });
  }
  const changed = [...after.values()].filter((row) => {
    const { life, lifeBefore } = before.get(row.tusn) ?? row;
    return life !== row.life || lifeBefore !== row.lifeBefore;
  });
  await setLives(tx, changed);
  await noteHappenings(
    tx,
    now,
    changed.flatMap(({ tusn, life }) => {
      const kind = before.get(tusn)?.life === life ? undefined : KINDS[life];
      return kind === undefined ? [] : [{ tusn, kind, actor: SERVICE }];
    }),
  );
}
