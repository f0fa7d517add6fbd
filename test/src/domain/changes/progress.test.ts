import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  CUT_OVER_STATES,
  CUT_OVERS,
  decideNext,
  ON_FAILURE,
  type Progress,
} from "../../../../src/domain/changes/progress.ts";

const FRESH: Progress = {
  ...{ hasTerminals: true, published: false, committed: 0, waiting: 0, failed: 0, ordered: 0, returning: 0 },
  ...{ cutOver: "none", acquirer: "unasked", undoing: undefined, onFailure: "keep", recorded: false, tasks: 0 },
  isFailing: false,
};
const next = (change: Partial<Progress>) => decideNext({ ...FRESH, ...change });
const TAKEN = { published: true, committed: 2 };

describe("a change that is being carried out", () => {
  it("goes to the terminals, waits for each, is noted in the records and is done", () => {
    expect(next({})).toBe("publish");
    expect(next({ published: true, committed: 1, waiting: 1 })).toBe("wait");
    expect(next(TAKEN)).toBe("record");
    expect(next({ ...TAKEN, recorded: true })).toBe("conclude");
  });

  it("without terminals is noted at once", () => {
    expect(next({ hasTerminals: false })).toBe("record");
    expect(next({ hasTerminals: false, recorded: true })).toBe("conclude");
  });

  it("stays open until people have done what follows it", () => {
    expect(next({ ...TAKEN, recorded: true, tasks: 1 })).toBe("wait");
  });

  it("fails where a terminal did not take it, and keeps what was committed", () => {
    expect(next({ ...TAKEN, failed: 1 })).toBe("fail");
    expect(next({ ...TAKEN, failed: 1, onFailure: "suspend" })).toBe("fail");
  });

  it("takes the others back where the policy says so, once, and fails when they are", () => {
    const failed = { ...TAKEN, failed: 1, onFailure: "reverse" } as const;
    expect(next(failed)).toBe("return_terminals");
    expect(next({ ...failed, ordered: 1, returning: 1 })).toBe("wait");
    expect(next({ ...failed, ordered: TAKEN.committed })).toBe("fail");
    expect(next({ ...failed, committed: 0 })).toBe("fail");
  });

  it("looks once more at those whose way back was left out, when the others are back", () => {
    const failed = { ...TAKEN, failed: 1, committed: 2, onFailure: "reverse" } as const;
    expect(next({ ...failed, ordered: 1, returning: 1 })).toBe("wait");
    expect(next({ ...failed, ordered: 1 })).toBe("return_terminals");
  });

  it("is not done where people have ordered terminals back, and fails when they have answered", () => {
    const ordered = { ...TAKEN, ordered: 1, recorded: true } as const;
    expect(next({ ...ordered, returning: 1 })).toBe("wait");
    expect(next(ordered)).toBe("fail");
    expect(next({ ...ordered, cutOver: "last", acquirer: "asked" })).toBe("wait");
    expect(next({ ...ordered, cutOver: "last", acquirer: "confirmed", onFailure: "reverse" })).toBe("undo_acquirer");
  });

  it("is not done where no terminal was sent anything, whatever the change itself says", () => {
    expect(next({ published: true, recorded: true })).toBe("fail");
    expect(next({ published: true, onFailure: "reverse", cutOver: "first", acquirer: "confirmed" })).toBe(
      "undo_acquirer",
    );
  });

  describe("with a fault that no later visit can cure", () => {
    const failing = { isFailing: true, onFailure: "reverse" } as const;

    it("is sent to nobody, and fails where nothing went forward", () => {
      expect(next(failing)).toBe("fail");
      expect(next({ isFailing: true })).toBe("fail");
    });

    it("is undone at the acquirer first, once that has answered", () => {
      const asked = { ...failing, cutOver: "first" } as const;
      expect(next({ ...asked, acquirer: "asked" })).toBe("wait");
      expect(next({ ...asked, acquirer: "succeeded" })).toBe("wait");
      expect(next({ ...asked, acquirer: "confirmed" })).toBe("undo_acquirer");
      expect(next({ ...asked, acquirer: "confirmed", undoing: "asked" })).toBe("wait");
      expect(next({ ...asked, acquirer: "confirmed", undoing: "confirmed" })).toBe("fail");
      expect(next({ ...asked, acquirer: "confirmed", onFailure: "keep" })).toBe("fail");
    });

    it("is taken back from terminals that people sent it to, when none of them can take it any more", () => {
      expect(next({ ...failing, committed: 1, waiting: 1 })).toBe("wait");
      expect(next({ ...failing, committed: 1 })).toBe("return_terminals");
    });
  });

  describe("whose acquirer comes first", () => {
    const first = { cutOver: "first" } as const;

    it("reaches no terminal before the acquirer's own record shows the new account", () => {
      expect(next(first)).toBe("ask_acquirer");
      expect(next({ ...first, acquirer: "asked" })).toBe("wait");
      expect(next({ ...first, acquirer: "succeeded" })).toBe("wait");
      expect(next({ ...first, acquirer: "confirmed" })).toBe("publish");
    });

    it("fails with nothing changed where the acquirer refuses", () => {
      expect(next({ ...first, acquirer: "failed" })).toBe("fail");
    });

    it("is taken back from terminals that had it before the acquirer refused", () => {
      const refused = { ...first, acquirer: "failed", published: true, onFailure: "reverse", committed: 1 } as const;
      expect(next({ ...refused, waiting: 1 })).toBe("wait");
      expect(next(refused)).toBe("return_terminals");
      expect(next({ ...refused, ordered: 1, returning: 1 })).toBe("wait");
      expect(next({ ...refused, ordered: 1 })).toBe("fail");
      expect(next({ ...refused, onFailure: "keep" })).toBe("fail");
    });

    it("undoes the acquirer's record, too, where a terminal fails", () => {
      const failed = { ...first, acquirer: "confirmed", published: true, failed: 1, onFailure: "reverse" } as const;
      expect(next(failed)).toBe("undo_acquirer");
      expect(next({ ...failed, undoing: "asked" })).toBe("wait");
      expect(next({ ...failed, undoing: "confirmed" })).toBe("fail");
      expect(next({ ...failed, undoing: "failed" })).toBe("fail");
      expect(next({ ...failed, undoing: "asked", committed: 1 })).toBe("return_terminals");
      expect(next({ ...failed, undoing: "confirmed", committed: 1, ordered: 1, returning: 1 })).toBe("wait");
    });
  });

  describe("whose acquirer comes last", () => {
    const last = { ...TAKEN, cutOver: "last" } as const;

    it("asks it when every terminal has passed its test, and needs its record, too", () => {
      expect(next({ ...last, waiting: 1 })).toBe("wait");
      expect(next(last)).toBe("ask_acquirer");
      expect(next({ ...last, acquirer: "asked" })).toBe("wait");
      expect(next({ ...last, acquirer: "confirmed" })).toBe("record");
    });

    it("takes the terminals back where the acquirer refuses after them", () => {
      const refused = { ...last, acquirer: "failed", onFailure: "reverse" } as const;
      expect(next(refused)).toBe("return_terminals");
      expect(next({ ...refused, ordered: TAKEN.committed })).toBe("fail");
      expect(next({ ...refused, onFailure: "keep" })).toBe("fail");
    });
  });

  const count = fc.integer({ min: 0, max: 3 });
  const anyProgress = fc.record({
    ...{ hasTerminals: fc.boolean(), published: fc.boolean(), committed: count, waiting: count, failed: count },
    ...{ returning: count, ordered: count, recorded: fc.boolean(), tasks: count, isFailing: fc.boolean() },
    cutOver: fc.constantFrom(...CUT_OVERS),
    acquirer: fc.constantFrom(...CUT_OVER_STATES),
    undoing: fc.option(fc.constantFrom(...CUT_OVER_STATES), { nil: undefined }),
    onFailure: fc.constantFrom(...ON_FAILURE),
  });

  it("is never done without every proof, whatever the records say", () => {
    fc.assert(
      fc.property(anyProgress, (one) => {
        if (decideNext(one) !== "conclude") return;
        expect(one).toMatchObject({ waiting: 0, failed: 0, tasks: 0, recorded: true, isFailing: false });
        expect(one.ordered === 0 || !one.hasTerminals).toBe(true);
        expect((one.published && one.committed > 0) || !one.hasTerminals).toBe(true);
        expect(one.cutOver === "none" || one.acquirer === "confirmed").toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it("never fails while a terminal may still take it, or half way back", () => {
    fc.assert(
      fc.property(anyProgress, (one) => {
        if (decideNext(one) !== "fail") return;
        expect(one.waiting).toBe(0);
        expect(one.returning).toBe(0);
        if (one.onFailure !== "reverse") return;
        expect(one.committed <= one.ordered).toBe(true);
        expect(one.acquirer === "confirmed" && one.undoing === undefined).toBe(false);
        expect(["asked", "succeeded"]).not.toContain(one.acquirer);
      }),
      { numRuns: 2_000 },
    );
  });
});
