import { describe, expect, it } from "vitest";
import { CHANGE_EVENTS, CHANGE_KINDS } from "../../../../src/domain/changes/change.ts";
import {
  AUDIENCES,
  isTold,
  MAX_ATTEMPTS,
  planNotices,
  TOLD_EVENTS,
  toRetryAt,
} from "../../../../src/domain/notices/plan.ts";
import { NOTICE_LANGUAGES, type NoticeContent, toMessage } from "../../../../src/domain/notices/words.ts";

const RECIPIENTS = { sales: ["sales@op.cn"], finance: ["money@op.cn", "sales@op.cn"], webhooks: ["erp"] };

describe("notices", () => {
  it("of a settlement go to sales, finance, the merchant's contacts and programs, each once", () => {
    const contacts = ["new@shop.cn", "old@shop.cn", "old@shop.cn", "money@op.cn"];
    expect(planNotices({ kind: "settlement.replace", contacts }, RECIPIENTS)).toEqual([
      { channel: "email", audience: "staff", recipient: "sales@op.cn" },
      { channel: "email", audience: "staff", recipient: "money@op.cn" },
      { channel: "email", audience: "merchant", recipient: "new@shop.cn" },
      { channel: "email", audience: "merchant", recipient: "old@shop.cn" },
      { channel: "webhook", audience: "program", recipient: "erp" },
    ]);
  });

  it("of other changes are not for finance", () => {
    const told = planNotices({ kind: "merchant", contacts: [] }, RECIPIENTS);
    expect(told.map(({ recipient }) => recipient)).toEqual(["sales@op.cn", "erp"]);
  });

  it("tell what people have to know, and not each step", () => {
    expect(CHANGE_EVENTS.filter(isTold).toSorted()).toEqual([...TOLD_EVENTS].toSorted());
    expect(["created", "attached", "amend", "approve"].some(isTold)).toBe(false);
  });

  it("are sent again with growing pauses, and then given up", () => {
    const pauses = Array.from({ length: MAX_ATTEMPTS }, (_, n) => toRetryAt(n + 1, 0, 0.999));
    expect(pauses.slice(0, 4)).toEqual([30, 60, 120, 240]);
    expect(pauses.at(-2)).toBe(21_590);
    expect(pauses.at(-1)).toBeUndefined();
    expect(toRetryAt(1, 100, 0)).toBe(115);
  });
});

describe("a message", () => {
  const content: NoticeContent = {
    ...{ change: "C0123456789abcdef", event: "submit", kind: "settlement.replace", merchant: "822290058120001" },
    ...{ merchantName: "小张餐饮", account: "622848******0018", reason: "card lost", comment: "for staff", at: 0 },
  };

  it("tells staff the reason, and the merchant what to do if it was not he", () => {
    const staff = toMessage(content, "staff", "en");
    const merchant = toMessage(content, "merchant", "en");
    for (const { subject, text } of [staff, merchant]) {
      expect(subject).toBe("小张餐饮: settlement account replaced was submitted and waits for approval");
      expect(text).toContain("622848******0018");
      expect(text).toContain("1970-01-01 00:00:00 UTC");
    }
    expect([staff.text.includes("for staff"), merchant.text.includes("for staff")]).toEqual([true, false]);
    expect([staff.text.includes("at once"), merchant.text.includes("at once")]).toEqual([false, true]);
  });

  it("has words for every event and kind in each language", () => {
    for (const language of NOTICE_LANGUAGES) {
      for (const event of TOLD_EVENTS) {
        for (const kind of CHANGE_KINDS) {
          for (const audience of AUDIENCES) {
            const { subject, text } = toMessage({ ...content, event, kind, account: "" }, audience, language);
            expect(`${subject}${text}`).not.toContain("undefined");
          }
        }
      }
    }
  });
});
