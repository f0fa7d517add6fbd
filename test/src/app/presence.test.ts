import { describe, expect, it } from "vitest";
import { Presence } from "../../../src/app/presence.ts";
import { TUSN_A, TUSN_B } from "../../support/certificates.ts";

describe("presence", () => {
  it("takes a terminal for ready once it is connected and has greeted, in either order", () => {
    const presence = new Presence();
    presence.connected(TUSN_A);
    expect(presence.ready()).toEqual([]);
    presence.greeted(TUSN_A, presence.connection(TUSN_A), false);
    presence.greeted(TUSN_B, presence.connection(TUSN_B), false);
    expect(presence.ready()).toEqual([TUSN_A]);
    presence.connected(TUSN_B);
    expect(presence.ready()).toEqual([TUSN_A, TUSN_B]);
    presence.disconnected(TUSN_A);
    expect([presence.isReady(TUSN_A), presence.isReady(TUSN_B)]).toEqual([false, true]);
  });

  it("counts no greeting of a connection that ended", () => {
    const presence = new Presence();
    presence.connected(TUSN_A);
    const old = presence.connection(TUSN_A);
    presence.disconnected(TUSN_A);
    presence.greeted(TUSN_A, old, false);
    presence.connected(TUSN_A);
    presence.greeted(TUSN_A, old, false);
    expect(presence.isReady(TUSN_A)).toBe(false);
    presence.greeted(TUSN_A, presence.connection(TUSN_A), false);
    expect(presence.isReady(TUSN_A)).toBe(true);
  });

  it("waits until a terminal that lacks trust metadata was handed it", () => {
    const presence = new Presence();
    presence.greeted(TUSN_A, presence.connection(TUSN_A), true);
    expect(presence.lackingTrust()).toEqual([]);
    presence.connected(TUSN_A);
    expect([presence.isReady(TUSN_A), presence.lacksTrust(TUSN_A)]).toEqual([false, true]);
    presence.trusted(TUSN_A);
    presence.trusted(TUSN_B);
    expect([presence.isReady(TUSN_A), presence.lacksTrust(TUSN_A), presence.lacksTrust(TUSN_B)]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
