import { TillsyncError } from "../../../proto/errors.ts";
import { toErrorFields } from "../../log.ts";
import { findMerchants } from "../../store/fleet.ts";
import { listDueMerchants } from "../../store/reviews.ts";
import { listPosts } from "../../store/reviews-facts.ts";
import type { Store } from "../../store/store.ts";
import type { Acquirer } from "../acquirers/acquirer.ts";
import type { Context } from "../context.ts";
import { type Breaker, CLOSED, stepBreaker } from "../http-client/breaker.ts";
import { type AskedMerchant, askForRecord } from "./ask.ts";

/** One acquirer is asked at most so often: 60 questions a minute, 86,400 merchants a day. */
export const ASK_EVERY_S = 1;
/** Merchants that are looked up as due at once, and how long after the last look where none was left. */
const MAX_DUE = 200;
const LOOK_EVERY_S = 60;
const MS = 1_000;

/** One merchant at one acquirer. */
export interface Question {
  readonly acquirer: string;
  readonly merchant: string;
}

/** What can be asked about a merchant: its terminals' acquirers. @throws TillsyncError NOT_FOUND */
export async function listQuestions(store: Store, merchant: string): Promise<readonly Question[]> {
  const [row] = await findMerchants(store, [merchant]);
  if (row === undefined) throw new TillsyncError("NOT_FOUND", { merchant });
  const codes = new Set((await listPosts(store, [merchant])).map(({ acquirer }) => acquirer));
  return [...codes].map((acquirer) => ({ acquirer, merchant }));
}

/** What is known of one acquirer between two questions. */
interface Line {
  readonly acquirer: Acquirer;
  readonly due: string[];
  lookAt: number;
  askAt: number;
  breaker: Breaker;
  /** The question that is under way. */
  asking: Promise<void> | undefined;
}

/**
 * Asks acquirers, each at a gentle pace and one question at a time, what they have on record for merchants that are due. One
 * that fails again and again is left alone for a while.
 */
export class RecordAsker {
  readonly #context: Context;
  readonly #lines: ReadonlyMap<string, Line>;

  /** @param acquirers by code; those that people are asked through are left aside */
  constructor(context: Context, acquirers: ReadonlyMap<string, Acquirer>) {
    this.#context = context;
    const machines = [...acquirers].filter(([, { adapter }]) => adapter !== "manual");
    this.#lines = new Map(
      machines.map(([code, acquirer]): [string, Line] => [
        code,
        { acquirer, due: [], lookAt: 0, askAt: 0, breaker: CLOSED, asking: undefined },
      ]),
    );
  }

  /** Asks every acquirer whose time has come one question. Never rejects; a question that is under way is not waited for. */
  async poll(): Promise<void> {
    const started = [...this.#lines].filter(([, line]) => line.asking === undefined);
    await Promise.all(
      started.map(async ([code, line]) => {
        line.asking = this.#take(code, line)
          .catch((error) =>
            this.#context.log.error({ acquirer: code, ...toErrorFields(error) }, "records not asked for"),
          )
          .finally(() => {
            line.asking = undefined;
          });
        await line.asking;
      }),
    );
  }

  /**
   * Asks at once, whatever the pace, for these merchants or for those that are due, one question after the other; of an
   * acquirer that fails again and again the rest is left out.
   *
   * @param questions those that are due where absent
   * @param limit questions to each acquirer
   * @throws TillsyncError STORE_FAILED
   */
  async askNow(questions: readonly Question[] | undefined, limit: number): Promise<readonly AskedMerchant[]> {
    const asked: AskedMerchant[] = [];
    for (const [code, line] of this.#lines) {
      const due =
        questions === undefined
          ? await listDueMerchants(this.#context.store, code, this.#context.now(), limit)
          : questions.filter(({ acquirer }) => acquirer === code).map(({ merchant }) => merchant);
      for (const merchant of due.slice(0, limit)) {
        const told = await this.#ask(code, line, merchant);
        if (told === undefined) break;
        asked.push(told);
      }
    }
    return asked;
  }

  /** Resolves when nothing is being asked any more. */
  async close(): Promise<void> {
    for (const line of this.#lines.values()) await line.asking;
  }

  async #take(code: string, line: Line): Promise<void> {
    const now = this.#context.now();
    if (line.askAt > now) return;
    if (line.due.length === 0) {
      if (line.lookAt > now) return;
      line.due.push(...(await listDueMerchants(this.#context.store, code, now, MAX_DUE)));
      line.lookAt = now + LOOK_EVERY_S;
    }
    const [merchant] = line.due;
    if (merchant === undefined) return;
    line.askAt = now + ASK_EVERY_S;
    if ((await this.#ask(code, line, merchant)) !== undefined) line.due.shift();
  }

  /** Undefined where the acquirer is left alone. */
  async #ask(code: string, line: Line, merchant: string): Promise<AskedMerchant | undefined> {
    const { state, mayAsk } = stepBreaker(line.breaker, "ask", this.#context.now() * MS);
    line.breaker = state;
    if (!mayAsk) return undefined;
    let isOutOfOrder = true;
    try {
      const told = await askForRecord(this.#context, code, line.acquirer, merchant);
      isOutOfOrder = told.isOutOfOrder;
      return told;
    } finally {
      // Whatever was thrown must not leave the breaker half open.
      line.breaker = stepBreaker(line.breaker, isOutOfOrder ? "failed" : "answered", this.#context.now() * MS).state;
    }
  }
}
