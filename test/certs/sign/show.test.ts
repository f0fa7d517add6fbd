import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { signRelease } from "../../../certs/release.ts";
import { toHex } from "../../../proto/bytes.ts";
import { createCompany, pinTrust, runSign, toRefusal } from "../../support/sign.ts";
import { createReceivers, NEW_CARD, toHandedFile, toNewCard, toSampleFile } from "../../support/sign-sample.ts";

const NOW = Math.floor(Date.now() / 1_000);
const LAST4 = NEW_CARD.slice(-4);
const company = createCompany(NOW);
const { maker, stranger } = company;
const terminals = createReceivers();
const card = toNewCard();
const { path, put, read } = toHandedFile(join(company.folder, "change.release"));

beforeAll(() => pinTrust(company, maker));
afterAll(() => company.remove());
beforeEach(() => put(toSampleFile({ terminals, profile: card.profile, purpose: "binding", now: NOW })));

function show(...argv: readonly string[]) {
  return runSign(["show", path, "--home", maker.home, ...argv], { now: NOW });
}

describe("show", () => {
  it("takes no key, and hides what a checker has to type, unless told otherwise", async () => {
    const [blind, open] = [await show(), await show("--reveal")];
    expect([blind.code, blind.stdout.includes(LAST4)]).toEqual([0, false]);
    expect([open.code, open.stdout.includes(LAST4)]).toEqual([0, true]);
  });

  it("hides it in JSON too", async () => {
    const [blind, open] = [await show("--json"), await show("--json", "--reveal")];
    const commitment = toHex(card.profile.binding.commitment);
    expect(JSON.parse(blind.stdout)).toMatchObject({ purpose: "binding", terminals: 2 });
    for (const secret of [LAST4, commitment]) {
      expect([blind.stdout.includes(secret), open.stdout.includes(secret)]).toEqual([false, true]);
    }
  });

  it("tells who signed, by the policy under the pinned root", async () => {
    put(signRelease(signRelease(read(), maker.key), stranger.key));
    const { signedBy, missing } = JSON.parse((await show("--json")).stdout);
    expect([signedBy.map(({ id }: { id: string }) => id), missing]).toEqual([["li.mei"], ["checker"]]);
  });

  it("works where no root is pinned, and says what it does not know", async () => {
    put(signRelease(read(), maker.key));
    const result = await runSign(["show", path, "--home", stranger.home, "--json"], { now: NOW });
    expect([result.code, JSON.parse(result.stdout).signedBy]).toEqual([0, []]);
    expect(result.stderr).toContain("WARNING");
  });

  it("works under trust that is stale", async () => {
    const late = ["show", path, "--home", maker.home];
    expect((await runSign(late, { now: NOW + 40 * 86_400 })).code).toBe(0);
  });

  it("speaks both languages", async () => {
    const [zh, en] = [await show("--lang", "zh"), await show("--lang", "en")];
    expect([zh.stdout.includes("结算"), en.stdout.includes("SETTLEMENT")]).toEqual([true, true]);
    expect((await show("--lang", "fr")).code).toBe(2);
  });

  it("shows any single terminal, or all of them, in full", async () => {
    const [a, b] = terminals;
    const one = JSON.parse((await show("--json", "--terminal", b.tusn)).stdout).inFull.shown;
    const all = JSON.parse((await show("--json", "--all")).stdout).inFull.shown;
    expect(one.map(({ tusn }: { tusn: string }) => tusn)).toEqual([b.tusn]);
    expect(all.map(({ tusn }: { tusn: string }) => tusn)).toEqual([a.tusn, b.tusn]);
    expect(toRefusal(await show("--terminal", "999999999"))).toBe("TUSN_INVALID");
  });

  it("refuses what does not fit together rather than show it", async () => {
    put({ ...read(), reason: "another reason" });
    const result = await show();
    expect([toRefusal(result), result.stdout]).toEqual(["RELEASE_INVALID", ""]);
  });
});
