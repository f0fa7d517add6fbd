import { FACTOR_DIGITS, FACTOR_LIFE_S } from "../../../proto/cryptogram.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { toFactor } from "../../domain/proof.ts";
import { putEnrolment } from "../../store/enrolments.ts";
import { findTerminals } from "../../store/fleet.ts";
import { findProofs } from "../../store/proofs.ts";
import { transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { giveVerdict } from "../identity/verdicts.ts";
import { askVerifiers, wantCryptogram } from "../verifiers/ask.ts";
import type { Answer, Verifier } from "../verifiers/verifier.ts";
import { countFailure } from "./attempts.ts";
import { type Asking, readRecord } from "./facts.ts";

// The proof of a TUSN at its enrolment: the factor is ours, good once and for a minute.

/** Some random bytes yield no digit. */
const RANDOM_PER_DIGIT = 4;

/** The answer to a challenge. */
export interface EnrolmentProof {
  readonly factor: string;
  /** 8 upper-case hexadecimal digits. */
  readonly cryptogram: string;
}

/** A factor that the next request has to answer; a former one is over. */
export async function openFactor(context: Context, asking: Asking): Promise<string> {
  const factor = toFactor(context.randomBytes(FACTOR_DIGITS * RANDOM_PER_DIGIT));
  if (factor === undefined) throw new TillsyncError("INTERNAL");
  await transact(context.store, async (tx) => {
    const { enrolment } = await readRecord(tx, context.now(), asking);
    await putEnrolment(tx, { ...enrolment, factor, factorExpiresAt: context.now() + FACTOR_LIFE_S });
  });
  return factor;
}

/**
 * What the verifiers say of the proof; undefined where none of them wants one.
 *
 * @throws TillsyncError TUSN_UNPROVEN where there is no proof, PROOF_EXPIRED, PROOF_LOCKED, VERIFIER_FAILED; PROOF_WRONG
 *   once the verdict is on record and the attempt counted
 */
export async function judgeProof(
  context: Context,
  verifiers: readonly Verifier[],
  asking: Asking,
  proof: EnrolmentProof | undefined,
): Promise<Answer | undefined> {
  const { store, identity } = context;
  const { tusn } = asking;
  if (!(await wantCryptogram(verifiers, tusn))) return undefined;
  if (proof === undefined) throw new TillsyncError("TUSN_UNPROVEN", { expected: "a cryptogram" });
  const factor = await takeFactor(context, asking);
  if (factor === "" || proof.factor !== factor) throw new TillsyncError("PROOF_EXPIRED");
  const [lock] = await findProofs(store, [tusn]);
  if (lock !== undefined && lock.lockedAt !== null) throw new TillsyncError("PROOF_LOCKED");
  const [{ certificateNo = "" } = {}] = await findTerminals(store, [tusn]);
  const answer = await askVerifiers(verifiers, { tusn, factor, cryptogram: proof.cryptogram, certificateNo });
  if (answer.verdict !== "mismatch" && answer.verdict !== "revoked") return answer;
  await transact(store, async (tx) => {
    const { enrolment } = await readRecord(tx, context.now(), asking);
    await giveVerdict(tx, context.now(), identity, { ...answer, tusn, actor: "service" });
    await countFailure(tx, context, tusn, enrolment);
  });
  throw new TillsyncError("PROOF_WRONG");
}

/** Takes the open challenge, whatever comes of it: no factor is looked at twice. Empty where none is open any more. */
function takeFactor(context: Context, asking: Asking): Promise<string> {
  return transact(context.store, async (tx) => {
    const now = context.now();
    const { enrolment } = await readRecord(tx, now, asking);
    const { factor, factorExpiresAt } = enrolment;
    if (factor === "") return "";
    await putEnrolment(tx, { ...enrolment, factor: "", factorExpiresAt: null });
    return factorExpiresAt !== null && now <= factorExpiresAt ? factor : "";
  });
}
