import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isLuhn } from "../../../proto/luhn.ts";
import { ask } from "../../support/api.ts";
import { FLEET_FIELDS } from "../../support/fleet-fields.ts";
import { type ApiHand, openKeyHand } from "../../support/shop/api-hand.ts";
import { Approvers, type SettlementFields } from "../../support/shop/approvers.ts";
import { toCliHand } from "../../support/shop/cli-hand.ts";
import { Stories } from "../../support/shop/story.ts";
import { openShop, type Shop } from "../../support/shop.ts";

// A merchant whose acquirer keeps our own contract settles to an account of the company's, and then to a card that the
// acquirer does not take. Here the acquirer goes after the terminals (`last`), and what fails is taken back everywhere. The
// operator's part is a program's, with an API key.

const STORY_MS = 120_000;
const OLD_CARD = "6222021234567890128";
const NEW_CARD = FLEET_FIELDS.account_no;
const ACCOUNT_NO = "1402023109600123456";
const ACCOUNT: SettlementFields = {
  ...{ kind: "account", bank: "中国建设银行福州城东支行", cnaps: "103100000026" },
  ...{ holder: FLEET_FIELDS.merchant_name, accountNo: ACCOUNT_NO },
};
const CARD: SettlementFields = {
  ...{ kind: "card", bank: "中国农业银行福州鼓楼支行", cnaps: "103100000026" },
  ...{ holder: FLEET_FIELDS.holder, accountNo: NEW_CARD },
};
/** The ledger's entries until an acquirer has decided. */
const ASKED = ["acquirer.ordered", "change.ask_acquirer", "acquirer.changed", "acquirer.changed"];
const RULES = { minDays: 0, onFailure: "reverse", tasks: [] } as const;

let shop: Shop;
let stories: Stories;
let approvers: Approvers;
let api: ApiHand;

beforeAll(async () => {
  shop = await openShop(OLD_CARD, {
    ...{ hasApi: true, hasOwnTrust: true, acquirer: "webhook" },
    pack: { "settlement.replace": { ...RULES, cutOver: "last" } },
  });
  api = await openKeyHand(shop, "portal", "operator");
  approvers = new Approvers(shop);
  stories = new Stories(shop, { cli: toCliHand(shop, "li.mei"), api });
  const { holder, bank, cnaps } = FLEET_FIELDS;
  await approvers.begin({ kind: "card", bank, cnaps, holder, accountNo: OLD_CARD });
});
afterAll(async () => {
  await shop?.stop();
  shop?.remove();
});

describe("a change of the settlement account", () => {
  it("to one of the company's own needs CNAPS code and holder, and no check digit (API)", {
    timeout: STORY_MS,
  }, async () => {
    expect(isLuhn(ACCOUNT_NO)).toBe(false);
    const { cnaps: _, ...withoutCnaps } = ACCOUNT;
    const { holder: __, ...withoutHolder } = ACCOUNT;
    for (const [name, fields] of Object.entries({ withoutCnaps, withoutHolder })) {
      expect(await approvers.refusedToBind(name, fields)).toBe("FIELD_MISSING");
    }
    const stranger = await approvers.bind("stranger", { ...ACCOUNT, holder: "福州别家茶叶有限公司" });
    const account = await approvers.bind("account", ACCOUNT);
    const asked = { kind: "settlement.replace", reasonCode: "account_changed", reason: "the company's own" } as const;
    const { bank: ___, ...withoutBank } = JSON.parse(readFileSync(account.binding, "utf8"));
    const settlement = { ...withoutBank, validFrom: null, validUntil: null };
    const body = { merchant: shop.merchant, ...asked, content: { settlement } };
    const { status, code } = await ask({ port: shop.apiPort, ca: shop.ca }, "/changes", { as: api.bearer, body });
    expect([status, code]).toEqual([400, "FIELD_MISSING"]);

    const id = await api.create({ ...asked, binding: stranger.binding, sealed: await approvers.seal(stranger) });
    for (const kind of ["identity_card", "bank_card"] as const) await api.attach(id, kind);
    const differs = { weight: "refused", code: "OWNER_DIFFERS", what: "holder: not_merchant" };
    expect((await api.preview(id)).findings).toEqual([differs]);
    await expect(api.submit(id)).rejects.toMatchObject({ code: "OWNER_DIFFERS" });
    await api.amend(id, { binding: account.binding, sealed: await approvers.seal(account) });
    await stories.settle({ state: "succeeded" });
    await api.submit(id);
    await approvers.approve(id, { account });
    await stories.untilState(id, "done");
    await stories.end(id, {
      ...{ state: "done", requester: "key:portal", terminals: ["committed", "committed"] },
      record: {
        settlement: expect.objectContaining({ kind: "account", number: "******3456", holder: ACCOUNT.holder }),
      },
      runs: { binding: { kind: "account", bin: "", last4: "3456", cnaps: ACCOUNT.cnaps, holder: ACCOUNT.holder } },
      ...{ orders: ["change confirmed"], settlesTo: ACCOUNT_NO },
      alterations: 2,
      ledger: [
        ...["change.created", "change.attached", "change.attached", "change.amend", "change.submit"],
        ...["change.approve", "change.release", "change.published", ...ASKED],
        ...["acquirer.changed", "change.recorded", "change.conclude", "receipt.made"],
      ],
    });
  });

  it("that the acquirer refuses after the terminals took it is taken back from all of them (API)", {
    timeout: STORY_MS,
  }, async () => {
    const account = await approvers.bind("card", CARD);
    const asked = { kind: "settlement.replace", reasonCode: "account_changed", reason: "a card again" } as const;
    const before = await api.merchant();
    const id = await api.create({ ...asked, binding: account.binding, sealed: await approvers.seal(account) });
    for (const kind of ["identity_card", "bank_card"] as const) await api.attach(id, kind);
    await stories.settle({ state: "failed", code: "card_frozen", words: "the bank has frozen it" });
    await api.submit(id);
    await approvers.approve(id, { account });
    await stories.untilState(id, "failed");
    const { orders } = await api.show(id);
    expect(orders).toMatchObject([{ purpose: "change", state: "failed", code: "card_frozen" }]);
    await stories.end(id, {
      ...{ state: "failed", code: "ACQUIRER_REFUSED", requester: "key:portal", terminals: ["committed", "committed"] },
      record: { settlement: before.settlement },
      runs: { binding: { kind: "account", last4: "3456", cnaps: ACCOUNT.cnaps, holder: ACCOUNT.holder } },
      ...{ orders: ["change failed"], settlesTo: ACCOUNT_NO },
      // Prepared, in force with the first terminal that took it, and ended with the first that went back.
      alterations: 3,
      ledger: [
        ...["change.created", "change.attached", "change.attached", "change.submit"],
        ...["change.approve", "change.release", "change.published", ...ASKED],
        ...["change.return_terminals", "change.fail", "receipt.made"],
      ],
    });
  });

  it("that a terminal refuses after the acquirer took it is taken back from the acquirer, too (API)", {
    timeout: STORY_MS,
  }, async () => {
    await stories.load({ "settlement.replace": { ...RULES, cutOver: "first" } }, 2);
    const account = await approvers.bind("once-more", CARD);
    const asked = { kind: "settlement.replace", reasonCode: "account_changed", reason: "the card works" } as const;
    const before = await api.merchant();
    const id = await api.create({ ...asked, binding: account.binding, sealed: await approvers.seal(account) });
    for (const kind of ["identity_card", "bank_card"] as const) await api.attach(id, kind);
    const [, second] = shop.rows;
    shop.host.script(second?.terminal_no ?? "", [{ kind: "decline", code: "58" }]);
    await stories.settle({ state: "succeeded" });
    await api.submit(id);
    await approvers.approve(id, { account });
    await stories.untilState(id, "failed");
    await stories.end(id, {
      ...{ state: "failed", code: "TEST_FAILED", requester: "key:portal", terminals: ["committed", "rolled_back"] },
      record: { settlement: before.settlement },
      runs: { binding: { kind: "account", last4: "3456", holder: ACCOUNT.holder } },
      ...{ orders: ["change confirmed", "reversal confirmed"], settlesTo: ACCOUNT_NO },
      alterations: 3,
      ledger: [
        ...["change.created", "change.attached", "change.attached", "change.submit", "change.approve"],
        ...["change.release", ...ASKED, "acquirer.changed", "change.published", "acquirer.ordered"],
        ...["change.ask_acquirer", "change.return_terminals"],
        ...["acquirer.changed", "acquirer.changed", "acquirer.changed", "change.fail", "receipt.made"],
      ],
    });
  });

  it(
    "is found later by whoever looks for it, with a receipt that proves how it ended",
    {
      timeout: STORY_MS,
    },
    () => stories.demandKept(),
  );

  it("leaves no account number in anything that was said", () => {
    const said = shop.said.join("\n");
    for (const number of [OLD_CARD, NEW_CARD, ACCOUNT_NO]) expect(said).not.toContain(number);
  });
});
