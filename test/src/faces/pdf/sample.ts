import { readFileSync } from "node:fs";
import type { PdfDocument } from "../../../../src/faces/pdf/document.ts";

export const FONT = readFileSync(new URL("../../../../src/faces/pdf/font/NotoSansSC-Regular.ttf.gz", import.meta.url));

/** A receipt as the service would have it made, made up of nothing but words. */
export const RECEIPT: PdfDocument = {
  title: "变更回执",
  lang: "zh",
  answer: { text: "已完成：全部终端已换用新结算账户", tone: "good" },
  head: [
    ["变更", "C0123456789abcdef"],
    ["商户", "福州市鼓楼区新茶庄（822391058121070）"],
  ],
  sections: [
    {
      title: "变更内容",
      rows: [
        ["原账户", "622202******0128 → 622848******0018"],
        [
          "原因",
          "银行卡遗失，商户于六月二十八日到网点办理挂失并申领新卡，经办人已核对身份证原件与营业执照。".repeat(3),
        ],
      ],
    },
    {
      title: "批准",
      rows: [],
      table: {
        headings: ["角色", "姓名", "密钥"],
        rows: [
          ["经办", "李梅 (li.mei)", "3f9a0c12".repeat(8)],
          ["复核", "陈波 (chen.bo)", "b17e52d4".repeat(8)],
        ],
      },
      note: "经办与复核为两人。",
    },
  ],
  foot: "变更 C0123456789abcdef 的回执",
  madeAt: 1_782_907_200,
  attachment: {
    name: "C0123456789abcdef.receipt.json",
    type: "application/json",
    bytes: Buffer.from('{"merchant":"福州市鼓楼区新茶庄"}'),
    about: "签名回执",
  },
};
