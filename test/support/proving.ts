import type { Challenge, Proof } from "../../proto/challenge.ts";
import { computeCryptogram } from "../../proto/cryptogram.ts";
import { TillsyncError } from "../../proto/errors.ts";
import type { Tusn } from "../../proto/tusn.ts";
import type { Context } from "../../src/app/context.ts";
import { Prover } from "../../src/app/proof/prover.ts";
import type { Answer, Claim, Verifier } from "../../src/app/verifiers/verifier.ts";
import type { TestFleet } from "./fleet-store.ts";

/** SN key of every terminal in these tests: 16 times `2`, as in the domain's vectors. */
export const SN_KEY = Buffer.alloc(16, 0x32);

/** Knows every SN key. It can be made to fail, and to wait until a test lets it answer. */
export class TestVerifier implements Verifier {
  readonly source = "local_keys";
  /** All that it was asked, in order. */
  readonly claims: Claim[] = [];
  isDown = false;
  /** What it answers whatever it is asked; what the key says where absent. */
  answer: Answer | undefined;
  #gate: Promise<void> = Promise.resolve();

  /** From now on nothing is answered until the function that it gives is called. */
  hold(): () => void {
    let open: () => void = () => {};
    this.#gate = new Promise((resolve) => {
      open = resolve;
    });
    return open;
  }

  wantsCryptogram(): Promise<boolean> {
    return Promise.resolve(true);
  }

  async verify(claim: Claim): Promise<Answer> {
    this.claims.push(claim);
    const { tusn, factor, cryptogram } = claim;
    await this.#gate;
    if (this.isDown) throw new TillsyncError("VERIFIER_FAILED");
    if (this.answer !== undefined) return this.answer;
    const isRight = computeCryptogram(SN_KEY, tusn, factor) === cryptogram;
    return { verdict: isRight ? "verified-crypto" : "mismatch", source: this.source, evidence: { kcv: "2B4459DE" } };
  }
}

/** What a genuine terminal answers. */
export function toProof(tusn: Tusn, { id, factor }: Challenge, change: Partial<Proof> = {}): Proof {
  const cryptogram = computeCryptogram(SN_KEY, tusn, factor);
  return { tusn, challenge: id, factor, cryptogram, code: "", ...change };
}

export interface SentChallenge {
  readonly tusn: Tusn;
  readonly challenge: Challenge;
}

/** A prover that writes down what it sends. */
export function openProver(context: Context, verifiers: readonly Verifier[]) {
  const sent: SentChallenge[] = [];
  const prover = new Prover(context, {
    verifiers,
    send: (tusn, challenge) => sent.push({ tusn, challenge }) > 0,
  });
  return { prover, sent };
}

/** What is planned and open for a terminal. */
export function readProof({ store }: TestFleet, tusn: Tusn) {
  return store.selectFrom("proofs").selectAll().where("tusn", "=", tusn).executeTakeFirstOrThrow();
}

/** The verdict that holds, and since when. */
export function readVerdict({ store }: TestFleet, tusn: Tusn) {
  return store
    .selectFrom("terminals")
    .select(["verdict", "provenAt", "life"])
    .where("tusn", "=", tusn)
    .executeTakeFirstOrThrow();
}

export async function countVerdicts({ store }: TestFleet): Promise<number> {
  return (await store.selectFrom("verdicts").select("id").execute()).length;
}
