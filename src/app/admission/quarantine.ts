import { TillsyncError } from "../../../proto/errors.ts";
import { toRedacted } from "../../../proto/redaction.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import { isBehindTooOften } from "../../domain/clones.ts";
import type { CloneSign } from "../../domain/life.ts";
import { findTerminals } from "../../store/fleet.ts";
import { forgetHeardAbove } from "../../store/heard.ts";
import { appendEntries } from "../../store/ledger.ts";
import { addQuarantine, endQuarantine, listQuarantinesOf } from "../../store/quarantines.ts";
import { listBehind, lowerCounter } from "../../store/reported.ts";
import { type Tx, transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { noteHappenings } from "../identity/history.ts";
import { toEntry } from "../ledger-entries.ts";
import { parseAct } from "../registry/act.ts";
import type { Sides } from "./sides.ts";

/** Something that shows, or may show, that two devices use one identity. */
export interface Suspicion {
  readonly tusn: Tusn;
  readonly why: CloneSign;
  readonly sides: Sides;
  /** Device counter that it rests on. */
  readonly counter?: number;
  /** When the older half of the evidence was stored, in seconds: what a person has looked at is no sign any more. */
  readonly since?: number;
}

/**
 * Puts the terminal in quarantine, with history and alarm, where the suspicion holds and it is not there yet. `now` in
 * seconds.
 *
 * @returns whether it did
 */
export async function quarantine(tx: Tx, now: number, suspicion: Suspicion): Promise<boolean> {
  const { tusn, why, counter = null } = suspicion;
  const [terminal] = await findTerminals(tx, [tusn]);
  const earlier = await listQuarantinesOf(tx, tusn);
  const isOpen = earlier.some(({ releasedAt }) => releasedAt === null);
  const lastRelease = Math.max(0, ...earlier.map(({ releasedAt }) => releasedAt ?? 0));
  if (terminal === undefined || isOpen || !(await holds(tx, now, suspicion, lastRelease))) return false;
  const sides = { before: toRedacted(suspicion.sides.before), now: toRedacted(suspicion.sides.now) };
  const open = { releasedAt: null, releasedBy: "", reason: "" };
  await addQuarantine(tx, { tusn, at: now, why, sides: JSON.stringify(sides), counter, ...open });
  const detail = { why, ...sides };
  await noteHappenings(tx, now, [{ tusn, kind: "quarantined", actor: "service", detail }]);
  await appendEntries(tx, [toEntry(now, "alarm.clone_suspected", tusn, { detail })]);
  return true;
}

async function holds(tx: Tx, now: number, { tusn, why, since }: Suspicion, lastRelease: number): Promise<boolean> {
  if (why === "counter_behind") return isBehindTooOften(await listBehind(tx, tusn, lastRelease), now);
  return since === undefined || since > lastRelease;
}

export interface ReleasedQuarantine {
  readonly tusn: Tusn;
  readonly why: CloneSign;
  /** Device counter above which the terminal is listened to again, where the sign rested on counters. */
  readonly counter: number | undefined;
}

/**
 * A person has looked: the terminal is let in again as its life allows. Where it was a matter of counters, the known one is
 * lowered, so that the genuine device is heard again whichever of the two was ahead; quarantines, alarms and reports stay.
 *
 * @throws TillsyncError NOT_FOUND where it is in no quarantine; CONFIG_INVALID, SENSITIVE_DATA for the words
 */
export function releaseQuarantine(
  context: Context,
  tusn: Tusn,
  words: { readonly reason: string; readonly by?: string },
): Promise<ReleasedQuarantine> {
  const { actor, reason } = parseAct(words.reason, words.by);
  return transact(context.store, async (tx) => {
    const open = (await listQuarantinesOf(tx, tusn)).find(({ releasedAt }) => releasedAt === null);
    if (open === undefined) throw new TillsyncError("NOT_FOUND", { quarantine: tusn });
    const now = context.now();
    const { id, why } = open;
    await endQuarantine(tx, id, { releasedAt: now, releasedBy: actor, reason });
    const counter = open.counter ?? undefined;
    if (counter !== undefined) {
      await lowerCounter(tx, tusn, counter);
      await forgetHeardAbove(tx, tusn, counter);
    }
    const detail = { why, reason, ...(counter === undefined ? {} : { counter }) };
    await noteHappenings(tx, now, [{ tusn, kind: "quarantine_released", actor, detail }]);
    return { tusn, why, counter };
  });
}
