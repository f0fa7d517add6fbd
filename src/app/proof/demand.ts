import { setTimeout as delay } from "node:timers/promises";
import { checkLine } from "../../../proto/check.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { checkNotSensitive } from "../../../proto/sensitive.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import { unlock } from "../../domain/proof.ts";
import { isSufficient, type Verdict } from "../../domain/verdict.ts";
import { findTerminals } from "../../store/fleet.ts";
import { findProofs, putProofs } from "../../store/proofs.ts";
import { transact } from "../../store/store.ts";
import { listVerdicts } from "../../store/verdicts.ts";
import type { Context } from "../context.ts";
import { noteHappenings } from "../identity/history.ts";
import { parseActor } from "../registry/act.ts";
import { planProof } from "./plan.ts";

/** How often it is looked whether the running service has a verdict. */
const LOOK_MS = 250;
const MAX_REASON_CHARACTERS = 500;
const MAX_NAME_CHARACTERS = 64;
const SERVICE = "service";

/** What had been decided of a terminal when its proof was asked for. */
export interface Demand {
  readonly tusn: Tusn;
  /** Of the last verdict that was given before; 0 where none was. */
  readonly lastVerdict: number;
}

/**
 * Has a terminal asked now, or as soon as it is connected; the running service does it, which may be another process.
 *
 * @param by who asks for it; the service where absent
 * @throws TillsyncError NOT_FOUND; PROOF_LOCKED; STATE_CONFLICT where it is not enrolled; TERMINAL_RETIRED; what
 *   `parseActor` throws
 */
export async function demandProof({ store, now }: Context, tusn: Tusn, by: string = SERVICE): Promise<Demand> {
  const actor = parseActor(by);
  return transact(store, async (tx) => {
    const [terminal] = await findTerminals(tx, [tusn]);
    if (terminal === undefined) throw new TillsyncError("NOT_FOUND", { terminal: tusn });
    if (terminal.life === "retired" || terminal.life === "replaced") {
      throw new TillsyncError("TERMINAL_RETIRED", { terminal: tusn });
    }
    if (terminal.deviceKey === null)
      throw new TillsyncError("STATE_CONFLICT", { terminal: tusn, expected: "enrolled" });
    const [standing] = await findProofs(tx, [tusn]);
    if (standing !== undefined && standing.lockedAt !== null) {
      throw new TillsyncError("PROOF_LOCKED", { terminal: tusn });
    }
    const at = now();
    await planProof(tx, tusn, at, "demand");
    await noteHappenings(tx, at, [{ tusn, kind: "proof_demanded", actor }]);
    return { tusn, lastVerdict: (await listVerdicts(tx, tusn)).at(-1)?.id ?? 0 };
  });
}

/**
 * Waits, at most so many seconds, until the terminal was asked and there is a verdict that suffices; gives it.
 *
 * @throws TillsyncError PROOF_LOCKED, PROOF_WRONG, PROOF_UNAVAILABLE, VERIFIER_FAILED and others that the asking came to;
 *   TUSN_UNPROVEN where another verdict was given, or none in that time
 */
export async function awaitProof(context: Context, { tusn, lastVerdict }: Demand, seconds: number): Promise<Verdict> {
  const { store, identity } = context;
  for (let left = Math.ceil((seconds * 1_000) / LOOK_MS); left >= 0; left -= 1) {
    const [standing] = await findProofs(store, [tusn]);
    if (standing !== undefined && standing.code !== "") throw new TillsyncError(standing.code, { terminal: tusn });
    const given = (await listVerdicts(store, tusn)).at(-1);
    if (given !== undefined && given.id > lastVerdict) {
      const { verdict } = given;
      if (isSufficient({ verdict, provenAt: given.at }, identity)) return verdict;
      throw new TillsyncError("TUSN_UNPROVEN", { terminal: tusn, verdict });
    }
    if (left > 0) await delay(LOOK_MS);
  }
  throw new TillsyncError("TUSN_UNPROVEN", { terminal: tusn, waited: seconds });
}

/** Why a person ended a lock, and who says so. */
export interface Unlocking {
  readonly reason: string;
  readonly by: string;
}

/**
 * Ends the lock that too many wrong proofs led to: the terminal is asked anew, and counts as not genuine until it has
 * proven itself.
 *
 * @throws TillsyncError NOT_FOUND; STATE_CONFLICT where it is not locked; FIELD_INVALID, SENSITIVE_DATA
 */
export async function unlockProof({ store, now }: Context, tusn: Tusn, { reason, by }: Unlocking): Promise<void> {
  checkNotSensitive(reason);
  const detail = { reason: checkLine(reason, MAX_REASON_CHARACTERS, "reason") };
  const actor = checkLine(by, MAX_NAME_CHARACTERS, "by");
  await transact(store, async (tx) => {
    const [standing] = await findProofs(tx, [tusn]);
    if (standing === undefined) throw new TillsyncError("NOT_FOUND", { terminal: tusn });
    if (standing.lockedAt === null) throw new TillsyncError("STATE_CONFLICT", { terminal: tusn, expected: "locked" });
    const at = now();
    await putProofs(tx, [{ ...unlock(standing, at), tusn }]);
    await noteHappenings(tx, at, [{ tusn, kind: "proof_unlocked", actor, detail }]);
  });
}
