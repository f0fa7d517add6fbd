import { X509Certificate } from "node:crypto";
import { FACTOR_LIFE_S } from "../../../proto/cryptogram.ts";
import { type ErrorCode, TillsyncError } from "../../../proto/errors.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import { judgeEnrolment, needsProof, toEnrolmentStep } from "../../domain/enrolment.ts";
import { toNextDue } from "../../domain/proof.ts";
import { isProven } from "../../domain/verdict.ts";
import { findNewestCertificate } from "../../store/certificates.ts";
import { markTokenUsed, putEnrolment } from "../../store/enrolments.ts";
import { findTerminals } from "../../store/fleet.ts";
import { transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { noteHappenings } from "../identity/history.ts";
import { giveVerdict } from "../identity/verdicts.ts";
import { planProof } from "../proof/plan.ts";
import { wantCryptogram } from "../verifiers/ask.ts";
import type { Answer, Verifier } from "../verifiers/verifier.ts";
import { countFailure } from "./attempts.ts";
import { type EnrolmentProof, judgeProof, openFactor } from "./challenge.ts";
import { type Asking, type OnRecord, readRecord } from "./facts.ts";
import { type Issuer, isFresh, issue, readRequest } from "./issue.ts";
import { recordDevice } from "./record-device.ts";
import { toTokenDigest } from "./token.ts";

/** Looks at the records before a request is settled: one finds that a certificate has to be made, one records it. */
const MAX_LOOKS = 3;
const FRACTION_BYTES = 4;

export interface EnrolmentOptions extends Issuer {
  /** Asked in this order, until one knows the TUSN. */
  readonly verifiers: readonly Verifier[];
}

/** Who asks: a TUSN as claimed, and a one-time token as typed. */
export interface Claimant {
  readonly tusn: Tusn;
  readonly token: string;
}

export interface EnrolmentRequest extends Claimant {
  /** PKCS#10 in DER. */
  readonly request: Uint8Array;
  /** The answer to a challenge, where there was one. */
  readonly proof?: EnrolmentProof;
}

export interface EnrolmentChallenge {
  /** Ten digits; undefined where nobody could judge a cryptogram, or it was judged before. */
  readonly factor: string | undefined;
  /** Seconds for which it is good. */
  readonly lifeS: number;
}

/** Lets terminals enrol. Nothing that it throws tells a stranger whether there is such a terminal. */
export interface Enrolment {
  /**
   * What the terminal has to answer with its SN key in its request.
   *
   * @throws TillsyncError TOKEN_INVALID and what else `enrol` throws before it looks at the request
   */
  challenge(claimant: Claimant): Promise<EnrolmentChallenge>;
  /**
   * A certificate for a terminal that holds a token, signed its request with the key that it names, and proved its TUSN
   * where anybody can judge that. The same key may ask again until it was heard of, and gets what it got before.
   *
   * @throws TillsyncError REQUEST_MALFORMED; TOKEN_INVALID; and, to the holder of the token only, ENROLMENT_LOCKED,
   *   ENROLMENT_HELD, ENROLMENT_PENDING, KEY_INVALID for a key that was another's or was revoked, TERMINAL_RETIRED,
   *   TERMINAL_SUSPENDED, TERMINAL_QUARANTINED, TUSN_UNPROVEN where a cryptogram is missing or the TUSN was refuted, and
   *   what `judgeProof` throws
   */
  enrol(request: EnrolmentRequest): Promise<X509Certificate>;
}

type Settled =
  | { readonly certificate: X509Certificate }
  | { readonly refused: ErrorCode }
  /** A certificate has to be made first: not in a transaction, for that takes its time. */
  | { readonly isWanting: true };

export function openEnrolment(context: Context, options: EnrolmentOptions): Enrolment {
  const { verifiers } = options;
  return {
    challenge: async ({ tusn, token }) => {
      const asking = { tusn, token: toTokenDigest(token) };
      const { facts } = await admit(context, asking);
      const isWanted = needsProof(facts) && (await wantCryptogram(verifiers, tusn));
      if (!isWanted) return { factor: undefined, lifeS: 0 };
      return { factor: await openFactor(context, asking), lifeS: FACTOR_LIFE_S };
    },

    enrol: async ({ tusn, token, request, proof }) => {
      const read = readRequest(tusn, request);
      const asking = { tusn, token: toTokenDigest(token), key: read.key };
      const { facts } = await admit(context, asking);
      let answer = needsProof(facts) ? await judgeProof(context, verifiers, asking, proof) : undefined;
      let made: X509Certificate | undefined;
      for (let looks = 0; looks < MAX_LOOKS; looks += 1) {
        const settled = await settle(context, asking, answer, made);
        if ("certificate" in settled) return settled.certificate;
        if ("refused" in settled) throw new TillsyncError(settled.refused);
        answer = undefined;
        made = await issue(options, tusn, read, context.now());
      }
      throw new TillsyncError("STATE_CONFLICT", { looks: MAX_LOOKS });
    },
  };
}

/** What is on record, where nothing refuses; a wrong token is counted before it is refused. */
async function admit(context: Context, asking: Asking): Promise<OnRecord> {
  const { record, refusal } = await transact(context.store, async (tx) => {
    const onRecord = await readRecord(tx, context.now(), asking);
    const judged = judgeEnrolment(onRecord.facts);
    if (judged?.isGuess === true) await countFailure(tx, context, asking.tusn, onRecord.enrolment);
    return { record: onRecord, refusal: judged };
  });
  if (refusal !== undefined) throw new TillsyncError(refusal.code);
  return record;
}

/** Decides in one transaction, by what is on record then: another request with the same token may have been quicker. */
function settle(
  { store, now: clock, identity, randomBytes }: Context,
  asking: Required<Asking>,
  answer: Answer | undefined,
  made: X509Certificate | undefined,
): Promise<Settled> {
  const { tusn, token, key } = asking;
  return transact(store, async (tx): Promise<Settled> => {
    const now = clock();
    const { facts, enrolment } = await readRecord(tx, now, asking);
    const refusal = judgeEnrolment(facts);
    if (refusal !== undefined) return { refused: refusal.code };
    if (answer !== undefined) await giveVerdict(tx, now, identity, { ...answer, tusn, actor: "service" });
    const [terminal] = await findTerminals(tx, [tusn]);
    // What was refuted before and was not proven since gets no certificate.
    if (terminal === undefined || terminal.verdict === "mismatch") return { refused: "TUSN_UNPROVEN" };
    const asked = { ...enrolment, token, deviceKey: key.digest, requestedAt: enrolment.requestedAt ?? now };
    const step = toEnrolmentStep(facts);
    if (step === "ask") {
      await putEnrolment(tx, { ...asked, requestedAt: now, admittedBy: "", admittedAt: null });
      await noteHappenings(tx, now, [{ tusn, kind: "enrolment_requested", actor: "service", digest: key.digest }]);
    }
    if (step !== "issue") return { refused: "ENROLMENT_PENDING" };
    const newest = await findNewestCertificate(tx, tusn, key.digest);
    const again = facts.key?.holder === "same" && isFresh(newest, now) ? new X509Certificate(newest.bytes) : undefined;
    const certificate = again ?? made;
    if (certificate === undefined) return { isWanting: true };
    await putEnrolment(tx, { ...asked, failures: 0, factor: "", factorExpiresAt: null });
    await markTokenUsed(tx, token, now);
    if (again !== undefined) return { certificate };
    await recordDevice(tx, now, tusn, certificate, newest === undefined ? [] : [newest.fingerprint]);
    const isDone = isProven(terminal, identity, now);
    const dueAt = isDone ? toNextDue(now, identity.everyS, toFraction(randomBytes(FRACTION_BYTES))) : now;
    await planProof(tx, tusn, dueAt, isDone ? "schedule" : "enrolment");
    return { certificate };
  });
}

/** From 0 to below 1. */
function toFraction(bytes: Uint8Array): number {
  return Buffer.from(bytes).readUInt32BE() / 2 ** 32;
}
