import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseLedgerEntry, toLedgerEntryBytes } from "../../../proto/ledger-entry.ts";
import { LEDGER_KINDS, toEntry } from "../../../src/app/ledger-entries.ts";
import { TUSN_0 } from "../../support/fleet-store.ts";

const DIGEST = Buffer.alloc(32, 1);

describe("an entry", () => {
  it("says what it was given, members in order and card numbers cut", () => {
    const detail = { why: "6228480402564890018", at: 1 };
    expect(toEntry(5, "release.published", TUSN_0, { actor: "li.mei", digest: DIGEST, detail })).toEqual({
      ...{ at: 5, kind: "release.published", actor: "li.mei", subject: TUSN_0, digest: DIGEST },
      detail: '{"at":1,"why":"622848*********0018"}',
    });
  });

  it.each([
    ["", DIGEST],
    ["a name with spaces", DIGEST],
    ["x".repeat(65), DIGEST],
    [TUSN_0, Buffer.from("none")],
  ])("can be written whatever an edited row holds: %j", (subject, digest) => {
    const entry = parseLedgerEntry(toLedgerEntryBytes(toEntry(5, "deployment.expired", subject, { digest })));
    expect([entry.subject, entry.digest.length]).toEqual(subject === TUSN_0 ? [TUSN_0, 0] : ["unreadable", 32]);
  });

  it("is of a kind that the protocol tells of", () => {
    const page = readFileSync("docs/protocol.md", "utf8");
    expect(LEDGER_KINDS.filter((kind) => !page.includes(`\`${kind}\``))).toEqual([]);
  });
});
