import { TillsyncError } from "../../../proto/errors.ts";
import { isTusn, parseTusn, type Tusn } from "../../../proto/tusn.ts";
import { stepLife } from "../../domain/life.ts";
import { isRefuted } from "../../domain/verdict.ts";
import { findInStates } from "../../store/deployments.ts";
import { findTerminals, setPost, setReplaced, type TerminalPost } from "../../store/fleet.ts";
import { findLegacy, setReplacedBy } from "../../store/legacy.ts";
import { findQuarantined } from "../../store/quarantines.ts";
import { findReported } from "../../store/reported.ts";
import type { TerminalRow } from "../../store/schema.ts";
import { type Tx, transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { noteHappenings } from "../identity/history.ts";
import type { Act } from "./act.ts";
import { type OutOfService, putOutOfService } from "./put-out-of-service.ts";

export interface Replacement extends OutOfService, TerminalPost {
  /** TUSN or legacy serial number of the terminal that goes. */
  readonly replaced: string;
  /** The one that comes. */
  readonly tusn: Tusn;
}

const NOTHING: OutOfService = { certificates: 0, directives: 0 };

/**
 * Puts a registered terminal in the place of another one, in one transaction: it gets the other's merchant, terminal
 * number, acquirer and place of deployment. The other is out of service for good from then on, its certificates revoked
 * and what waited for it closed; its terminal number is free for the new one. Both are linked, in record and history. No
 * settlement is given to the new one here: people approve its first profile, as of every terminal.
 *
 * @param serial TUSN or legacy serial number of the terminal that goes
 * @throws TillsyncError NOT_FOUND; TUSN_INVALID where `serial` is neither; TUSN_UNPROVEN where the new one is known not to
 *   be genuine, TERMINAL_QUARANTINED; STATE_CONFLICT where either stands otherwise than this takes
 */
export async function replaceTerminal(context: Context, serial: string, tusn: Tusn, act: Act): Promise<Replacement> {
  if (serial === tusn) throw new TillsyncError("STATE_CONFLICT", { terminal: tusn, expected: "two terminals" });
  return transact(context.store, async (tx) => {
    const now = context.now();
    const post = await findPost(tx, serial);
    await verifyNew(tx, tusn);
    await setPost(tx, tusn, post, serial);
    const { actor, reason } = act;
    const { merchantNumber: merchant, terminalNo, acquirer } = post;
    const detail = { reason, merchant, terminalNo, acquirer };
    await noteHappenings(tx, now, [
      { tusn: serial, kind: "replaced", actor, detail: { ...detail, replacedBy: tusn } },
      { tusn, kind: "replacing", actor, detail: { ...detail, replaces: serial } },
    ]);
    const taken = await endOld(tx, now, serial, tusn, act);
    return { replaced: serial, tusn, ...post, ...taken };
  });
}

/** What the new terminal takes over. */
async function findPost(tx: Tx, serial: string): Promise<TerminalPost> {
  const old = isTusn(serial) ? await findOld(tx, serial) : await findOldLegacy(tx, serial);
  const { merchantNumber, terminalNo, acquirer, place } = old;
  return { merchantNumber, terminalNo, acquirer, place };
}

async function findOld(tx: Tx, tusn: Tusn): Promise<TerminalPost> {
  const old = await findTerminal(tx, tusn);
  stepLife(old, "replace");
  const underWay = await findInStates(tx, [tusn], ["verified", "applied"]);
  // Its outcome decides what the merchant's records say: it has to be known first.
  if (underWay.length > 0) throw new TillsyncError("STATE_CONFLICT", { terminal: tusn, state: "directive under way" });
  return old;
}

async function findOldLegacy(tx: Tx, serial: string): Promise<TerminalPost> {
  const [old] = await findLegacy(tx, [serial]);
  if (old === undefined) throw new TillsyncError("NOT_FOUND", { terminal: parseTusn(serial) });
  if (old.replacedBy === "") return old;
  throw new TillsyncError("STATE_CONFLICT", { terminal: serial, replacedBy: old.replacedBy });
}

/** Only a terminal that has done nothing yet can take another one's place. */
async function verifyNew(tx: Tx, tusn: Tusn): Promise<void> {
  const terminal = await findTerminal(tx, tusn);
  const { life, verdict, replaces } = terminal;
  if (isRefuted(terminal)) throw new TillsyncError("TUSN_UNPROVEN", { terminal: tusn, verdict });
  const demand = (holds: boolean, state: string) => {
    if (!holds) throw new TillsyncError("STATE_CONFLICT", { terminal: tusn, state });
  };
  demand(life === "registered" || life === "verified", life);
  demand(replaces === "", "in another one's place already");
  if ((await findQuarantined(tx, [tusn])).length > 0) {
    throw new TillsyncError("TERMINAL_QUARANTINED", { terminal: tusn });
  }
  const [reported] = await findReported(tx, [tusn]);
  demand((reported?.currentDigest ?? null) === null, "holds a profile");
  const waiting = await findInStates(tx, [tusn], ["reserved", "pending", "sent", "verified", "applied"]);
  demand(waiting.length === 0, "a directive waits for it");
}

async function endOld(tx: Tx, now: number, serial: string, replacedBy: Tusn, act: Act): Promise<OutOfService> {
  if (!isTusn(serial)) {
    await setReplacedBy(tx, serial, replacedBy);
    return NOTHING;
  }
  await setReplaced(tx, serial, replacedBy);
  return putOutOfService(tx, now, serial, "replaced", act);
}

async function findTerminal(tx: Tx, tusn: Tusn): Promise<TerminalRow> {
  const [terminal] = await findTerminals(tx, [tusn]);
  if (terminal === undefined) throw new TillsyncError("NOT_FOUND", { terminal: tusn });
  return terminal;
}
