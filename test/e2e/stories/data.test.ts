import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FLEET_FIELDS } from "../../support/fleet-fields.ts";
import { type ApiHand, openAccountHand } from "../../support/shop/api-hand.ts";
import { Approvers } from "../../support/shop/approvers.ts";
import { runCli, toCliHand } from "../../support/shop/cli-hand.ts";
import type { Hand } from "../../support/shop/hand.ts";
import { SALES } from "../../support/shop/mail.ts";
import { Stories } from "../../support/shop/story.ts";
import { SECOND_CHECKER } from "../../support/shop/trust.ts";
import { openShop, type Shop } from "../../support/shop.ts";

// Changes of a merchant's own data from the request to the last look, with processes of their own: service, two agents, the
// approvers' program, a mail server.

const STORY_MS = 120_000;
const OLD_CARD = "6222021234567890128";
const OWNER = "lin@chunchalou.example";
const FEE_FEN = 5_000;
/** Certificates from before they were merged: three numbers of three forms. */
const LICENCE = "310115600985533";
const TAX = "350100M000100Y4";
const { uscc: USCC } = FLEET_FIELDS;
const ANOTHERS_USCC = "911100007109250324";
/** The ledger's entries of a change that terminals take, from the first signature to the end. */
const CARRIED_OUT = [
  ...["change.approve", "change.release", "change.published", "change.recorded", "change.conclude", "receipt.made"],
];

let shop: Shop;
let stories: Stories;
let approvers: Approvers;
let cli: Hand;
let api: ApiHand;

beforeAll(async () => {
  shop = await openShop(OLD_CARD, {
    ...{ hasApi: true, hasMail: true, hasOwnTrust: true },
    pack: { merchant: { feeFen: FEE_FEN } },
    fields: { licence_no: LICENCE, tax_no: TAX },
  });
  cli = toCliHand(shop, "li.mei");
  api = await openAccountHand(shop, { name: "wang.fang", role: "operator", person: "" });
  approvers = new Approvers(shop);
  stories = new Stories(shop, { cli, api });
  const { holder, bank, cnaps } = FLEET_FIELDS;
  await approvers.begin({ kind: "card", bank, cnaps, holder, accountNo: OLD_CARD });
});
afterAll(async () => {
  await shop?.stop();
  shop?.remove();
});

describe("a change of a merchant's own data", () => {
  it("of contacts takes a checker's word alone, and reaches no terminal (command line)", {
    timeout: STORY_MS,
  }, async () => {
    const contacts = [{ role: "owner", name: "林秀英", phone: "13800138000", email: OWNER }] as const;
    const asked = { kind: "contact", reasonCode: "contact_changed", reason: "nobody was on record" } as const;
    const id = await cli.create({ ...asked, patch: { contacts } });
    await cli.submit(id);
    await approvers.atDesk("chen.bo", "approve", id, "--yes");
    await stories.untilState(id, "done");
    await stories.untilMailed(id, "已完成", [SALES, OWNER]);
    await stories.end(id, {
      ...{ state: "done", requester: "li.mei", terminals: [], record: { contacts } },
      runs: { merchant: { name: FLEET_FIELDS.merchant_name } },
      alterations: 1,
      ledger: [
        ...["change.created", "change.submit", "change.approve", "change.release"],
        ...["change.recorded", "change.conclude", "receipt.made"],
      ],
    });
  });

  it("of the name reaches every terminal once two people have signed, and everybody concerned is told (command line)", {
    timeout: STORY_MS,
  }, async () => {
    const name = "福州市鼓楼区新茶庄";
    const asked = { kind: "merchant", reasonCode: "renamed", reason: "a new sign over the door" } as const;
    const id = await cli.create({ ...asked, patch: { name } });
    const missing = { weight: "refused", code: "EVIDENCE_MISSING", what: "licence" };
    expect(await cli.preview(id)).toEqual({ feeFen: FEE_FEN, reached: 2, findings: [missing] });
    await expect(cli.submit(id)).rejects.toMatchObject({ code: "EVIDENCE_MISSING" });
    await cli.attach(id, "licence");
    expect(await cli.preview(id)).toEqual({ feeFen: FEE_FEN, reached: 2, findings: [] });
    await cli.submit(id);
    await stories.untilMailed(id, "已提交", [SALES, OWNER]);
    await approvers.approve(id);
    const { feeFen } = await stories.untilState(id, "done");
    expect(feeFen).toBe(FEE_FEN);
    await stories.untilMailed(id, "正在下发", [SALES, OWNER]);
    await stories.untilMailed(id, "已完成", [SALES, OWNER]);
    await stories.end(id, {
      ...{ state: "done", requester: "li.mei", terminals: ["committed", "committed"], record: { name } },
      runs: { merchant: { name } },
      alterations: 1,
      ledger: ["change.created", "change.attached", "change.submit", ...CARRIED_OUT],
    });
  });

  it("of the licence after the merging of certificates takes all three numbers or none (API)", {
    timeout: STORY_MS,
  }, async () => {
    expect(await api.merchant()).toMatchObject({ licenceNo: LICENCE, taxNo: TAX, uscc: USCC });
    const asked = { kind: "merchant", reasonCode: "certificates_merged", reason: "one certificate for three" } as const;
    const id = await api.create({ ...asked, patch: { licenceNo: USCC, taxNo: ANOTHERS_USCC, uscc: USCC } });
    await api.attach(id, "licence");
    const differs = { weight: "refused", code: "IDENTIFIERS_INCONSISTENT", what: "taxNo: differs" };
    expect((await api.preview(id)).findings).toContainEqual(differs);
    await expect(api.submit(id)).rejects.toMatchObject({ code: "IDENTIFIERS_INCONSISTENT" });
    expect(await api.show(id)).toMatchObject({ state: "draft", releaseId: "" });

    const patch = { licenceNo: USCC, taxNo: USCC, uscc: USCC };
    await api.amend(id, { patch });
    await api.submit(id);
    await approvers.approve(id);
    await stories.untilState(id, "done");
    await stories.end(id, {
      ...{ state: "done", requester: "wang.fang", terminals: ["committed", "committed"], record: patch },
      runs: { merchant: patch },
      alterations: 1,
      ledger: ["change.created", "change.attached", "change.amend", "change.submit", ...CARRIED_OUT],
    });
  });

  it("is sent back with a comment, amended and handed in again, and needs a checker who did not ask for it (API)", {
    timeout: STORY_MS,
  }, async () => {
    const [requester, checker] = await Promise.all([
      openAccountHand(shop, { name: "chen", role: "operator", person: "chen.bo" }),
      openAccountHand(shop, { name: "zhao", role: "checker", person: SECOND_CHECKER }),
    ]);
    const { name } = await requester.merchant();
    const asked = { kind: "merchant", reasonCode: "correction", reason: "the receipts are wrong" } as const;
    const id = await requester.create({ ...asked, patch: { shortName: "错字茶庄" } });
    await requester.attach(id, "licence");
    await requester.submit(id);
    const { releaseId: first } = await requester.show(id);
    await expect(requester.reject(id, "looks fine to me")).rejects.toMatchObject({ code: "ROLE_NOT_ALLOWED" });
    await checker.reject(id, "the licence says another name");
    const rejected = await requester.show(id);
    expect(rejected).toMatchObject({ state: "rejected", releaseId: "" });
    expect(rejected.events.at(-1)).toMatchObject({
      ...{ event: "reject", actor: SECOND_CHECKER, comment: "the licence says another name" },
    });
    expect(await toDesk()).not.toContain(first);
    await stories.untilMailed(id, "已退回", [SALES, OWNER]);

    await requester.amend(id, { patch: { shortName: "新茶庄" }, reason: "as the licence has it" });
    await requester.submit(id);
    const { releaseId: second } = await requester.show(id);
    expect(await toDesk()).toEqual([second]);
    await approvers.approve(id, { people: ["wang.li"] });
    expect(await approvers.refusedToHandIn(await approvers.fetch(id, "chen.bo"), "chen.bo")).toBe("SELF_APPROVAL");
    expect(await requester.show(id)).toMatchObject({ state: "submitted" });
    await approvers.approve(id, { people: [SECOND_CHECKER] });
    const { events } = await stories.untilState(id, "done");
    const signers = events.find(({ event }) => event === "approve")?.comment.split("+");
    expect(signers?.sort()).toEqual(["wang.li", SECOND_CHECKER]);
    await stories.end(id, {
      ...{ state: "done", requester: "chen.bo", terminals: ["committed", "committed"] },
      record: { name, shortName: "新茶庄" },
      runs: { merchant: { name, shortName: "新茶庄" } },
      alterations: 1,
      ledger: [
        ...["change.created", "change.attached", "change.submit", "draft.closed", "change.reject"],
        ...["change.amend", "change.submit", ...CARRIED_OUT],
      ],
    });
  });

  it("that fails its test is taken back by the terminals themselves, and is opened again and done (command line)", {
    timeout: STORY_MS,
  }, async () => {
    const before = await cli.merchant();
    const shortName = "春茶楼总店";
    const asked = { kind: "merchant", reasonCode: "renamed", reason: "a second shop" } as const;
    for (const { terminal_no: terminalNo } of shop.rows)
      shop.host.script(terminalNo, [{ kind: "decline", code: "58" }]);
    const id = await cli.create({ ...asked, patch: { shortName } });
    await cli.attach(id, "licence");
    await cli.submit(id);
    await approvers.approve(id);
    await stories.untilState(id, "failed");
    await stories.untilMailed(id, "未成功", [SALES, OWNER]);
    const { name, shortName: former } = before;
    const failed = [
      ...["change.created", "change.attached", "change.submit"],
      ...["change.approve", "change.release", "change.published", "change.fail", "receipt.made"],
    ];
    await stories.end(id, {
      ...{ state: "failed", code: "TEST_FAILED", requester: "li.mei", terminals: ["rolled_back", "rolled_back"] },
      record: { name, shortName: former, version: before.version },
      runs: { merchant: { name, shortName: former } },
      ...{ ledger: failed, alterations: 0 },
    });

    await cli.amend(id, { reason: "the acquirer has let the terminals in" });
    await cli.submit(id);
    await approvers.approve(id);
    await stories.untilState(id, "done");
    await stories.end(id, {
      ...{ state: "done", requester: "li.mei", terminals: ["committed", "committed"], record: { name, shortName } },
      runs: { merchant: { name, shortName } },
      alterations: 1,
      ledger: [...failed, "change.amend", "change.submit", ...CARRIED_OUT],
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
    expect(shop.said.join("\n")).not.toContain(OLD_CARD);
  });
});

/** Ids of the releases that wait for signatures. */
async function toDesk(): Promise<readonly string[]> {
  const releases = await runCli(shop, "release", "list");
  return releases.map(({ id }: { readonly id: string }) => id);
}
