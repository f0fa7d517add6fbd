import { describe, expect, it } from "vitest";
import { Presence } from "../../../src/app/presence.ts";
import { TUSN_A, TUSN_B } from "../../support/certificates.ts";

const FRESH = { lacksTrust: false, rootVersion: 3 };
const LACKING = { lacksTrust: true, rootVersion: 2 };

describe("presence", () => {
  it("takes a terminal for ready once it is connected and has greeted, in either order", () => {
    const presence = new Presence();
    presence.connected(TUSN_A);
    expect(presence.ready()).toEqual([]);
    presence.greeted(TUSN_A, presence.connection(TUSN_A), FRESH);
    presence.greeted(TUSN_B, presence.connection(TUSN_B), FRESH);
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
    presence.greeted(TUSN_A, old, FRESH);
    presence.connected(TUSN_A);
    presence.greeted(TUSN_A, old, FRESH);
    expect(presence.isReady(TUSN_A)).toBe(false);
    presence.greeted(TUSN_A, presence.connection(TUSN_A), FRESH);
    expect(presence.isReady(TUSN_A)).toBe(true);
  });

  it("waits until a terminal that lacks trust metadata was handed it", () => {
    const presence = new Presence();
    presence.greeted(TUSN_A, presence.connection(TUSN_A), LACKING);
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

  it("remembers, for as long as the connection lasts, which root the terminal said it holds", () => {
    const presence = new Presence();
    presence.connected(TUSN_A);
    expect(presence.rootVersion(TUSN_A)).toBeUndefined();
    presence.greeted(TUSN_A, presence.connection(TUSN_A), LACKING);
    presence.trusted(TUSN_A);
    expect(presence.rootVersion(TUSN_A)).toBe(2);
    presence.disconnected(TUSN_A);
    presence.connected(TUSN_A);
    expect(presence.rootVersion(TUSN_A)).toBeUndefined();
  });
});
