import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type GateContext, verifyDelivery } from "../../agent/gate.ts";
import { verifyTrust } from "../../certs/trust/verify.ts";
import { isEqual, toDigest, toHex, toUtf8 } from "../../proto/bytes.ts";
import { type Delivery, parseDelivery, toDeliveryBytes } from "../../proto/delivery.ts";
import { parseDirective, toDirectiveBytes } from "../../proto/directive.ts";
import { TillsyncError, toErrorCode } from "../../proto/errors.ts";
import { type Profile, toProfileBytes } from "../../proto/profile.ts";
import { flipBit, mutate } from "../support/red-team-bytes.ts";
import { createRandom } from "../support/red-team-random.ts";
import { openAttacked } from "../support/red-team-terminal.ts";
import { DAY_S, deliver, NOW, openTrading, toCard, toTusn } from "../support/red-team-trading.ts";
import { createApprovers, SAMPLE_PROFILE, toDeliveries, toDirective, toNextProfile } from "../support/release.ts";

const approvers = createApprovers(NOW);
const SIGNERS = [approvers.maker, approvers.checker];
const trust = verifyTrust(approvers.trust.root, approvers.trust);

/** What a terminal knows of itself that holds the sample profile since sequence 1. */
function toContext(n: number): GateContext {
  const held = toProfileBytes(SAMPLE_PROFILE);
  return {
    ...{ trust, now: NOW, past: NOW, tusn: toTusn(n), deviceKey: toDeviceKey(n), held, previous: undefined },
    ...{ sequence: 1, cardChanges: [] },
  };
}

function toDeviceKey(n: number): Uint8Array {
  return toDigest(toUtf8(`device of ${toTusn(n)}`));
}

function toChange(n: number, name: string) {
  const profile = toNextProfile(SAMPLE_PROFILE, toCard(name));
  return toDirective({
    tusn: toTusn(n),
    deviceKey: toDeviceKey(n),
    sequence: 2,
    base: SAMPLE_PROFILE,
    profile,
    now: NOW,
  });
}

describe("row 1: a broker that alters or invents an order", () => {
  const [whole] = toDeliveries({
    directives: [toChange(0, "card 1234"), toChange(1, "card 5678")],
    ...{ purpose: "binding", signers: SIGNERS, now: NOW },
  }) as [Uint8Array];

  it("has none accepted in which any bit of what was signed is another", () => {
    const genuine = parseDelivery(whole);
    const at = Buffer.from(whole).indexOf(genuine.nonce);
    const nonce = { from: at * 8, to: (at + genuine.nonce.length) * 8 };
    const codes = new Map<string, number>();
    let accepted = 0;
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      try {
        const { delivery } = verifyDelivery(flipBit(whole, bit), toContext(0));
        accepted += 1;
        // The service's nonce is given back in reports; it says nothing of what is to be done.
        expect(bit >= nonce.from && bit < nonce.to, `bit ${bit}`).toBe(true);
        expect(isEqual(delivery.statement, genuine.statement) && isEqual(delivery.directive, genuine.directive)).toBe(
          true,
        );
      } catch (error) {
        if (!(error instanceof TillsyncError)) throw error;
        codes.set(error.code, (codes.get(error.code) ?? 0) + 1);
      }
    }
    expect(accepted).toBe(nonce.to - nonce.from);
    expect([...codes.values()].reduce((sum, count) => sum + count, 0)).toBe(whole.length * 8 - accepted);
    expect([...codes.keys()]).toEqual(
      expect.arrayContaining(["BYTES_NOT_CANONICAL", "FIELD_INVALID", "STATEMENT_UNSIGNED", "NOT_IN_RELEASE"]),
    );
  });

  it("leaves a terminal as it was, whatever bytes it makes of an order", async () => {
    const { terminal, next, standing } = await openTrading(approvers);
    const order = next(toCard("card 9876"));
    const before = standing();
    const property = fc.asyncProperty(fc.integer(), async (seed) => {
      const random = createRandom(seed);
      const altered = mutate(random.chance(0.5) ? order : mutate(order, random), random);
      const isGenuine = isSameOrder(altered, order);
      if (!isGenuine) await terminal.receive("directive", altered);
      return isGenuine || terminal.state.sequence === 1;
    });
    await fc.assert(property, { numRuns: 1_500 });
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
        await terminal.receive("directive", bytes);
        return terminal.state.sequence === 1;
      }),
      { numRuns: 500 },
    );
    expect(standing()).toEqual(before);
    await deliver(terminal, order);
    expect(terminal.state.sequence).toBe(2);
  });
});

/** Whether the change touched nothing that anybody signed. */
function isSameOrder(altered: Uint8Array, order: Uint8Array): boolean {
  try {
    const [a, b] = [parseDelivery(altered), parseDelivery(order)];
    return isEqual(toDeliveryBytes({ ...a, nonce: b.nonce, sealed: b.sealed }), order);
  } catch {
    return false;
  }
}

describe("row 3: a broker that replays an old order to the same terminal", () => {
  it("has none of the last 1,000 taken again, in any order, twice", async () => {
    const trading = await openTrading(approvers);
    const { terminal } = trading;
    const orders: Uint8Array[] = [];
    for (let n = 0; n < 25; n += 1) {
      // Of forty that were issued, one reached the terminal in time.
      for (let late = 0; late < 39; late += 1) {
        orders.push(trading.next({ parameters: { attempts: 1 + (late % 9) } }, { purpose: "parameters" }));
      }
      orders.push(await trading.take({ parameters: { deadlineS: 31 + n } }, { purpose: "parameters" }));
    }
    expect(orders).toHaveLength(1_000);
    const before = trading.standing();
    const random = createRandom(3);
    for (const order of [...random.shuffle(orders), ...random.shuffle(orders)])
      await terminal.receive("directive", order);
    await terminal.settle();
    expect(trading.standing()).toEqual(before);
    // The last one that was decided is answered, not judged again.
    expect([...terminal.codes]).toEqual([["SEQUENCE_REPLAYED", 1_998]]);
  });

  it("has none taken after a rollback either, which lowers no sequence", async () => {
    const trading = await openTrading(approvers);
    const { terminal } = trading;
    const failing = trading.next(toCard("card 1111"));
    terminal.verdicts.push("failed");
    await deliver(terminal, failing);
    expect(terminal.state).toMatchObject({ sequence: 2, underWay: undefined });
    const other = trading.next(toCard("card 2222"));
    const before = trading.standing();
    for (const order of [failing, other, failing]) await deliver(terminal, order);
    expect(trading.standing()).toEqual(before);
    expect(terminal.codes.get("SEQUENCE_REPLAYED")).toBe(1);
    expect(before.content).toBe(toHex(toDigest(toProfileBytes(SAMPLE_PROFILE))));
  });
});

describe("row 4: a broker that hands one terminal's order to another", () => {
  const TERMINALS = 50;
  const directives = Array.from({ length: TERMINALS }, (_, n) => toChange(n, `card ${1_000 + n}`));
  const orders = toDeliveries({ directives, purpose: "binding", signers: SIGNERS, now: NOW });

  it("has exactly the terminal's own accepted, of 50 by 50", () => {
    const accepted: string[] = [];
    const codes = new Set<string>();
    for (let terminal = 0; terminal < TERMINALS; terminal += 1) {
      for (const [order, bytes] of orders.entries()) {
        try {
          verifyDelivery(bytes, toContext(terminal));
          accepted.push(`${terminal}=${order}`);
        } catch (error) {
          codes.add(toErrorCode(error));
        }
      }
    }
    expect(accepted).toEqual(orders.map((_, n) => `${n}=${n}`));
    expect([...codes]).toEqual(["WRONG_TERMINAL"]);
  });

  it("has it refused by the same serial number on another device, and by another merchant's terminal", async () => {
    const replaced = await openTrading(approvers, { n: 7, deviceKey: toDigest(toUtf8("the device after repair")) });
    const before = replaced.standing();
    await deliver(replaced.terminal, orders[7] as Uint8Array);
    expect(replaced.standing()).toEqual(before);
    expect([...replaced.terminal.codes]).toEqual([["WRONG_DEVICE_KEY", 1]]);

    const merchant = { number: "822290058120002" };
    const other = await openTrading(approvers, { n: 8, profile: toNextProfile(SAMPLE_PROFILE, { merchant }) });
    const held = other.standing();
    const moved = other.next({ merchant: { number: SAMPLE_PROFILE.merchant.number } });
    await deliver(other.terminal, moved);
    expect(other.standing()).toEqual(held);
    expect([...other.terminal.codes]).toEqual([["WRONG_MERCHANT", 1]]);
  });
});

describe("row 5: a broker that joins what was never issued together", () => {
  const VERSIONS = 20;
  const versions = Array.from({ length: VERSIONS }, (_, n): Version => {
    const change = { ...toCard(`card ${2_000 + n}`), merchant: { shortName: `小张餐饮${n}` } };
    const profile = toNextProfile(SAMPLE_PROFILE, change);
    const request = { tusn: toTusn(0), deviceKey: toDeviceKey(0), sequence: 2 + n, base: SAMPLE_PROFILE, profile };
    const directives = [toDirective({ ...request, now: NOW }), toChange(1, "a neighbour")];
    const [order] = toDeliveries({ directives, purpose: "binding", signers: SIGNERS, now: NOW });
    return { profile, order: parseDelivery(order as Uint8Array) };
  });

  it("has no mixture of two of 20 versions accepted, and each of them whole", () => {
    const accepted: string[] = [];
    const codes = new Map<string, number>();
    for (const [a, first] of versions.entries()) {
      for (const [b, second] of versions.entries()) {
        for (const [name, mixed] of toMixtures(first, second)) {
          try {
            verifyDelivery(toDeliveryBytes(mixed), toContext(0));
            accepted.push(a === b ? `${a}` : `${name} of ${a} and ${b}`);
          } catch (error) {
            codes.set(toErrorCode(error), (codes.get(toErrorCode(error)) ?? 0) + 1);
          }
        }
      }
    }
    expect(new Set(accepted)).toEqual(new Set(versions.map((_, n) => `${n}`)));
    expect([...codes.keys()].toSorted()).toEqual(["NOT_IN_RELEASE", "STATEMENT_UNSIGNED"]);
  });

  it("has no version accepted on top of another than it was made for", async () => {
    const trading = await openTrading(approvers);
    const { terminal } = trading;
    const skipped = trading.next(toCard("card 3333"), { directive: { sequence: 3 } });
    await trading.take({ merchant: { shortName: "小张" } });
    const before = trading.standing();
    await deliver(terminal, skipped);
    expect(trading.standing()).toEqual(before);
    expect([...terminal.codes]).toEqual([["BASE_MISMATCH", 1]]);
  });
});

interface Version {
  readonly profile: Profile;
  readonly order: Delivery;
}

/** Parts of two orders, and the order of one with the card of the other in its profile. */
function toMixtures(a: Version, b: Version): readonly (readonly [name: string, mixed: Delivery])[] {
  const profile = toProfileBytes({ ...a.profile, binding: b.profile.binding });
  return [
    ["directive", { ...a.order, directive: b.order.directive }],
    ["directive and path", { ...a.order, directive: b.order.directive, path: b.order.path }],
    ["signatures", { ...a.order, signatures: b.order.signatures }],
    ["statement", { ...a.order, statement: b.order.statement }],
    ["binding", { ...a.order, directive: toDirectiveBytes({ ...parseDirective(a.order.directive), profile }) }],
  ];
}

describe("row 7: a broker that hides answers so that the order comes again", () => {
  it("has the order applied and tested once in 100 deliveries, under whatever nonce", async () => {
    const { terminal, next } = await openTrading(approvers);
    const order = next(toCard("card 4444"));
    const again = (n: number) => toDeliveryBytes({ ...parseDelivery(order), nonce: createRandom(n).bytes(16) });
    const { tests } = terminal;
    const applied = terminal.applied.length;
    for (let n = 0; n < 40; n += 1) await terminal.receive("directive", n === 0 ? order : again(n));
    await terminal.settle();
    for (let n = 40; n < 100; n += 1) await terminal.receive("directive", again(n));
    await terminal.settle();
    expect(terminal.applied.length - applied).toBe(1);
    expect(terminal.tests - tests).toBe(1);
    expect(terminal.state).toMatchObject({ sequence: 2, underWay: undefined });
    expect(terminal.state.unsent.map(({ kind }) => kind)).toEqual(["committed"]);
    expect([...terminal.codes]).toEqual([]);
  });

  it("has it done once over power cuts too", async () => {
    const trading = await openTrading(approvers);
    const order = trading.next(toCard("card 5555"));
    await deliver(trading.terminal, order);
    const again = await openAttacked(trading.terminal.identity, {
      from: trading.terminal.snapshot(),
      clock: NOW + DAY_S / 2,
    });
    await deliver(again, order);
    expect(again.applied).toEqual([]);
    expect(again.tests).toBe(0);
    expect(again.state.sequence).toBe(2);
    await again.close();
  });
});
