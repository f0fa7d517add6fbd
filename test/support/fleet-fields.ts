import type { FleetFields } from "../../src/domain/fleet-columns.ts";

/** A sound row of the fleet file: an enterprise that settles to a card. */
export const FLEET_FIELDS: FleetFields = {
  tusn: "00000304N7NL01933217",
  maker: "000003",
  model: "N7",
  certificate_no: "P3100",
  place: "福建省福州市鼓楼区东大街36号",
  terminal_no: "58D01115",
  acquirer: "48220000",
  merchant_no: "822391058121070",
  merchant_name: "福州闽江春茶文化有限公司",
  short_name: "闽江春茶楼",
  licence_no: "91350100M000100Y43",
  tax_no: "91350100M000100Y43",
  uscc: "91350100M000100Y43",
  mcc: "5812",
  settlement_kind: "card",
  bank: "中国农业银行福州鼓楼支行",
  cnaps: "102100099996",
  holder: "林秀英",
  account_no: "6228480402564890018",
};

/** Another sound row of another merchant: a micro-merchant. */
export const OTHER_FLEET_FIELDS: FleetFields = {
  ...FLEET_FIELDS,
  tusn: "0000290210015708",
  maker: "000029",
  terminal_no: "58D01116",
  merchant_no: "822391058121071",
  merchant_name: "商户_陈志强",
  short_name: "陈志强水果摊",
  licence_no: "11010519491231002X",
  tax_no: "11010519491231002X",
  uscc: "",
  holder: "陈志强",
  account_no: "4111111111111111",
};
