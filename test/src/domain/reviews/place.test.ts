import { describe, expect, it } from "vitest";
import { NEXT_STEPS, NEXT_WORDS } from "../../../../src/domain/reviews/next.ts";
import { ASK_AGAIN_S, FIRST_RETRY_S, toDueAt } from "../../../../src/domain/reviews/pace.ts";
import { comparePlaces, parsePlace, type RowPlace, toEndOf, toPlaceText } from "../../../../src/domain/reviews/row.ts";
import { MERCHANT, TUSN_0 } from "../../../support/fleet-store.ts";

const PLACES: readonly RowPlace[] = [
  { merchant: MERCHANT, tusn: "", kind: "account_expired", subject: "1" },
  { merchant: MERCHANT, tusn: "", kind: "account_expired", subject: "2" },
  { merchant: MERCHANT, tusn: "", kind: "licence_unknown", subject: "" },
  { merchant: MERCHANT, tusn: TUSN_0, kind: "terminal_drift", subject: "" },
  toEndOf(MERCHANT),
  { merchant: "999999999999999", tusn: "", kind: "review_soon", subject: "" },
];

describe("the place of a row", () => {
  it("stands in one order: merchant, terminal, kind, subject", () => {
    expect(PLACES.toReversed().toSorted(comparePlaces)).toEqual(PLACES);
    expect(comparePlaces(toEndOf(MERCHANT), toEndOf(MERCHANT))).toBe(0);
  });

  it("is written and read as it is", () => {
    for (const place of PLACES) expect(parsePlace(toPlaceText(place))).toEqual(place);
  });

  it.each(["", ":::", `${MERCHANT}::nothing:`, `${MERCHANT}:x::`, `${MERCHANT}:::`.repeat(2), `${MERCHANT}:::a b`])(
    "is refused where it is %j",
    (text) => {
      expect(() => parsePlace(text)).toThrow(expect.objectContaining({ code: "CURSOR_INVALID" }));
    },
  );
});

it("every next step has its words", () => {
  for (const step of NEXT_STEPS) expect(NEXT_WORDS[step]).toMatch(/^[a-z]/);
});

it("an acquirer is asked again after a day, or sooner after failures, ever later", () => {
  expect([0, 1, 2, 3, 9, 1_000].map((failures) => toDueAt(0, failures))).toEqual([
    ...[ASK_AGAIN_S, FIRST_RETRY_S, 2 * FIRST_RETRY_S, 4 * FIRST_RETRY_S, ASK_AGAIN_S, ASK_AGAIN_S],
  ]);
});
