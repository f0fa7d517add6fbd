import { DEVICE_TYPES, isTusn, toTusnParts } from "../../../../proto/tusn.ts";
import { explainNumber, SLIPS, type SlipKind } from "../../../../proto/tusn-slips.ts";
import { type NumberCheck, type PublicAnswer, toPublicAnswer } from "../../../app/attestation/checks.ts";
import { toDocument, toHtml, toIsolated } from "./html.ts";

// What a merchant sees. It tells an answer and what stands in the number itself, and nothing of the fleet.

interface AnswerWords {
  readonly zh: string;
  readonly en: string;
}

const ANSWERS: Readonly<Record<PublicAnswer, AnswerWords>> = {
  // A label can be copied: what is proven is the terminal that has this number, not whatever it sticks on.
  genuine: {
    zh: "是真机：此序列号的终端已验证。标签可能被仿冒，请核对机器屏幕上显示的序列号与此一致。",
    en: "Genuine: the terminal of this number is proven. A label can be copied: compare it with the number on the screen.",
  },
  not_proven: {
    zh: "目前无法确认：请联系为您装机的收单机构。",
    en: "It cannot be confirmed at present. Ask the acquirer who installed it.",
  },
  not_genuine: {
    zh: "不是真机：请停止使用，并立即联系收单机构。",
    en: "Not genuine. Stop using it, and call your acquirer at once.",
  },
  unknown: {
    zh: "没有此号码：请核对机身标签，或联系收单机构。",
    en: "This number is not known here. Compare it with the label, or ask your acquirer.",
  },
  malformed: { zh: "这不是终端序列号。", en: "This is not the serial number of a terminal." },
};

const TONES: Readonly<Record<PublicAnswer, "good" | "open" | "bad">> = {
  genuine: "good",
  not_proven: "open",
  not_genuine: "bad",
  unknown: "open",
  malformed: "open",
};

const TITLE = "我的机器是真的吗？ Is my machine genuine?";
const LANGUAGE = "zh-CN";

export interface PublicResult {
  readonly answer: PublicAnswer;
  /** As given; empty where it is malformed. */
  readonly number: string;
  /** Only what stands in the number: both empty where that is no TUSN. */
  readonly makerCode: string;
  readonly deviceType: string;
  readonly slips: readonly { readonly kind: SlipKind; readonly zh: string; readonly en: string }[];
  readonly suggestion: string;
  readonly zh: string;
  readonly en: string;
}

/** Members are the same, whatever the answer. */
export function toPublicResult({ answer: whole, number }: NumberCheck, given: string): PublicResult {
  const answer = toPublicAnswer(whole);
  const parts = isTusn(number) ? toTusnParts(number) : { maker: "", deviceType: "" };
  // From the text alone: a hint that were there for unknown numbers only would still tell no more than the answer does.
  const { slips, suggestion } = explainNumber(given.trim());
  const isOpen = answer === "unknown" || answer === "malformed";
  return {
    ...{ answer, number, makerCode: parts.maker },
    deviceType: DEVICE_TYPES[parts.deviceType] ?? "",
    slips: isOpen ? slips.map((kind) => ({ kind, ...SLIPS[kind] })) : [],
    suggestion: isOpen ? (suggestion ?? "") : "",
    ...ANSWERS[answer],
  };
}

/** The page with its form; the result above it where something was asked. */
export function toPublicPage(result?: PublicResult): string {
  const body = [
    "<h1>我的机器是真的吗？<br>Is my machine genuine?</h1>",
    ...(result === undefined ? [] : toResult(result)),
    '<form method="post" action="/genuine" accept-charset="utf-8" autocomplete="off">',
    '<label for="number">终端序列号（TUSN / SN），见机身标签<br>Serial number (TUSN / SN), on the label of the machine</label>',
    '<input id="number" name="number" maxlength="128" required autocapitalize="characters" spellcheck="false">',
    "<button>查询 Check</button>",
    "</form>",
    '<p class="small">请勿输入银行卡号。Never enter a card number here.</p>',
  ].join("\n");
  return toDocument(LANGUAGE, TITLE, body);
}

/** Shown instead where somebody asks too often. */
export function toBusyPage(): string {
  const body =
    "<h1>请稍后再试<br>Please try again later</h1>" +
    "<p>查询过于频繁，请一分钟后再试。</p><p>Too many questions. Wait a minute.</p>";
  return toDocument(LANGUAGE, TITLE, body);
}

function toResult(result: PublicResult): readonly string[] {
  const { answer, number, zh, en, slips, suggestion, makerCode, deviceType } = result;
  const rows = [
    ["序列号 Serial number", number],
    ["厂商代码 Maker's code", makerCode],
    ["设备类型 Device type", deviceType],
    ["您是指 Did you mean", suggestion],
  ] as const;
  const told = rows.filter(([, value]) => value !== "");
  return [
    `<p class="answer ${TONES[answer]}">${toHtml(zh)}<br>${toHtml(en)}</p>`,
    ...slips.map((slip) => `<p>${toHtml(slip.zh)} ${toHtml(slip.en)}</p>`),
    `<dl class="number">${told.map(([label, value]) => `<dt>${toHtml(label)}</dt><dd>${toIsolated(value)}</dd>`).join("\n")}</dl>`,
  ];
}
