// What a simulated acquirer has on record, whatever way it is asked.

export interface Account {
  readonly kind: "card" | "account";
  readonly bank: string;
  readonly cnaps: string;
  readonly holder: string;
  /** Whole: the acquirer has to pay to it. */
  readonly number: string;
  readonly credit?: "pending" | "proven" | "failed";
}

export interface Change {
  /** What it was asked under: the asker's number where it takes one, else its own. */
  readonly id: string;
  readonly reference: string;
  readonly merchant: string;
  readonly account: Account;
  readonly before: Account | undefined;
  readonly state: "auditing" | "succeeded" | "failed";
  readonly code: string;
  readonly words: string;
}

export interface Decision {
  readonly state: "succeeded" | "failed";
  readonly code?: string;
  readonly words?: string;
  /** It says that it succeeded, and leaves the account as it was. */
  readonly lies?: boolean;
  /** What comes of the trial payment. */
  readonly credit?: Account["credit"];
}

/** Accounts by merchant and changes by id, as it calls them. */
export class Books {
  readonly accounts: Map<string, Account>;
  readonly changes = new Map<string, Change>();
  #decision: Decision | undefined;
  #count = 0;

  constructor(accounts: Readonly<Record<string, Account>>) {
    this.accounts = new Map(Object.entries(accounts));
  }

  /** How changes end from now on; undefined lets them wait for `decide`. */
  settle(decision: Decision | undefined): void {
    this.#decision = decision;
  }

  nextReference(): string {
    this.#count += 1;
    return `R${String(this.#count).padStart(8, "0")}`;
  }

  /** One that is there already is given as it is: asking twice changes nothing more. */
  open(id: string, merchant: string, account: Account): Change {
    const known = this.changes.get(id);
    if (known !== undefined) return known;
    const before = this.accounts.get(merchant);
    const reference = this.nextReference();
    this.#put({ id, reference, merchant, account, before, state: "auditing", code: "", words: "" });
    if (this.#decision !== undefined) this.decide(id, this.#decision);
    return this.find(id);
  }

  decide(id: string, { state, code = "", words = "", lies = false, credit }: Decision): void {
    const change = this.find(id);
    this.#put({ ...change, state, code, words });
    if (state !== "succeeded" || lies) return;
    this.accounts.set(change.merchant, { ...change.account, ...(credit === undefined ? {} : { credit }) });
  }

  find(id: string): Change {
    const change = this.changes.get(id);
    if (change === undefined) throw new Error("no such change");
    return change;
  }

  findByReference(reference: string): Change | undefined {
    return [...this.changes.values()].find((change) => change.reference === reference);
  }

  #put(change: Change): void {
    this.changes.set(change.id, change);
  }
}
