import type { MerchantFacts, SettlementRecord } from "../../src/domain/records/record.ts";

/** An enterprise, sound in all; its principal is its legal representative. */
export const MERCHANT_FACTS: MerchantFacts = {
  number: "822391058121070",
  name: "福州闽江春茶文化有限公司",
  shortName: "闽江春茶楼",
  licenceNo: "91350100M000100Y43",
  taxNo: "91350100M000100Y43",
  uscc: "91350100M000100Y43",
  mcc: "5812",
  ownerKind: "enterprise",
  principal: "林秀英",
  licenceValidUntil: null,
  contacts: [{ role: "finance", name: "陈会计", phone: "13805910001", email: "caiwu@chunchalou.example.cn" }],
};

/** The principal's debit card, sound in all. */
export const CARD: SettlementRecord = {
  kind: "card",
  bank: "中国农业银行福州鼓楼支行",
  cnaps: "102100099996",
  holder: "林秀英",
  bin: "622848",
  last4: "0018",
  commitment: new Uint8Array(32).fill(1),
  validFrom: null,
  validUntil: null,
};

/** The enterprise's own account, sound in all. */
export const ACCOUNT: SettlementRecord = {
  ...CARD,
  kind: "account",
  cnaps: "308584000013",
  holder: "福州闽江春茶文化有限公司",
  bin: "",
  last4: "7788",
  commitment: new Uint8Array(32).fill(2),
};
