import { TillsyncError } from "../../../../proto/errors.ts";
import { type OnRecord, toMasked } from "../../../domain/acquirers/on-record.ts";
import type { Told } from "../../../domain/acquirers/order.ts";
import { findNewestTick, listTicks } from "../../../store/acquirer-ticks.ts";
import type { Context } from "../../context.ts";
import type { Acquirer, SettlementOrder } from "../acquirer.ts";
import { type Channel, listSteps } from "./checklists.ts";
import { REFUSED_STEP } from "./tick.ts";

export interface ManualOptions {
  readonly context: Context;
  readonly code: string;
  readonly channel: Channel;
}

/**
 * An acquirer that only people can ask: through the bank's app, Alipay, the maker's software or a hotline. What is asked and
 * known stands in the ticks of the order's checklist (`tickStep`).
 */
export class ManualAcquirer implements Acquirer {
  readonly adapter = "manual";
  readonly channel: Channel;
  readonly #context: Context;
  readonly #code: string;

  constructor({ context, code, channel }: ManualOptions) {
    this.#context = context;
    this.#code = code;
    this.channel = channel;
  }

  /** The checklist is open from now on. */
  async request(order: SettlementOrder): Promise<Told> {
    return this.follow(order);
  }

  async follow({ requestNo }: SettlementOrder): Promise<Told> {
    const ticks = await listTicks(this.#context.store, requestNo);
    const noted = (step: string) => ticks.find((tick) => tick.step === step)?.noted;
    const refused = noted(REFUSED_STEP);
    const steps = listSteps(this.channel);
    const withCase = steps.find(({ notes }) => notes === "case");
    const reference = noted(withCase?.id ?? "") ?? "";
    if (refused !== undefined) return { state: "failed", reference, code: "REFUSED", words: refused };
    const isDone = steps.every(({ id }) => noted(id) !== undefined);
    return { state: isDone ? "succeeded" : "auditing", reference, words: "" };
  }

  async query(merchant: string): Promise<OnRecord | undefined> {
    const look = listSteps(this.channel).find(({ notes }) => notes === "account");
    const tick = await findNewestTick(this.#context.store, this.#code, merchant, look?.id ?? "");
    if (tick === undefined) return undefined;
    const nothing = { kind: "", bank: "", cnaps: "", holder: "" } as const;
    return { ...nothing, masked: toMasked(tick.noted), credit: "proven", at: tick.at };
  }

  /** There is nobody to reach but people. */
  async check(): Promise<void> {
    if (listSteps(this.channel).length === 0) throw new TillsyncError("ACQUIRER_FAILED", { what: "no steps" });
  }
}
