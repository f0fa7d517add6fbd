import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { CliResult } from "../cli.ts";
import type { Shop } from "../shop.ts";
import { runCli } from "./cli-hand.ts";

const MAKER_AND_CHECKER = ["wang.li", "chen.bo"] as const;

/** A settlement in full, as the maker enters it on his own machine. */
export interface SettlementFields {
  readonly kind: "card" | "account";
  readonly bank: string;
  readonly cnaps: string;
  readonly holder: string;
  readonly accountNo: string;
}

/** The two files of `tillsync-sign binding`. */
export interface Bound {
  readonly binding: string;
  readonly opening: string;
  readonly last4: string;
}

export interface ApprovalOptions {
  /** In this order; maker and checker where absent. */
  readonly people?: readonly string[];
  /** The new account, where there is one: the maker opens it, the checker types its digits. */
  readonly account?: Bound;
}

/** The people who sign, each with `tillsync-sign`, and the maker's own machine, where numbers are. */
export class Approvers {
  readonly #shop: Shop;

  constructor(shop: Shop) {
    this.#shop = shop;
  }

  /** Splits a settlement on the maker's machine. */
  async bind(name: string, settlement: SettlementFields): Promise<Bound> {
    const { maker } = this.#shop.folders;
    const file = join(maker, `${name}.json`);
    writeFileSync(file, JSON.stringify(settlement), { mode: 0o600 });
    const binding = join(maker, `${name}.binding`);
    await this.signed("binding", "--settlement", file, "--out", binding);
    return { binding, opening: `${binding}.opening.json`, last4: settlement.accountNo.slice(-4) };
  }

  /** Seals the number to the acquirer, on the maker's machine; gives the file. */
  async seal({ binding, opening }: Bound): Promise<string> {
    const out = `${binding}.sealed.json`;
    const sealing = this.#shop.acquirer?.sealing ?? [];
    await this.signed("acquirer-seal", "--opening", opening, "--binding", binding, ...sealing, "--out", out);
    return out;
  }

  /** The code with which the approvers' program refuses a settlement. */
  async refusedToBind(name: string, settlement: Partial<SettlementFields>): Promise<string> {
    const file = join(this.#shop.folders.maker, `${name}.json`);
    writeFileSync(file, JSON.stringify(settlement), { mode: 0o600 });
    const out = join(this.#shop.folders.maker, `${name}.binding`);
    return toCode(await this.#shop.sign("binding", "--settlement", file, "--out", out));
  }

  /** Brings every terminal from no profile to its first one, with the account on record. */
  async begin(settlement: SettlementFields): Promise<Bound> {
    const account = await this.bind("first", settlement);
    const file = join(this.#shop.folders.desk, "first.release");
    const what = ["--merchant", this.#shop.merchant, "--binding", account.binding, "--reason", "first profile"];
    await runCli(this.#shop, "release", "build", ...what, "--out", file);
    for (const person of MAKER_AND_CHECKER) await this.#signFile(file, person, account);
    await runCli(this.#shop, "release", "publish", file);
    await this.#shop.untilCommitted(1);
    return account;
  }

  /** Each approver fetches the change's release from the desk, signs it on a machine of his own, and hands it in. */
  async approve(id: string, { people = MAKER_AND_CHECKER, account }: ApprovalOptions = {}): Promise<void> {
    for (const person of people) await this.handIn(await this.fetch(id, person), person, account);
  }

  /** Somebody's own copy of the change's release. */
  async fetch(id: string, person: string): Promise<string> {
    const { releaseId } = await runCli(this.#shop, "changes", "show", id);
    const file = join(this.#shop.folders.maker, `${releaseId}.${person}`);
    await this.atDesk(person, "fetch", "--release", releaseId, "--out", file);
    return file;
  }

  /** He signs his copy and hands it in. */
  async handIn(file: string, person: string, account?: Bound): Promise<void> {
    await this.#signFile(file, person, account);
    await this.atDesk(person, "submit", file);
  }

  /** What the desk says, in a code, where it refuses the copy that he signs. */
  async refusedToHandIn(file: string, person: string): Promise<string> {
    await this.#signFile(file, person, undefined);
    const { stderr } = await this.#shop.sign("submit", file, ...this.#toDesk(person));
    return /said=([A-Z_]+)/.exec(stderr)?.[1] ?? "";
  }

  /** What the approvers' program printed. */
  async signed(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.#shop.sign(...args);
    expect(code, stderr).toBe(0);
    return stdout;
  }

  /** The same, where it speaks with the service. */
  atDesk(person: string, ...args: readonly string[]): Promise<string> {
    return this.signed(...args, ...this.#toDesk(person));
  }

  #toDesk(person: string): readonly string[] {
    const ca = join(this.#shop.folders.data, "ca", "ca.pem");
    return ["--service", `https://127.0.0.1:${this.#shop.deskPort}`, "--ca", ca, ...this.#shop.as(person)];
  }

  async #signFile(file: string, person: string, account: Bound | undefined): Promise<void> {
    const isMaker = person === MAKER_AND_CHECKER[0];
    const digits = account === undefined ? [] : ["--last4", account.last4];
    const opening = account === undefined || !isMaker ? [] : ["--opening", account.opening];
    await this.signed("sign", file, "--yes", ...this.#shop.as(person), ...digits, ...opening);
  }
}

/** What it ended with: `CODE: …`. */
function toCode({ stderr }: CliResult): string {
  return stderr.trim().split("\n").at(-1)?.split(":", 1).join() ?? "";
}
