import type { ChangeKind } from "../changes/change.ts";
import type { Audience, ToldEvent } from "./plan.ts";

export const NOTICE_LANGUAGES = ["zh", "en"] as const;
export type NoticeLanguage = (typeof NOTICE_LANGUAGES)[number];

/** What a notice tells; an account by its ends only. */
export interface NoticeContent {
  readonly change: string;
  readonly event: ToldEvent;
  readonly kind: ChangeKind;
  readonly merchant: string;
  readonly merchantName: string;
  /** Masked; empty where no account is concerned. */
  readonly account: string;
  readonly reason: string;
  /** A person's comment, or a code; for staff only. */
  readonly comment: string;
  /** Seconds. */
  readonly at: number;
}

interface Words {
  readonly events: Readonly<Record<ToldEvent, string>>;
  readonly kinds: Readonly<Record<ChangeKind, string>>;
  readonly lines: Readonly<Record<"merchant" | "change" | "kind" | "account" | "reason" | "comment" | "at", string>>;
  /** For the merchant's contacts. */
  readonly warning: string;
}

const WORDS: Readonly<Record<NoticeLanguage, Words>> = {
  zh: {
    events: {
      submit: "已提交，等待审批",
      reject: "已退回",
      release: "已批准，正在下发",
      conclude: "已完成",
      fail: "未成功",
      withdraw: "已撤回",
    },
    kinds: {
      merchant: "商户资料",
      contact: "联系人",
      "settlement.add": "新增结算账户",
      "settlement.replace": "更换结算账户",
      "settlement.remove": "移除结算账户",
    },
    lines: {
      ...{ merchant: "商户", change: "变更编号", kind: "变更类别", account: "结算账户" },
      ...{ reason: "原因", comment: "说明", at: "时间" },
    },
    warning: "如果这不是您本人或贵单位提出的变更，请立即联系您的服务商。",
  },
  en: {
    events: {
      submit: "was submitted and waits for approval",
      reject: "was sent back",
      release: "was approved and is being carried out",
      conclude: "is done",
      fail: "failed",
      withdraw: "was withdrawn",
    },
    kinds: {
      merchant: "merchant data",
      contact: "contacts",
      "settlement.add": "settlement account added",
      "settlement.replace": "settlement account replaced",
      "settlement.remove": "settlement account removed",
    },
    lines: {
      ...{ merchant: "Merchant", change: "Change", kind: "Kind", account: "Account" },
      ...{ reason: "Reason", comment: "Comment", at: "Time" },
    },
    warning: "If neither you nor your company asked for this, contact your service provider at once.",
  },
};

/** Subject and text of an e-mail. */
export function toMessage(content: NoticeContent, audience: Audience, language: NoticeLanguage) {
  const { events, kinds, lines, warning } = WORDS[language];
  const { change, event, kind, merchant, merchantName, account, reason, comment, at } = content;
  const isStaff = audience === "staff";
  const rows: readonly (readonly [string, string])[] = [
    [lines.merchant, `${merchantName} (${merchant})`],
    [lines.kind, kinds[kind]],
    [lines.account, account],
    [lines.reason, isStaff ? reason : ""],
    [lines.comment, isStaff ? comment : ""],
    [lines.at, `${new Date(at * 1_000).toISOString().slice(0, 19).replace("T", " ")} UTC`],
    [lines.change, change],
  ];
  return {
    subject: `${merchantName}: ${kinds[kind]} ${events[event]}`,
    text: [
      `${kinds[kind]} ${events[event]}`,
      "",
      ...rows.filter(([, value]) => value !== "").map(([name, value]) => `${name}: ${value}`),
      ...(isStaff ? [] : ["", warning]),
      "",
    ].join("\n"),
  };
}
