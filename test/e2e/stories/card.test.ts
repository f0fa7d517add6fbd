import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FLEET_FIELDS } from "../../support/fleet-fields.ts";
import { openKeyHand } from "../../support/shop/api-hand.ts";
import { Approvers, type SettlementFields } from "../../support/shop/approvers.ts";
import { toCliHand } from "../../support/shop/cli-hand.ts";
import type { Hand } from "../../support/shop/hand.ts";
import { FINANCE, SALES } from "../../support/shop/mail.ts";
import { Stories } from "../../support/shop/story.ts";
import { openShop, type Shop } from "../../support/shop.ts";

// A merchant that is paid through WeChat Pay gets another settlement card: service, agents, approvers' program, WeChat Pay's
// platform and a mail server are processes and sockets of their own. The acquirer goes before the terminals (`first`).

const STORY_MS = 120_000;
const OLD_CARD = "6222021234567890128";
const NEW_CARD = FLEET_FIELDS.account_no;
const THIRD_CARD = "6222021001116245702";
const SETTLEMENT: SettlementFields = {
  ...{ kind: "card", bank: "中国农业银行福州鼓楼支行", cnaps: "103100000026" },
  ...{ holder: FLEET_FIELDS.holder, accountNo: NEW_CARD },
};
/** The ledger's entries from the first signature to the end. */
const CARRIED_OUT = [
  ...["change.approve", "change.release", "acquirer.ordered", "change.ask_acquirer"],
  // Asked, auditing; then the person who wants it asked about; done, and found on its record.
  ...["acquirer.changed", "acquirer.changed", "acquirer.resumed", "acquirer.changed", "acquirer.changed"],
  ...["change.published", "change.task_done", "change.recorded", "change.conclude", "receipt.made"],
];

let shop: Shop;
let stories: Stories;
let approvers: Approvers;
let cli: Hand;

beforeAll(async () => {
  shop = await openShop(OLD_CARD, {
    ...{ hasApi: true, hasMail: true, hasOwnTrust: true, acquirer: "wechatpay" },
    pack: { "settlement.replace": { minDays: 0, cutOver: "first" } },
  });
  cli = toCliHand(shop, "li.mei");
  const api = await openKeyHand(shop, "reader", "auditor");
  approvers = new Approvers(shop);
  stories = new Stories(shop, { cli, api });
  const { holder, bank, cnaps } = FLEET_FIELDS;
  await approvers.begin({ kind: "card", bank, cnaps, holder, accountNo: OLD_CARD });
});
afterAll(async () => {
  await shop?.stop();
  shop?.remove();
});

describe("a change of the settlement card", () => {
  it("waits for WeChat Pay's audit, then reaches the terminals, and stays open until the contact was looked at", {
    timeout: STORY_MS,
  }, async () => {
    const account = await approvers.bind("new", SETTLEMENT);
    const asked = { kind: "settlement.replace", reasonCode: "account_changed", reason: "another bank" } as const;
    const id = await cli.create({ ...asked, binding: account.binding });
    for (const kind of ["identity_card", "bank_card"] as const) await cli.attach(id, kind);
    await expect(cli.submit(id)).rejects.toMatchObject({ code: "SEAL_MISSING" });
    const sealed = await approvers.seal(account);
    await expect(cli.amend(id, { sealed })).rejects.toMatchObject({ code: "FIELD_MISSING" });
    await cli.amend(id, { binding: account.binding, sealed });
    await cli.submit(id);
    await approvers.approve(id, { account });

    const order = await stories.untilOrdered(id, "auditing");
    expect(await cli.show(id)).toMatchObject({ state: "releasing", terminals: [] });
    await stories.demandPaidTo(OLD_CARD);
    await stories.runAll({ binding: { last4: OLD_CARD.slice(-4) } });
    await stories.decide({ state: "succeeded" }, order);
    await stories.until(id, ({ terminals }) => terminals.map(({ state }) => state).join() === "committed,committed");
    expect(await cli.show(id)).toMatchObject({ state: "releasing", tasks: [{ kind: "update_contact", doneAt: null }] });
    await cli.task(id, "update_contact", "called the owner");
    await stories.untilState(id, "done");

    for (const words of ["已提交", "正在下发", "已完成"]) await stories.untilMailed(id, words, [SALES, FINANCE]);
    expect(toCardNotes()).toEqual([1, 0]);
    const { bindings } = await cli.merchant();
    const accounts = bindings.map(({ number, state }) => `${number} ${state}`);
    expect(accounts.slice(0, 2)).toEqual(["622848******0018 in_force", "622202******0128 ended"]);
    await stories.end(id, {
      ...{ state: "done", requester: "li.mei", terminals: ["committed", "committed"] },
      record: { settlement: expect.objectContaining({ number: "622848******0018", kind: "card" }) },
      runs: { binding: { kind: "card", bin: "622848", last4: "0018", cnaps: SETTLEMENT.cnaps } },
      ...{ orders: ["change confirmed"], settlesTo: NEW_CARD },
      // Prepared, and brought into force by the first terminal.
      alterations: 2,
      ledger: [
        ...["change.created", "change.attached", "change.attached", "change.amend", "change.submit"],
        ...CARRIED_OUT,
      ],
    });
  });

  it("of which the present one is forgotten asks for other evidence, and says so wherever it is told", {
    timeout: STORY_MS,
  }, async () => {
    const account = await approvers.bind("third", { ...SETTLEMENT, cnaps: FLEET_FIELDS.cnaps, accountNo: THIRD_CARD });
    const asked = { kind: "settlement.replace", reasonCode: "account_forgotten", reason: "nobody knows it" } as const;
    const sealed = await approvers.seal(account);
    const id = await cli.create({ ...asked, isRecovery: true, binding: account.binding, sealed });
    for (const kind of ["identity_card", "bank_card"] as const) await cli.attach(id, kind);
    expect((await cli.preview(id)).findings).toContainEqual({
      ...{ weight: "refused", code: "EVIDENCE_MISSING", what: "request_form" },
    });
    await expect(cli.submit(id)).rejects.toMatchObject({ code: "EVIDENCE_MISSING" });
    await cli.attach(id, "request_form");
    await cli.submit(id);
    await approvers.approve(id, { account });
    await stories.decide({ state: "succeeded" }, await stories.untilOrdered(id, "auditing"));
    await stories.until(id, ({ terminals }) => terminals.map(({ state }) => state).join() === "committed,committed");
    await cli.task(id, "update_contact", "he came by in person");
    await stories.untilState(id, "done");
    expect(await stories.readDetails(id, "change.created")).toEqual([expect.objectContaining({ recovery: true })]);
    expect(await cli.show(id)).toMatchObject({ isRecovery: true });
    await stories.end(id, {
      ...{ state: "done", requester: "li.mei", terminals: ["committed", "committed"] },
      record: { settlement: expect.objectContaining({ number: "622202******5702" }) },
      runs: { binding: { last4: "5702" } },
      ...{ orders: ["change confirmed"], settlesTo: THIRD_CARD },
      // Prepared, and brought into force by the first terminal.
      alterations: 2,
      ledger: [
        ...["change.created", "change.attached", "change.attached", "change.attached", "change.submit"],
        ...CARRIED_OUT,
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
    for (const number of [OLD_CARD, NEW_CARD, THIRD_CARD]) expect(said).not.toContain(number);
  });
});

/** How many numbers each terminal was given for itself alone. */
function toCardNotes(): readonly number[] {
  return shop.tusns.map((tusn) => {
    const files = readdirSync(join(shop.folders.agents, tusn), { recursive: true, encoding: "utf8" });
    return files.filter((name) => name.endsWith(".card.json")).length;
  });
}
