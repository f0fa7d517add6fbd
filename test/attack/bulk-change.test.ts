import { describe, expect, it } from "vitest";
import { DEFAULT_CAPS, type Policy } from "../../certs/trust/policy.ts";
import { Dispatch } from "../../src/app/dispatch/dispatch.ts";
import { Presence } from "../../src/app/presence.ts";
import { enrolFleet, openTestFleet, readLedgerKinds, release } from "../support/fleet-store.ts";
import { DAY_S, deliver, NOW, openTrading, toCard, toTusn } from "../support/red-team-trading.ts";
import { createApprovers, SAMPLE_PROFILE, toDeliveries, toDirective, toNextProfile } from "../support/release.ts";

const TOO_MANY = DEFAULT_CAPS.directivesPerBindingRelease + 1;

function withCap(policy: Policy, directivesPerBindingRelease: number): Policy {
  return { ...policy, caps: { ...policy.caps, directivesPerBindingRelease } };
}

describe("row 67: a release of more cards at once than the policy allows", () => {
  it("is not sent any more, where the policy has become narrower since it was published", async () => {
    const fleet = await openTestFleet();
    const terminals = await enrolFleet(fleet, 3);
    await release(fleet);
    const presence = new Presence();
    let sent = 0;
    const dispatch = new Dispatch(fleet, {
      presence,
      policy: () => withCap(fleet.approvers.policy, 2),
      send: () => {
        sent += 1;
        return true;
      },
    });
    for (const { tusn } of terminals) {
      presence.connected(tusn);
      presence.greeted(tusn, presence.connection(tusn), { lacksTrust: false, rootVersion: 1 });
    }
    await dispatch.poll();
    expect(sent).toBe(0);
    expect(await fleet.store.selectFrom("outbox").selectAll().execute()).toEqual([]);
    expect((await readLedgerKinds(fleet)).filter((kind) => kind === "alarm.not_approved")).toHaveLength(3);
  });

  it("is taken by no terminal, while as many limits at once are", async () => {
    const approvers = createApprovers(NOW);
    const trading = await openTrading(approvers);
    const { terminal } = trading;
    const { tusn, deviceKey } = terminal.identity;
    const make = (change: Parameters<typeof toNextProfile>[1], purpose: "binding" | "parameters") => {
      const profile = toNextProfile(SAMPLE_PROFILE, change);
      const request = { deviceKey, sequence: 2, base: SAMPLE_PROFILE, profile, now: NOW };
      const directives = Array.from({ length: TOO_MANY }, (_, n) =>
        toDirective({ ...request, tusn: n === 0 ? tusn : toTusn(n) }),
      );
      const signers = [approvers.maker, approvers.checker];
      return toDeliveries({ directives, purpose, signers, now: NOW })[0] as Uint8Array;
    };
    const before = trading.standing();
    await deliver(terminal, make(toCard("card 1234"), "binding"));
    expect(trading.standing()).toEqual(before);
    expect([...terminal.codes]).toEqual([["CAP_EXCEEDED", 1]]);
    await deliver(terminal, make({ parameters: { attempts: 3 } }, "parameters"));
    expect(terminal.state.sequence).toBe(2);
  });
});

describe("row 67: one card after another on the same terminal", () => {
  it("is not hurried by a terminal's clock that somebody set forward", async () => {
    const trading = await openTrading(createApprovers(NOW));
    const { terminal } = trading;
    await trading.take(toCard("card 1111"));
    const before = trading.standing();
    terminal.clock = NOW + DAY_S - 1;
    await deliver(terminal, trading.next(toCard("card 2222"), { now: NOW }));
    terminal.clock = NOW + 2 * DAY_S;
    await deliver(terminal, trading.next(toCard("card 3333"), { now: NOW }));
    expect(trading.standing()).toEqual(before);
    expect([...terminal.codes]).toEqual([
      ["CARD_CHANGE_TOO_SOON", 1],
      ["TRUST_STALE", 1],
    ]);
  });

  it("is not counted where the first one did not stay", async () => {
    const trading = await openTrading(createApprovers(NOW));
    const { terminal } = trading;
    terminal.verdicts.push("failed");
    await deliver(terminal, trading.next(toCard("card 1111")));
    expect(terminal.state.sequence).toBe(2);
    trading.sequence = 2;
    await trading.take(toCard("card 2222"));
  });
});
