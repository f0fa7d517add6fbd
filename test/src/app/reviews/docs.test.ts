import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { CSV_COLUMNS } from "../../../../src/app/reviews/csv.ts";
import { REVIEW_KINDS } from "../../../../src/domain/reviews/row.ts";

const PAGE = readFileSync(new URL("../../../../docs/reviews.md", import.meta.url), "utf8");

it("docs/reviews.md tells every kind of row and every column, and no other", () => {
  const told = Array.from(PAGE.matchAll(/^\| `(\w+)` \| [^|]+ \| [^|]+ \| [^|]+ \|$/gm), ([, kind]) => kind);
  expect(told.toSorted()).toEqual(REVIEW_KINDS.toSorted());
  const rows = Array.from(PAGE.matchAll(/^\| ((?:`\w+`(?:, )?)+) \| [^|]+ \|$/gm), ([, names = ""]) =>
    names.split(", "),
  );
  expect(rows.flat()).toEqual(CSV_COLUMNS.map((name) => `\`${name}\``));
});
