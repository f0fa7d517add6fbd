import type { KeyObject } from "node:crypto";
import { toPublicKey } from "../../certs/keys.ts";
import { toDigest, toHex } from "../../proto/bytes.ts";
import type { DownKind } from "../../proto/topics.ts";
import { parseTrustBundle, type TrustBundle, toTrustBundleBytes } from "../../proto/trust-bundle.ts";
import { TRUST_FORGERIES } from "./red-team-bundles.ts";
import { flipBit } from "./red-team-bytes.ts";
import { findDiskFault, findTrustFault } from "./red-team-checks.ts";
import type { Company } from "./red-team-company.ts";
import { type Arsenal, FORGERIES, type Victim } from "./red-team-forgeries.ts";
import { type Approved, findObjection, type Held, toTaken, toTimes } from "./red-team-oracle.ts";
import type { Random } from "./red-team-random.ts";
import { approveCard, approveNext, approveTraps, readDirective } from "./red-team-releases.ts";
import { type AttackedTerminal, openAttacked, type Snapshot, toReceiptOf } from "./red-team-terminal.ts";
import { signTimestamp } from "./red-team-trust.ts";

/** What a red team is let loose on, and with what. */
export interface Theatre {
  readonly company: Company;
  readonly terminals: readonly AttackedTerminal[];
  /** What each terminal holds, in the same order. */
  readonly held: readonly Held[];
  /** The bundle all terminals hold, and those before it. */
  readonly bundles: readonly TrustBundle[];
  /** Ed25519 private keys found in the loot, and fresh ones. */
  readonly keys: readonly KeyObject[];
  readonly scraps: readonly Uint8Array[];
  /** Seconds. */
  readonly now: number;
}

export interface CampaignOptions {
  readonly random: Random;
  readonly deliveries: number;
  /** Rounds: in each people approve something new for one terminal, the red team has its turn, then that is delivered. */
  readonly rounds: number;
  /** Whether every bit of what people approved is turned over, and of the trust metadata; else a share of them. */
  readonly everyBit: boolean;
  /** Told after every round how many were sent so far. */
  readonly progress?: (sent: number) => void;
}

export interface CampaignResult {
  readonly sent: number;
  readonly codes: ReadonlyMap<string, number>;
  readonly forgeries: ReadonlyMap<string, number>;
  /** What people approved and a terminal took: from the red team's hands, and from the service's. */
  readonly taken: { readonly early: number; readonly genuine: number; readonly trust: number };
  /** What must not have happened, in words. */
  readonly violations: readonly string[];
}

interface Attack {
  readonly name: string;
  readonly kind: DownKind;
  readonly payload: Uint8Array;
}

/** The terminal under attack with what the model says of it. */
interface Front {
  terminal: AttackedTerminal;
  held: Held;
  /** Bundle that the terminal holds, the present that this proves, and people and caps by it. */
  bundle: TrustBundle;
  floor: number;
}

const HOUR_S = 3_600;
const DAY_S = 86_400;
/** Time between two rounds: no cap of a day counts two of them together. */
const ROUND_S = 25 * HOUR_S;
/** Attacks that follow on trust metadata which the terminal took from the red team, before it is set back. */
const FOLLOW_UP = 12;
const MAX_VIOLATIONS = 20;
/** Share of attacks by trust metadata, which takes longest to refuse, and of those under another clock. */
const TRUST_SHARE = 0.025;
const CLOCK_SHARE = 0.03;
/** Share of attacks on another terminal than the one that the round is about. */
const OTHER_SHARE = 0.05;
/** Share of what was taken after which the whole disk is proven. */
const DISK_SHARE = 0.1;
/** Share of attacks by one bit turned over, where there is no time for all of them. */
const FLIP_SHARE = 0.2;

export class Campaign {
  readonly #theatre: Theatre;
  readonly #random: Random;
  readonly #options: CampaignOptions;
  readonly #codes = new Map<string, number>();
  readonly #forgeries = new Map<string, number>();
  readonly #violations: string[] = [];
  readonly #bundles: TrustBundle[];
  readonly #ownKeyIds: readonly Uint8Array[];
  readonly #fronts: Front[];
  readonly #taken = { early: 0, genuine: 0, trust: 0 };
  #present: readonly Approved[] = [];
  #now: number;
  #sent = 0;

  constructor(theatre: Theatre, options: CampaignOptions) {
    this.#theatre = theatre;
    this.#random = options.random;
    this.#options = options;
    this.#now = theatre.now;
    this.#bundles = [...theatre.bundles];
    this.#ownKeyIds = theatre.keys.map((key) => Buffer.from(toPublicKey(key).id, "hex"));
    const bundle = theatre.bundles.at(-1) as TrustBundle;
    this.#fronts = theatre.terminals.map((terminal, at) => {
      return { terminal, held: theatre.held[at] as Held, bundle, floor: theatre.now };
    });
  }

  async run(): Promise<CampaignResult> {
    const { rounds, deliveries } = this.#options;
    for (let round = 0; round < rounds; round += 1) {
      await this.#passTime();
      const front = this.#fronts[round % this.#fronts.length] as Front;
      const next = approveNext(this.#theatre.company, front.held, this.#now, round);
      this.#present = [next, ...approveTraps(this.#theatre.company, front.held, this.#now)];
      const budget = Math.floor((deliveries * (round + 1)) / rounds) - this.#sent;
      await this.#attackFor(front, next, round, budget);
      await this.#deliver(front, next, round);
      this.#options.progress?.(this.#sent);
    }
    for (const { terminal } of this.#fronts) this.#countCodes(terminal);
    const [sent, taken] = [this.#sent, this.#taken];
    return { sent, taken, codes: this.#codes, forgeries: this.#forgeries, violations: this.#violations };
  }

  /** A day goes by; the service renews the timestamp, and every terminal takes it. */
  async #passTime(): Promise<void> {
    this.#now += ROUND_S;
    const bundle = this.#theatre.company.bundle(2, this.#bundles.length + 1, this.#now);
    this.#bundles.push(bundle);
    for (const front of this.#fronts) {
      front.terminal.clock = this.#now;
      await this.#send(front, { name: "service: trust", kind: "trust", payload: toTrustBundleBytes(bundle) });
      this.#demand(front.bundle === bundle, front, "genuine trust metadata was not taken");
    }
  }

  async #attackFor(front: Front, next: Approved, round: number, budget: number): Promise<void> {
    const end = this.#sent + budget;
    const before = this.#toImage(front);
    await this.#attack(front, before, this.#toFreshTimestamp());
    for (const attack of this.#toFlips(next, round, budget)) {
      if (this.#sent >= end) break;
      await this.#attack(front, before, attack);
    }
    while (this.#sent < end) await this.#attack(front, before, this.#toAttack(front));
    await this.#checkWhole(front, "after a batch");
  }

  /** One delivery by the red team; whatever it made the terminal take is judged, and then taken back. */
  async #attack(front: Front, before: Image, attack: Attack): Promise<void> {
    const other = this.#random.chance(OTHER_SHARE) ? this.#random.pick(this.#fronts) : front;
    const image = other === front ? before : this.#toImage(other);
    if (this.#random.chance(CLOCK_SHARE)) other.terminal.clock = this.#toClock();
    this.#sent += 1;
    this.#forgeries.set(attack.name, (this.#forgeries.get(attack.name) ?? 0) + 1);
    const took = await this.#send(other, attack);
    other.terminal.clock = this.#now;
    if (took === "nothing") return;
    this.#taken[took === "trust" ? "trust" : "early"] += 1;
    if (took === "trust") {
      // What the online key signed is taken, as it must be: it says when, and never what.
      for (let more = 0; more < FOLLOW_UP; more += 1) {
        this.#sent += 1;
        await this.#send(other, this.#toAttack(other));
      }
    }
    await this.#checkWhole(other, attack.name, false);
    await this.#setBack(other, image);
  }

  /** Hands it to the terminal and judges by the model what became of that. */
  async #send(front: Front, { name, kind, payload }: Attack): Promise<"nothing" | "trust" | "directive"> {
    const { terminal } = front;
    const { sequence, trust, underWay } = terminal.state;
    await terminal.receive(kind, payload);
    const after = terminal.state;
    this.#demand(after.sequence >= sequence, front, `${name}: the highest sequence fell`);
    if (after.trust !== trust) return this.#judgeTrust(front, name, payload);
    if (after.sequence === sequence && after.underWay === underWay) return "nothing";
    await this.#judgeTaken(front, name, payload);
    return "directive";
  }

  #judgeTrust(front: Front, name: string, payload: Uint8Array): "trust" {
    const bundle = parseTrustBundle(payload);
    const fault = findTrustFault(this.#theatre.company, bundle, front.bundle);
    this.#demand(fault === undefined, front, `${name}: took trust metadata: ${fault}`);
    front.bundle = this.#bundles.find((one) => one.timestamp.length > 0 && isSame(one, bundle)) ?? bundle;
    front.floor = Math.max(front.floor, toTimes(bundle, this.#newestRoot()).issued);
    return "trust";
  }

  async #judgeTaken(front: Front, name: string, payload: Uint8Array): Promise<void> {
    const { terminal, held, bundle } = front;
    const { company } = this.#theatre;
    const now = Math.max(terminal.clock, front.floor);
    const approved = company.register.find(payload);
    const isFresh = now < toTimes(bundle, this.#newestRoot()).until;
    const objection =
      approved === undefined
        ? "nobody approved it"
        : (findObjection(approved, held, company.rules(bundle.policy), now) ?? (isFresh ? undefined : "stale"));
    this.#demand(objection === undefined, front, `${name}: accepted although: ${objection}`);
    const fails = terminal.verdicts[0] === "failed";
    await terminal.settle();
    if (approved !== undefined) {
      front.held = fails ? { ...held, highest: approved.sequence } : toTaken(held, approved, now);
    }
    this.#demand(terminal.state.sequence === front.held.highest, front, `${name}: another sequence than accepted`);
  }

  /** What people approved arrives, and must be taken: a terminal that takes nothing would pass everything else. */
  async #deliver(front: Front, next: Approved, round: number): Promise<void> {
    const { terminal } = front;
    // Every fourth update fails its test, and the terminal goes back.
    if (round % 4 === 3) terminal.verdicts.push("failed");
    const took = await this.#send(front, { name: "service: directive", kind: "directive", payload: next.bytes });
    this.#demand(took === "directive", front, `what people approved was not taken: ${next.purpose}`);
    this.#taken.genuine += 1;
    await this.#tryAnotherCard(front);
    for (const report of terminal.state.unsent) await terminal.receive("receipt", toReceiptOf(report));
    await this.#checkWhole(front, "after a delivery");
  }

  /** People even approved another card for the same day: the terminal takes one. */
  async #tryAnotherCard(front: Front): Promise<void> {
    if (!front.held.cardChanges.includes(this.#now)) return;
    const another = approveCard(this.#theatre.company, front.held, this.#now);
    const took = await this.#send(front, { name: "another card", kind: "directive", payload: another.bytes });
    this.#demand(took === "nothing", front, "a second card within a day was taken");
  }

  /** What the online key is for, by whoever has it now. */
  #toFreshTimestamp(): Attack {
    const bundle = this.#bundles.at(-1) as TrustBundle;
    const timestamp = signTimestamp({
      ...{ version: this.#bundles.length + 100, issued: this.#now, expires: this.#now + DAY_S },
      ...{ snapshot: bundle.snapshot, snapshotVersion: 2, signers: this.#theatre.keys.slice(0, 1) },
    });
    return { name: "trust: fresh timestamp", kind: "trust", payload: toTrustBundleBytes({ ...bundle, timestamp }) };
  }

  #toAttack(front: Front): Attack {
    const random = this.#random;
    if (random.chance(TRUST_SHARE)) {
      const [name, , forge] = pickWeighted(TRUST_FORGERIES, random);
      const { roots } = this.#theatre.company;
      const arsenal = { random, bundles: this.#bundles, roots, keys: this.#theatre.keys, now: this.#now };
      return { name, kind: "trust", payload: forge(arsenal) };
    }
    const [name, , forge] = pickWeighted(FORGERIES, random);
    const payload = forge(this.#toArsenal(), this.#toVictim(front));
    if (random.chance(0.01)) return { name: "in another topic", kind: random.pick(["trust", "receipt"]), payload };
    return { name, kind: "directive", payload };
  }

  /** Each bit of what people approved, and over all rounds each bit of the trust metadata; or so many that there is time. */
  *#toFlips(next: Approved, round: number, budget: number): Generator<Attack> {
    const { everyBit, rounds } = this.#options;
    const bits = next.bytes.length * 8;
    const step = everyBit ? 1 : Math.ceil(bits / (budget * FLIP_SHARE));
    for (let bit = this.#random.below(step); bit < bits; bit += step) {
      yield { name: "each bit over", kind: "directive", payload: flipBit(next.bytes, bit) };
    }
    const trust = toTrustBundleBytes(this.#bundles.at(-1) as TrustBundle);
    const trustBits = trust.length * 8;
    const trustStep = everyBit ? rounds : Math.ceil(trustBits / (budget * TRUST_SHARE));
    for (let bit = everyBit ? round : this.#random.below(trustStep); bit < trustBits; bit += trustStep) {
      yield { name: "trust: each bit over", kind: "trust", payload: flipBit(trust, bit) };
    }
  }

  #toArsenal(): Arsenal {
    const { company, keys, scraps } = this.#theatre;
    return {
      random: this.#random,
      genuine: company.register.all.map(({ bytes }) => bytes),
      present: this.#present.map(({ bytes }) => bytes),
      keys,
      ownKeyIds: this.#ownKeyIds,
      keyIds: Object.values(company.publicKeys).map(({ id }) => Buffer.from(id, "hex")),
      scraps,
      signOther: company.signOther,
    };
  }

  #toVictim({ terminal, held }: Front): Victim {
    const { tusn, deviceKey } = terminal.identity;
    const toBytes = (one: Approved | undefined) => (one === undefined ? undefined : readProfile(one));
    const { current, previous, highest: sequence } = held;
    return { tusn, deviceKey, sequence, held: toBytes(current), previous: toBytes(previous), now: this.#now };
  }

  #toClock(): number {
    return this.#random.pick([
      0,
      1,
      this.#now - 730 * DAY_S,
      this.#now + 3_650 * DAY_S,
      this.#now + 2 * DAY_S,
      2 ** 32,
    ]);
  }

  async #checkWhole(front: Front, when: string, isLast = true): Promise<void> {
    const { terminal, held } = front;
    await terminal.settle();
    const approved = this.#theatre.company.register.profilesOf(terminal.identity.tusn);
    const strange = terminal.applied.filter((profile) => !approved.has(profile));
    this.#demand(strange.length === 0, front, `${when}: the terminal was given a profile that nobody approved`);
    const content = terminal.content === undefined ? "" : toHex(toDigest(terminal.content));
    this.#demand(content === (held.current?.profile ?? ""), front, `${when}: it trades on another profile`);
    // Proving a whole disk takes long: at the end of each batch, and now and then in between.
    if (!isLast && !this.#random.chance(DISK_SHARE)) return;
    const fault = findDiskFault(this.#theatre.company, terminal);
    this.#demand(fault === undefined, front, `${when}: ${fault}`);
  }

  #toImage({ terminal, held, bundle, floor }: Front): Image {
    return { snapshot: terminal.snapshot(), held, bundle, floor };
  }

  async #setBack(front: Front, { snapshot, held, bundle, floor }: Image): Promise<void> {
    this.#countCodes(front.terminal);
    await front.terminal.close();
    front.terminal = await openAttacked(front.terminal.identity, { from: snapshot, clock: this.#now });
    Object.assign(front, { held, bundle, floor });
  }

  #countCodes(terminal: AttackedTerminal): void {
    for (const [code, count] of terminal.codes) this.#codes.set(code, (this.#codes.get(code) ?? 0) + count);
  }

  #newestRoot(): Uint8Array {
    return this.#theatre.company.roots[1];
  }

  #demand(holds: boolean, { terminal }: Front, what: string): void {
    if (holds) return;
    this.#violations.push(`${terminal.identity.tusn} at delivery ${this.#sent}: ${what}`);
    if (this.#violations.length >= MAX_VIOLATIONS) throw new Error(this.#violations.join("\n"));
  }
}

interface Image {
  readonly snapshot: Snapshot;
  readonly held: Held;
  readonly bundle: TrustBundle;
  readonly floor: number;
}

function pickWeighted<T>(
  list: readonly (readonly [string, number, T])[],
  random: Random,
): readonly [string, number, T] {
  const total = list.reduce((sum, [, weight]) => sum + weight, 0);
  let left = random.below(total);
  for (const entry of list) {
    left -= entry[1];
    if (left < 0) return entry;
  }
  return random.pick(list);
}

function isSame(a: TrustBundle, b: TrustBundle): boolean {
  return Buffer.compare(a.timestamp, b.timestamp) === 0 && Buffer.compare(a.policy, b.policy) === 0;
}

function readProfile(approved: Approved): Uint8Array {
  return readDirective(approved).profile;
}
