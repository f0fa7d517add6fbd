import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toDigest } from "../../../proto/bytes.ts";
import { type Hello, PHASES } from "../../../proto/terminal-messages.ts";
import { parseTusn } from "../../../proto/tusn.ts";
import { isLost, isUseless, type Knowledge, type OpenDeployment, reconcile } from "../../../src/domain/reconcile.ts";

const NONE = new Uint8Array(0);
const [OLD, NEW, OTHER, DIRECTIVE] = [1, 2, 3, 4].map((n) => toDigest(Uint8Array.of(n))) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
];

const OPEN: OpenDeployment = {
  sequence: 5,
  state: "sent",
  baseDigest: OLD,
  profileDigest: NEW,
};

function toHello(change: Partial<Hello> = {}): Hello {
  return {
    tusn: parseTusn("0000290210015708"),
    counter: 9,
    sequence: 5,
    current: NEW,
    previous: OLD,
    phase: "idle",
    directive: NONE,
    timestampVersion: 3,
    stale: false,
    unsent: 0,
    agentVersion: "0.1.0",
    rootVersion: 2,
    cardKey: new Uint8Array(0),
    cardKeyProof: new Uint8Array(0),
    run: new Uint8Array(0),
    busy: "",
    ...change,
  };
}

function decide(
  hello: Partial<Hello>,
  open: Partial<OpenDeployment> | undefined = {},
  change: Partial<Knowledge> = {},
) {
  const known = { trust: TRUST, issuedSequence: 5, reportedSequence: 4, ...change };
  return reconcile(toHello(hello), open === undefined ? known : { ...known, open: { ...OPEN, ...open } });
}

const TRUST = { timestampVersion: 3, rootVersion: 2 };
const NOTHING = { sendTrust: false, isTrustAhead: false, sendDirective: false, isAhead: false, isBehind: false };

describe("reconcile", () => {
  it("has nothing to do where nothing is open", () => {
    expect(reconcile(toHello(), { trust: TRUST, issuedSequence: 5, reportedSequence: 5 })).toEqual(NOTHING);
  });

  it("sends trust metadata where the terminal's root or timestamp is another", () => {
    expect(decide({ timestampVersion: 3, rootVersion: 2 })).toMatchObject({ sendTrust: false, isTrustAhead: false });
    expect(decide({ timestampVersion: 2 })).toMatchObject({ sendTrust: true, isTrustAhead: false });
    expect(decide({ rootVersion: 1 })).toMatchObject({ sendTrust: true, isTrustAhead: false });
  });

  it("notices trust metadata that is newer than its own, and sends its own all the same", () => {
    expect(decide({ timestampVersion: 4 })).toMatchObject({ sendTrust: true, isTrustAhead: true });
    expect(decide({ timestampVersion: 2, rootVersion: 3 })).toMatchObject({ sendTrust: true, isTrustAhead: true });
    // Somebody drove the timestamp to its end with a stolen key; the root that took that key away comes from here.
    expect(decide({ timestampVersion: 0xffff_ffff, rootVersion: 1 })).toMatchObject({
      sendTrust: true,
      isTrustAhead: true,
    });
  });

  it("takes a way back for useless once the terminal has been past the change and holds something else", () => {
    const reserve = { sequence: 6, baseDigest: NEW };
    expect(isUseless(toHello({ sequence: 5, current: NEW }), reserve)).toBe(false);
    expect(isUseless(toHello({ sequence: 4, current: OLD }), reserve)).toBe(false);
    expect(isUseless(toHello({ sequence: 5, current: OLD }), reserve)).toBe(true);
    expect(isUseless(toHello({ sequence: 9, current: OTHER }), reserve)).toBe(true);
    expect(isUseless(toHello({ sequence: 5, current: OLD, unsent: 1 }), reserve)).toBe(false);
    expect(isUseless(toHello({ sequence: 5, current: OLD, directive: DIRECTIVE }), reserve)).toBe(false);
  });

  it("sends the directive that the terminal has not taken", () => {
    for (const state of ["pending", "sent"] as const) {
      expect(decide({ sequence: 4, current: OLD }, { state })).toEqual({ ...NOTHING, sendDirective: true });
    }
  });

  it("does not send again what the terminal once said it took", () => {
    for (const state of ["verified", "applied"] as const) {
      expect(decide({ sequence: 4, current: OLD }, { state }).sendDirective).toBe(false);
    }
  });

  it("waits where the directive is under way or its report still to come", () => {
    for (const phase of PHASES.filter((name) => !["idle", "suspended", "broken"].includes(name))) {
      expect(decide({ phase, directive: DIRECTIVE })).toEqual(NOTHING);
    }
    expect(decide({ unsent: 1 })).toEqual(NOTHING);
  });

  it("concludes what an idle terminal proves by the profile it holds", () => {
    expect(decide({ current: NEW })).toEqual({ ...NOTHING, conclude: "committed" });
    expect(decide({ current: OLD })).toEqual({ ...NOTHING, conclude: "rolled_back" });
    expect(decide({ current: OTHER })).toEqual(NOTHING);
    expect(decide({ current: NONE }, { baseDigest: NONE })).toEqual({ ...NOTHING, conclude: "rolled_back" });
  });

  it("concludes that a terminal is suspended or broken", () => {
    expect(decide({ phase: "suspended", current: OLD }).conclude).toBe("suspended");
    expect(decide({ phase: "broken" }).conclude).toBe("broken");
  });

  it("notices a sequence that was never issued, and concludes nothing of it", () => {
    expect(decide({ sequence: 6 })).toEqual({ ...NOTHING, isAhead: true });
  });

  it("notices a sequence below the one once told", () => {
    expect(decide({ sequence: 3 }).isBehind).toBe(true);
    expect(decide({ sequence: 4 }).isBehind).toBe(false);
  });

  it("takes a directive for lost only where a lower sequence contradicts that it was taken", () => {
    for (const state of ["verified", "applied"] as const) {
      expect(isLost(toHello({ sequence: 4 }), { sequence: 5, state })).toBe(true);
      expect(isLost(toHello({ sequence: 5 }), { sequence: 5, state })).toBe(false);
      expect(isLost(toHello({ sequence: 6 }), { sequence: 5, state })).toBe(false);
    }
    for (const state of ["pending", "sent"] as const) {
      expect(isLost(toHello({ sequence: 4 }), { sequence: 5, state })).toBe(false);
    }
  });

  it("never both sends a directive and concludes it, nor concludes a commit of another profile", () => {
    const digest = fc.constantFrom(NONE, OLD, NEW, OTHER);
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 8 }),
        digest,
        fc.constantFrom(...PHASES),
        fc.integer({ min: 0, max: 2 }),
        fc.constantFrom("pending", "sent", "verified", "applied" as const),
        (sequence, current, phase, unsent, state) => {
          const { sendDirective, conclude } = decide({ sequence, current, phase, unsent }, { state });
          expect(sendDirective && conclude !== undefined).toBe(false);
          if (conclude === "committed") expect([current, sequence, unsent]).toEqual([NEW, 5, 0]);
        },
      ),
    );
  });
});
