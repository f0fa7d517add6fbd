import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "vitest";
import type { Decision } from "../../../sim/acquirers/books.ts";
import { SOON_MS } from "../patience.ts";
import type { Shop } from "../shop.ts";
import { runCli } from "./cli-hand.ts";
import type { Hand, ShownChange, ShownMerchant } from "./hand.ts";
import { toMailText } from "./mail.ts";
import { type PackRules, toPackText } from "./pack.ts";
import { checkReceipt } from "./receipts.ts";

// What the end-to-end stories of changes share: what approvers do, what is waited for, and what has to be true at an end.

/** A change takes several looks of the service, which are seconds apart. */
const WAIT_MS = 3 * SOON_MS;
const POLL_MS = 300;
/** Entries of a shop's ledger: far more than its stories make. */
const MAX_ENTRIES = 10_000;

/** How a story ends, wherever somebody looks. */
export interface Ending {
  readonly state: ShownChange["state"];
  /** Of a change that failed. */
  readonly code?: string;
  readonly requester: string;
  /** Of the merchant's record. */
  readonly record: Partial<ShownMerchant>;
  /** Of the profile that each terminal trades on. */
  readonly runs: { readonly merchant?: object; readonly binding?: object };
  /** Of the terminals that the change reached, such as `committed`, in any order; none where it reached none. */
  readonly terminals: readonly string[];
  /** What the acquirer was asked for and what came of it, such as `change confirmed`. */
  readonly orders?: readonly string[];
  /** The number that the acquirer pays to, where there is an acquirer. */
  readonly settlesTo?: string;
  /** Kinds of the ledger's entries about the change and its orders, in their order. */
  readonly ledger: readonly string[];
  /** Times that the change altered the merchant's record, by what terminals committed or otherwise. */
  readonly alterations: number;
}

interface LedgerLine {
  readonly kind: string;
  readonly subject: string;
  readonly detail: string;
}

/** Kind of the entries about the record, which stand where a terminal's report happened to come in. */
const ALTERED = "merchant.changed";

/** The stories of one shop, told with two hands. */
export class Stories {
  /** Changes whose stories have been told to their end, by id in the order of their first ends: how they ended last. */
  readonly told = new Map<string, Ending>();
  readonly #shop: Shop;
  readonly #cli: Hand;
  readonly #api: Hand;

  constructor(shop: Shop, hands: { readonly cli: Hand; readonly api: Hand }) {
    this.#shop = shop;
    this.#cli = hands.cli;
    this.#api = hands.api;
  }

  /** The change as it is once this holds of it. */
  async until(id: string, holds: (change: ShownChange) => boolean): Promise<ShownChange> {
    const deadline = performance.now() + WAIT_MS;
    let change = await this.#cli.show(id);
    while (!holds(change)) {
      if (performance.now() > deadline) throw new Error(`it came no further: ${JSON.stringify(change)}`);
      await delay(POLL_MS);
      change = await this.#cli.show(id);
    }
    return change;
  }

  untilState(id: string, state: string): Promise<ShownChange> {
    return this.until(id, (change) => change.state === state);
  }

  /** The acquirer's order once it stands so. */
  async untilOrdered(id: string, state: string): Promise<string> {
    const { orders } = await this.until(id, (change) => change.orders.at(-1)?.state === state);
    return orders.at(-1)?.requestNo ?? "";
  }

  /** The acquirer decides on what it has been asked for, and a person has the service ask about that at once. */
  async decide(decision: Decision, requestNo: string): Promise<void> {
    const { acquirer } = this.#shop;
    const { changes = [] } = (await acquirer?.process.command({ type: "look" })) ?? {};
    const auditing = changes.filter(({ state }) => state === "auditing");
    for (const { id } of auditing) await acquirer?.process.command({ type: "decide", id, decision });
    await runCli(this.#shop, "acquirers", "resume", requestNo, "--reason", "the audit is over", "--by", "li.mei");
  }

  /** Another policy pack is in force from now on. */
  async load(rules: PackRules, version: number): Promise<void> {
    const file = join(this.#shop.folders.maker, `pack-${version}.json`);
    writeFileSync(file, toPackText(rules, version));
    await runCli(this.#shop, "policies", "load", file);
  }

  /** The acquirer decides so on whatever it is asked for from now on. */
  async settle(decision: Decision): Promise<void> {
    await this.#shop.acquirer?.process.command({ type: "settle", decision });
  }

  /** Every story was told to its end: whoever looks for the changes later finds them, the newest first, with their receipts. */
  async demandKept(): Promise<void> {
    const listed: readonly { readonly id: string }[] = await runCli(this.#shop, "changes", "list");
    expect(listed.map(({ id }) => id)).toEqual([...this.told.keys()].reverse());
    for (const [id, { state, code = "", requester, terminals }] of this.told) {
      await checkReceipt(this.#shop, id, { outcome: state, code, requester, terminals });
    }
  }

  /** Resolves when these people, and no others, were told by mail that this happened to the change. */
  async untilMailed(id: string, words: string, people: readonly string[]): Promise<void> {
    const find = () =>
      this.#shop.mails.filter((mail) => {
        const text = toMailText(mail);
        return text.includes(id) && text.includes(words);
      });
    await expect
      .poll(
        () =>
          find()
            .map(({ to }) => to)
            .sort(),
        { timeout: SOON_MS },
      )
      .toEqual([...people].sort());
  }

  /** Looks at everything that a change leaves behind. */
  async end(id: string, expected: Ending): Promise<void> {
    const { state, code = "", requester, record, runs, terminals, orders = [] } = expected;
    const byCli = await this.#cli.show(id);
    const byApi = await this.#api.show(id);
    expect(byCli).toMatchObject({ id, state, code, requester });
    expect(toCommon(byApi)).toEqual(toCommon(byCli));
    expect(byCli.terminals.map((terminal) => terminal.state).sort()).toEqual([...terminals].sort());
    expect(byCli.orders.map((order) => `${order.purpose} ${order.state}`)).toEqual(orders);
    for (const hand of [this.#cli, this.#api]) expect(await hand.merchant()).toMatchObject(record);
    await this.runAll(runs);
    await this.#demandNothingBooked();
    if (expected.settlesTo !== undefined) {
      await this.demandPaidTo(expected.settlesTo);
      const [seen] = await runCli(this.#shop, "acquirers", "query", this.#shop.merchant);
      expect(seen).toMatchObject({ ours: { last4: expected.settlesTo.slice(-4) }, finding: "wanted" });
    }
    // The receipt comes some seconds later.
    const toKinds = async () => (await this.#readEntries(id)).map(({ kind }) => kind);
    const { ledger, alterations } = expected;
    const toOrdered = async () => (await toKinds()).filter((kind) => kind !== ALTERED);
    await expect.poll(toOrdered, { timeout: SOON_MS }).toEqual(ledger);
    expect((await toKinds()).filter((kind) => kind === ALTERED)).toHaveLength(alterations);
    await runCli(this.#shop, "ledger", "verify");
    this.told.set(id, expected);
  }

  /** Demands that the acquirer pays to this number. What is told where it does not holds none. */
  async demandPaidTo(number: string): Promise<void> {
    const account = await this.#shop.acquirer?.account();
    expect(account?.number.slice(-4)).toBe(number.slice(-4));
    expect(account?.number === number).toBe(true);
  }

  /** Demands that every terminal trades on such a profile. */
  async runAll(profile: Ending["runs"]): Promise<void> {
    for (const tusn of this.#shop.tusns) {
      expect(await runCli(this.#shop, "terminals", "show", tusn), tusn).toMatchObject({ profile });
    }
  }

  /** What the ledger's entries of that kind say of the change. */
  async readDetails(id: string, kind: string): Promise<readonly unknown[]> {
    const entries = await this.#readEntries(id);
    return entries.filter((entry) => entry.kind === kind).map(({ detail }) => JSON.parse(detail));
  }

  /** Entries about the change, or about its orders, in their order. */
  async #readEntries(id: string): Promise<readonly LedgerLine[]> {
    const { entries } = await runCli(this.#shop, "ledger", "show", "--from", "0", "--limit", String(MAX_ENTRIES));
    return (entries as readonly LedgerLine[]).filter(
      ({ subject, detail }) => subject === id || detail.includes(`"change":"${id}"`),
    );
  }

  /** Every test purchase was taken back at the host. */
  async #demandNothingBooked(): Promise<void> {
    const toLeft = () => {
      const records = this.#shop.host.records().filter(({ effective }) => effective);
      return records.filter(({ kind }) => kind === "purchase").length * 2 - records.length;
    };
    await expect.poll(toLeft, { timeout: SOON_MS }).toBe(0);
  }
}

/** What both ways of looking tell. */
function toCommon(change: ShownChange): ShownChange {
  const { id, kind, state, code, revision, requester, feeFen, isRecovery, releaseId, pack } = change;
  const { attachments, tasks, orders, terminals, events } = change;
  return {
    ...{ id, kind, state, code, revision, requester, feeFen, isRecovery, releaseId, pack },
    ...{ attachments, tasks, orders, terminals, events },
  };
}
