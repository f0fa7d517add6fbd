import { isEqual, toHex } from "../../../proto/bytes.ts";
import type { Proof } from "../../../proto/challenge.ts";
import { TillsyncError, toErrorCode } from "../../../proto/errors.ts";
import { isInService } from "../../domain/life.ts";
import { close, isAnswer, type Outcome, settle, toUnanswered } from "../../domain/proof.ts";
import { type IdentityPolicy, isProven } from "../../domain/verdict.ts";
import { toErrorFields } from "../../log.ts";
import { findTerminals } from "../../store/fleet.ts";
import { appendEntries } from "../../store/ledger.ts";
import { findProofs, putProofs } from "../../store/proofs.ts";
import type { TerminalRow } from "../../store/schema.ts";
import { type Tx, transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { noteHappenings } from "../identity/history.ts";
import { giveVerdict } from "../identity/verdicts.ts";
import { toEntry } from "../ledger-entries.ts";
import { askVerifiers } from "../verifiers/ask.ts";
import type { Answer, Verifier } from "../verifiers/verifier.ts";
import { drawFraction } from "./challenges.ts";

/**
 * Judges the answer of a terminal that came at `arrivedAt`, in seconds. Its challenge is closed for good before anybody is
 * asked what it is worth: no answer is ever judged twice, neither by two processes nor after a crash, when the terminal
 * is asked anew.
 *
 * @returns false where it counts for nothing: it is no answer to the open challenge, or its terminal is not any more, when
 *   it is judged, the device that gave it
 * @throws TillsyncError STORE_FAILED
 */
export async function judge(
  context: Context,
  verifiers: readonly Verifier[],
  proof: Proof,
  arrivedAt: number,
): Promise<boolean> {
  const { store } = context;
  // Most of what is no answer ends here, and keeps no writer waiting.
  const [known] = await findProofs(store, [proof.tusn]);
  if (known === undefined || !isAnswer(known, proof, arrivedAt)) return false;
  const terminal = await transact(store, (tx) => closeChallenge(tx, context, proof, arrivedAt));
  if (terminal === undefined) return false;
  if (proof.code === "") return judgeCryptogram(context, verifiers, proof, terminal);
  context.log.info({ terminal: proof.tusn, code: proof.code }, "terminal can give no proof");
  return true;
}

/** The terminal, where the answer counts; its challenge is closed then, and where it could make none that is all. */
async function closeChallenge(
  tx: Tx,
  context: Context,
  proof: Proof,
  arrivedAt: number,
): Promise<TerminalRow | undefined> {
  const { tusn } = proof;
  const [standing] = await findProofs(tx, [tusn]);
  const [terminal] = await findTerminals(tx, [tusn]);
  if (standing === undefined || !isAnswer(standing, proof, arrivedAt)) return undefined;
  const now = context.now();
  const next =
    proof.code === ""
      ? close(standing, now)
      : settle(standing, toUnanswered(proof.code), context.identity, now, drawFraction(context));
  await putProofs(tx, [{ ...next, tusn }]);
  return terminal;
}

/** Whether the answer was still its terminal's when it was judged. */
async function judgeCryptogram(
  context: Context,
  verifiers: readonly Verifier[],
  proof: Proof,
  terminal: TerminalRow,
): Promise<boolean> {
  const { store, log } = context;
  const { tusn, factor, cryptogram } = proof;
  try {
    const { certificateNo } = terminal;
    const answer = await askVerifiers(verifiers, { tusn, factor, cryptogram, certificateNo });
    const failures = await transact(store, async (tx) =>
      (await isSameDevice(tx, terminal)) ? takeAnswer(tx, context, proof, answer) : undefined,
    );
    if (failures === undefined) return false;
    const { source, verdict } = answer;
    log.info({ terminal: tusn, source, verdict, failures }, "proof judged");
    return true;
  } catch (error) {
    // Nobody could say, or it could not be written down: the terminal is asked anew.
    log.error({ terminal: tusn, ...toErrorFields(error) }, "proof not judged");
    await transact(store, async (tx) => {
      if (await isSameDevice(tx, terminal)) await settleProof(tx, context, proof, { failed: toErrorCode(error) });
    });
    return true;
  }
}

/**
 * Whether the terminal is in service still with the device that answered. People may have parted it from its key while a
 * verifier was asked: what proved the one device must not speak for the next.
 */
async function isSameDevice(tx: Tx, { tusn, deviceKey }: TerminalRow): Promise<boolean> {
  const [terminal] = await findTerminals(tx, [tusn]);
  if (terminal === undefined || !isInService(terminal)) return false;
  const none = new Uint8Array(0);
  return isEqual(terminal.deviceKey ?? none, deviceKey ?? none);
}

/**
 * Takes a verifier's word: verdict, history, alarm and the next proof in one transaction.
 *
 * @returns how many wrong answers there were since the last right one
 */
async function takeAnswer(tx: Tx, context: Context, proof: Proof, answer: Answer): Promise<number> {
  const { tusn } = proof;
  const now = context.now();
  const [before] = await findProofs(tx, [tusn]);
  // It was locked while the verifier was asked: nothing is believed then.
  if (before === undefined || before.lockedAt !== null) return before?.failures ?? 0;
  const outcome = toOutcome(answer, context.identity, now);
  const { failures, lockedAt } = await settleProof(tx, context, proof, outcome);
  const evidence = { ...answer.evidence, challenge: toHex(proof.challenge) };
  const { verdict, source } = answer;
  const isLocked = lockedAt !== null;
  // What was found before is no younger for being read again; a wrong answer may be a slip until there are many.
  if (answer.provenAt === undefined && (outcome !== "wrong" || isLocked)) {
    await giveVerdict(tx, now, context.identity, { tusn, verdict, source, evidence, actor: "service" });
  }
  if (!isLocked) return failures;
  const detail = { failures, source };
  await noteHappenings(tx, now, [{ tusn, kind: "proof_locked", actor: "service", detail }]);
  await appendEntries(tx, [toEntry(now, "alarm.proof_locked", tusn, { detail })]);
  context.log.error({ terminal: tusn, code: "PROOF_LOCKED", failures }, "too many wrong proofs");
  return failures;
}

function toOutcome({ verdict, provenAt }: Answer, policy: IdentityPolicy, now: number): Outcome {
  // What a person found out before says nothing of this cryptogram.
  if (verdict === "mismatch" && provenAt === undefined) return "wrong";
  return isProven({ verdict, provenAt: provenAt ?? now }, policy, now) ? "right" : "unknown";
}

async function settleProof(tx: Tx, context: Context, { tusn }: Proof, outcome: Outcome) {
  const [standing] = await findProofs(tx, [tusn]);
  if (standing === undefined) throw new TillsyncError("NOT_FOUND", { terminal: tusn });
  const settled = settle(standing, outcome, context.identity, context.now(), drawFraction(context));
  await putProofs(tx, [{ ...settled, tusn }]);
  return settled;
}
