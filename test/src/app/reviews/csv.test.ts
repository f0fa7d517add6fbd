import { parse } from "csv-parse/sync";
import { describe, expect, it } from "vitest";
import { CSV_COLUMNS, CSV_HEAD, toCsvLines } from "../../../../src/app/reviews/csv.ts";
import type { ReviewRow } from "../../../../src/domain/reviews/row.ts";
import { MERCHANT, START } from "../../../support/fleet-store.ts";

const ROW: ReviewRow = {
  ...{ merchant: MERCHANT, tusn: "", kind: "records_drift", subject: "", severity: "soon", at: START },
  ...{ desired: "name 新", reported: "", acquirer: "", next: "release_record", command: "tillsync release build" },
};

const read = (row: Partial<ReviewRow>) =>
  parse<Record<string, string>>(CSV_HEAD + toCsvLines([{ ...ROW, ...row }]), {
    bom: true,
    columns: true,
    record_delimiter: "\r\n",
  })[0] ?? {};

describe("the report as CSV", () => {
  it("has a row for each, under the columns, with times as people read them", () => {
    expect(CSV_HEAD).toBe(`\ufeff${CSV_COLUMNS.join(",")}\r\n`);
    expect(read({})).toEqual({ ...ROW, at: "2027-01-15T08:00:00Z", words: expect.stringContaining("release what is") });
    expect(read({ at: null })["at"]).toBe("");
  });

  it.each(['a "quoted", name', "two\r\nlines", "one\nline", "comma,"])("keeps %j as it is", (desired) => {
    expect(read({ desired })["desired"]).toBe(desired);
  });

  it.each(['=HYPERLINK("http://evil.example")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "＋1", "－1", "＠1"])(
    "lets no spreadsheet take %j for a formula",
    (desired) => {
      expect(read({ desired })["desired"]).toBe(`'${desired}`);
      expect(read({ desired: `name ${desired}` })["desired"]).toBe(`name ${desired}`);
    },
  );
});
