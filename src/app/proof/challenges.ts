import { NONCE_BYTES } from "../../../proto/bytes.ts";
import type { Challenge } from "../../../proto/challenge.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import { ask, toFactor, toFirstDue } from "../../domain/proof.ts";
import { findTerminals } from "../../store/fleet.ts";
import { findDueProofs, findProofs, putProofs } from "../../store/proofs.ts";
import { transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { planProof } from "./plan.ts";

/** Random bytes for one factor: of 32 there are hardly ever too few that can be used. */
const FACTOR_BYTES = 32;
const MAX_DRAWS = 8;

/** A challenge that is on record and may be sent. */
export interface OpenedChallenge {
  readonly tusn: Tusn;
  readonly challenge: Challenge;
}

/**
 * Opens a challenge for each of these terminals that is to be asked by now, at most `limit`, in one transaction: what is
 * sent is on record, and no other process asks the same terminal too.
 */
export async function openChallenges(
  context: Context,
  tusns: readonly Tusn[],
  limit: number,
): Promise<readonly OpenedChallenge[]> {
  const now = context.now();
  if (limit <= 0 || (await findDueProofs(context.store, tusns, now, 1)).length === 0) return [];
  return transact(context.store, async (tx) => {
    const due = await findDueProofs(tx, tusns, now, limit);
    const asked = due.map((row) => ({
      ...row,
      ...ask(row, context.randomBytes(NONCE_BYTES), drawFactor(context), now),
    }));
    await putProofs(tx, asked);
    return asked.map(({ tusn, challenge, factor, expiresAt }) => {
      return { tusn, challenge: { id: challenge ?? new Uint8Array(0), factor, expires: expiresAt ?? now } };
    });
  });
}

/** Plans a first proof for those of the terminals that have none planned: they were enrolled before there were any. */
export async function planFirst(context: Context, tusns: readonly Tusn[]): Promise<void> {
  const known = new Set((await findProofs(context.store, tusns)).map(({ tusn }) => tusn));
  const unplanned = tusns.filter((tusn) => !known.has(tusn));
  if (unplanned.length === 0) return;
  const now = context.now();
  await transact(context.store, async (tx) => {
    for (const terminal of await findTerminals(tx, unplanned)) {
      if (terminal.deviceKey === null) continue;
      const dueAt = toFirstDue(terminal, context.identity, now, drawFraction(context));
      await planProof(tx, terminal.tusn, dueAt, "schedule");
    }
  });
}

/** From 0 to below 1. */
export function drawFraction({ randomBytes }: Context): number {
  return Buffer.from(randomBytes(4)).readUInt32BE() / 2 ** 32;
}

function drawFactor({ randomBytes }: Context): string {
  for (let draws = 0; draws < MAX_DRAWS; draws += 1) {
    const factor = toFactor(randomBytes(FACTOR_BYTES));
    if (factor !== undefined) return factor;
  }
  throw new TillsyncError("INTERNAL", { draws: MAX_DRAWS });
}
