import { sql } from "kysely";
import { expect, it } from "vitest";
import { importFleet } from "../../../src/app/import/import-fleet.ts";
import { addReview, listReviews } from "../../../src/store/reviews.ts";
import { transact } from "../../../src/store/store.ts";
import { MERCHANT, openTestFleet, START, toFleetRow } from "../../support/fleet-store.ts";

it("a review that was noted can be altered, removed and overwritten by no statement", async () => {
  const { store, ...fleet } = await openTestFleet();
  await importFleet({ store, ...fleet }, [toFleetRow()]);
  const review = await transact(store, (tx) =>
    addReview(tx, { merchant: MERCHANT, at: START, actor: "li.mei", note: "seen" }),
  );
  for (const statement of [
    "update reviews set note = 'never seen'",
    "update reviews set at = at + 86400",
    "delete from reviews",
    `insert or replace into reviews values (${review.id}, '${MERCHANT}', 1, 'x', 'x')`,
  ]) {
    await expect(sql.raw(statement).execute(store), statement).rejects.toThrow(
      expect.objectContaining({ code: "STORE_FAILED" }),
    );
  }
  expect(await listReviews(store, MERCHANT, { limit: 10 })).toEqual([review]);
});
