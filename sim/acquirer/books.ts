/** One purchase or reversal as the acquirer saw it, in order of arrival. JSON throughout. */
export interface AcquirerRecord {
  readonly kind: "purchase" | "reversal";
  readonly terminalNo: string;
  readonly merchantNo: string;
  readonly trace: number;
  /** 6 digits. */
  readonly batch: string;
  readonly amountFen: number;
  /** Field 39 of a reversal, why it was sent; empty for a purchase. */
  readonly reason: string;
  /** Response code, whether or not it was sent; empty for a message that "never arrived". */
  readonly code: string;
  /** A purchase that was debited; a reversal that undid one. */
  readonly effective: boolean;
}

/** Records and purchases kept; beyond it the oldest go. */
export const MAX_RECORDS = 100_000;

const APPROVED = "00";
const NOTHING_TO_REVERSE = "25";
const REVERSED_ALREADY = "12";
const DUPLICATE = "94";

/** What the host has booked. */
export class Books {
  readonly #records: AcquirerRecord[] = [];
  readonly #purchases = new Map<string, "debited" | "reversed">();

  /** Books a purchase that the host would answer with `code`; gives the code that stands. */
  purchase(entry: Omit<AcquirerRecord, "kind" | "code" | "effective">, code: string): string {
    const key = toKey(entry);
    const final = code === APPROVED && this.#purchases.has(key) ? DUPLICATE : code;
    const effective = final === APPROVED;
    if (effective) this.#keep(key, "debited");
    this.#record({ ...entry, kind: "purchase", code: final, effective });
    return final;
  }

  /** Books a reversal likewise. */
  reverse(entry: Omit<AcquirerRecord, "kind" | "code" | "effective">, code: string): string {
    const key = toKey(entry);
    const final = code === APPROVED ? this.#toReversalCode(key) : code;
    const effective = final === APPROVED;
    if (effective) this.#keep(key, "reversed");
    this.#record({ ...entry, kind: "reversal", code: final, effective });
    return final;
  }

  records(): readonly AcquirerRecord[] {
    return [...this.#records];
  }

  #toReversalCode(key: string): string {
    const state = this.#purchases.get(key);
    if (state === undefined) return NOTHING_TO_REVERSE;
    return state === "debited" ? APPROVED : REVERSED_ALREADY;
  }

  #keep(key: string, state: "debited" | "reversed"): void {
    this.#purchases.set(key, state);
    const [oldest] = this.#purchases.keys();
    if (this.#purchases.size > MAX_RECORDS && oldest !== undefined) this.#purchases.delete(oldest);
  }

  #record(record: AcquirerRecord): void {
    this.#records.push(record);
    if (this.#records.length > MAX_RECORDS) this.#records.shift();
  }
}

/** A purchase is known by terminal, merchant, batch and trace; a reversal must also name its amount. */
function toKey(entry: Omit<AcquirerRecord, "kind" | "code" | "effective">): string {
  return [entry.merchantNo, entry.terminalNo, entry.batch, entry.trace, entry.amountFen].join("/");
}
