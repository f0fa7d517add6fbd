import type { Challenge, Proof } from "../../../proto/challenge.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import { toErrorFields } from "../../log.ts";
import type { Context } from "../context.ts";
import type { Verifier } from "../verifiers/verifier.ts";
import { openChallenges, planFirst } from "./challenges.ts";
import { judge } from "./judge.ts";

/** Connected terminals that one poll looks at; the next poll goes on with the next ones. */
export const LOOKED_AT_ONCE = 1_000;
/** Challenges that one poll opens. */
export const ASKED_AT_ONCE = 200;
/** Answers that verifiers are asked about at the same time. */
export const JUDGED_AT_ONCE = 8;
/** Answers that wait for a verifier; beyond that they are dropped, and their terminals asked again later. */
export const MAX_WAITING = 1_000;
/** Terminals of which it is remembered that a proof is planned: it is looked up once each. */
const MAX_PLANNED = 100_000;
/** Answers that count for nothing are told at most as often, */
const TOLD_AT_ONCE = 20;
/** in this many seconds; the others are counted. */
const TOLD_EVERY_S = 60;

export interface ProverOptions {
  /** Asked in this order, until one knows the TUSN. */
  readonly verifiers: readonly Verifier[];
  /** Hands a challenge to a connected terminal; false where it could not be. */
  send(tusn: Tusn, challenge: Challenge): boolean;
}

interface Waiting {
  readonly proof: Proof;
  /** When it came, in seconds: it is not too late for having waited here. */
  readonly arrivedAt: number;
}

/** Asks connected terminals to prove their TUSN where that is due, and judges what they answer. */
export class Prover {
  readonly #context: Context;
  readonly #options: ProverOptions;
  readonly #planned = new Set<Tusn>();
  readonly #waiting = new Map<Tusn, Waiting>();
  readonly #judging = new Map<Tusn, Promise<void>>();
  #lookedAt = 0;
  #isClosed = false;
  #told = { since: 0, count: 0 };

  constructor(context: Context, options: ProverOptions) {
    this.#context = context;
    this.#options = options;
  }

  /** Asks those of the connected terminals that are due. Resolves when done; one poll at a time. */
  async poll(connected: readonly Tusn[]): Promise<void> {
    // Where nobody can tell what an answer is worth, none is asked for.
    if (this.#options.verifiers.length === 0) return;
    const tusns = this.#toNext(connected);
    if (tusns.length === 0) return;
    await this.#planFirst(tusns);
    const limit = Math.min(ASKED_AT_ONCE, MAX_WAITING - this.#waiting.size);
    const opened = await openChallenges(this.#context, tusns, limit);
    for (const { tusn, challenge } of opened) this.#options.send(tusn, challenge);
    if (opened.length > 0) this.#context.log.info({ terminals: opened.length }, "proofs asked for");
  }

  /** Takes the answer of a terminal, signed by its device key. Never throws: what becomes of it is stored or logged. */
  take(proof: Proof): void {
    const { tusn } = proof;
    // One answer of each terminal is looked at a time: whoever sends many keeps nobody else waiting.
    const isTooMany = this.#waiting.size >= MAX_WAITING || this.#waiting.has(tusn) || this.#judging.has(tusn);
    if (this.#isClosed || isTooMany) {
      this.#tell(tusn, "proof dropped");
      return;
    }
    this.#waiting.set(tusn, { proof, arrivedAt: this.#context.now() });
    this.#start();
  }

  /** Resolves when nothing is being judged any more. What still waits is dropped. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#waiting.clear();
    await Promise.all(this.#judging.values());
  }

  #toNext(connected: readonly Tusn[]): readonly Tusn[] {
    if (this.#lookedAt >= connected.length) this.#lookedAt = 0;
    const tusns = connected.slice(this.#lookedAt, this.#lookedAt + LOOKED_AT_ONCE);
    this.#lookedAt += LOOKED_AT_ONCE;
    return tusns;
  }

  async #planFirst(tusns: readonly Tusn[]): Promise<void> {
    const unknown = tusns.filter((tusn) => !this.#planned.has(tusn));
    if (unknown.length === 0) return;
    await planFirst(this.#context, unknown);
    if (this.#planned.size + unknown.length > MAX_PLANNED) this.#planned.clear();
    for (const tusn of unknown) this.#planned.add(tusn);
  }

  #start(): void {
    for (const [tusn, waiting] of this.#waiting) {
      if (this.#judging.size >= JUDGED_AT_ONCE) return;
      this.#waiting.delete(tusn);
      this.#judging.set(
        tusn,
        this.#judge(waiting).finally(() => {
          this.#judging.delete(tusn);
          this.#start();
        }),
      );
    }
  }

  async #judge({ proof, arrivedAt }: Waiting): Promise<void> {
    const { log } = this.#context;
    try {
      const isTaken = await judge(this.#context, this.#options.verifiers, proof, arrivedAt);
      if (!isTaken) this.#tell(proof.tusn, "proof counts for nothing");
    } catch (error) {
      log.error({ terminal: proof.tusn, ...toErrorFields(error) }, "proof not judged");
    }
  }

  /** Whoever plays back answers must not fill the log. */
  #tell(terminal: Tusn, what: string): void {
    const { log, now } = this.#context;
    const at = now();
    if (at - this.#told.since >= TOLD_EVERY_S) {
      const untold = this.#told.count - TOLD_AT_ONCE;
      if (untold > 0) log.warn({ code: "PROOF_EXPIRED", proofs: untold }, "more proofs counted for nothing");
      this.#told = { since: at, count: 0 };
    }
    this.#told.count += 1;
    if (this.#told.count <= TOLD_AT_ONCE) log.warn({ terminal, code: "PROOF_EXPIRED" }, what);
  }
}
