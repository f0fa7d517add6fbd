/** What people read. */
export interface Words {
  readonly en: string;
  readonly zh: string;
}

/** Why each rule refuses, by code and reason. A reason lives for ever, as the codes do. */
export const WORDS = {
  MERCHANT_NUMBER_INVALID: {
    length: {
      en: "A merchant number has 15 digits: acquirer 3, region 4, category 4, serial 4.",
      zh: "商户号应为15位数字：机构3位、地区4位、类别4位、序号4位。",
    },
    alphabet: {
      en: "A merchant number holds digits only.",
      zh: "商户号只能是数字。",
    },
  },
  NAME_INVALID: {
    length: { en: "The name is empty or too long.", zh: "名称为空或过长。" },
    alphabet: {
      en: "The name holds characters that cannot be seen, a space at an end, or is not in its normal form.",
      zh: "名称含有不可见字符、首尾空格或非规范字符，请手工重新输入。",
    },
    card_number: { en: "The name holds a card number.", zh: "名称中含有银行卡号。" },
  },
  NAME_NOT_ENCODABLE: {
    character: {
      en: "GBK, in which acquirers and terminals write names, has no such character.",
      zh: "名称含有GBK字符集以外的字，收单机构和终端无法显示。",
    },
    bytes: {
      en: "The name is too long for its field; a Chinese character takes two bytes.",
      zh: "名称超过字段允许的字节数，每个汉字占两个字节。",
    },
  },
  SENSITIVE_DATA: {
    sensitive: {
      en: "The text holds what must never be kept: a security code, a PIN or track data.",
      zh: "内容含有禁止留存的信息：安全码、密码或磁道数据。",
    },
  },
  USCC_INVALID: {
    length: {
      en: "A unified social credit code has 18 characters.",
      zh: "统一社会信用代码应为18位。",
    },
    alphabet: {
      en: "A unified social credit code holds digits and capital letters without I, O, S, V and Z.",
      zh: "统一社会信用代码由数字和大写字母组成，不含I、O、S、V、Z。",
    },
    check: {
      en: "The check character does not fit: a character of the code is wrong (GB 32100).",
      zh: "统一社会信用代码校验位不符，请核对执照原件（GB 32100）。",
    },
  },
  LICENCE_INVALID: {
    length: {
      en: "A licence number has 15 digits, or is the 18 characters of the unified code.",
      zh: "营业执照注册号应为15位数字，或为18位统一社会信用代码。",
    },
    alphabet: {
      en: "The licence number holds a character that none has.",
      zh: "营业执照号含有不允许的字符。",
    },
    check: {
      en: "The check digit does not fit: a character of the licence number is wrong (GS 15).",
      zh: "营业执照号校验位不符，请核对执照原件（GS 15）。",
    },
  },
  RESIDENT_ID_INVALID: {
    length: {
      en: "A micro-merchant is known by its principal's identity number, 18 characters.",
      zh: "小微商户须填写负责人身份证号，应为18位。",
    },
    alphabet: {
      en: "An identity number has 17 digits and a digit or X.",
      zh: "身份证号前17位为数字，末位为数字或X。",
    },
    check: {
      en: "The check character does not fit: a digit of the identity number is wrong (GB 11643).",
      zh: "身份证号校验位不符，请核对证件原件（GB 11643）。",
    },
  },
  TAX_NUMBER_INVALID: {
    length: {
      en: "A tax registration number has 15, 17, 18 or 20 characters.",
      zh: "税务登记号应为15、17、18或20位。",
    },
    alphabet: {
      en: "A tax registration number holds digits and capital letters, and the old one begins with a region's 6 digits.",
      zh: "税务登记号由数字和大写字母组成，15位旧号前6位为地区码。",
    },
    check: {
      en: "The check character does not fit: a character of the tax number is wrong.",
      zh: "税务登记号校验位不符，请核对证件原件。",
    },
  },
  MCC_INVALID: {
    length: { en: "A merchant category code has 4 digits.", zh: "商户类别码应为4位数字。" },
    alphabet: { en: "A merchant category code holds digits only.", zh: "商户类别码只能是数字。" },
  },
  IDENTIFIERS_INCONSISTENT: {
    differs: {
      en: "Since the merging of certificates it is the same number as the unified social credit code.",
      zh: "三证合一后，该号码应与统一社会信用代码一致。",
    },
    differs_from_person: {
      en: "A micro-merchant's numbers are all its principal's identity number.",
      zh: "小微商户的各号码应与负责人身份证号一致。",
    },
    owner_kind: {
      en: "The numbers tell of another kind of owner: none is a micro-merchant, 92 a sole trader, all else an enterprise.",
      zh: "商户类型与证件不符：无统一代码为小微商户，92开头为个体工商户，其余为企业或单位。",
    },
  },
  FIELD_INVALID: {
    choice: { en: "The value is none of those that there are.", zh: "取值不在允许范围内。" },
    too_many: { en: "There are too many contacts.", zh: "联系人数量超过上限。" },
    repeated: { en: "The same contact is there twice.", zh: "联系人重复。" },
    unreachable: {
      en: "A contact needs a telephone number or an e-mail address.",
      zh: "联系人须至少填写电话或电子邮箱。",
    },
    form: { en: "The value is not of its form.", zh: "格式不正确。" },
    order: { en: "The account would end before it begins.", zh: "有效期止日早于起日。" },
  },
  PHONE_INVALID: {
    length: { en: "The telephone number is too long.", zh: "电话号码过长。" },
    form: {
      en: "A mainland number is 11 digits of a mobile, area code and 7 or 8 digits, or 400 and 7 digits.",
      zh: "电话应为11位手机号、区号加7至8位固定电话或400电话。",
    },
  },
  EMAIL_INVALID: {
    length: { en: "The e-mail address is too long.", zh: "电子邮箱过长。" },
    form: { en: "This is no e-mail address.", zh: "电子邮箱格式不正确。" },
    card_number: { en: "The e-mail address holds a card number.", zh: "电子邮箱中含有银行卡号。" },
  },
  CNAPS_INVALID: {
    length: { en: "A CNAPS bank code has 12 digits.", zh: "联行号应为12位数字。" },
    alphabet: { en: "A CNAPS bank code holds digits only.", zh: "联行号只能是数字。" },
    check: {
      en: "The check digit does not fit: a digit of the bank code is wrong.",
      zh: "联行号校验位不符，请向开户行核对。",
    },
  },
  CREDIT_CARD: {
    credit: {
      en: "This is a credit card, which cannot be settled to. Ask for a debit card of the same owner.",
      zh: "该卡为信用卡，不能作为结算卡，请提供本人借记卡。",
    },
    semi_credit: {
      en: "This is a semi-credit card, which the law counts as a credit card. Ask for a debit card of the same owner.",
      zh: "该卡为准贷记卡，属信用卡，不能作为结算卡，请提供本人借记卡。",
    },
    prepaid: {
      en: "This is a prepaid card, which cannot be settled to. Ask for a debit card of the same owner.",
      zh: "该卡为预付费卡，不能作为结算卡，请提供本人借记卡。",
    },
  },
  BIN_UNKNOWN: {
    unknown: {
      en: "The card's BIN is in no table: make sure with the bank that it is a debit card.",
      zh: "卡BIN不在卡表中，请向发卡行确认该卡为借记卡。",
    },
    mixed: {
      en: "The card's first digits are of debit and of other cards: make sure with the bank that it is a debit card.",
      zh: "该卡号段既有借记卡也有其他卡，请向发卡行确认该卡为借记卡。",
    },
  },
  OWNER_DIFFERS: {
    not_principal: {
      en: "The holder is not the merchant's principal. Names are compared without spaces and in one form of dots and brackets.",
      zh: "持卡人与商户负责人不一致。",
    },
    not_merchant: {
      en: "The account's name is not the merchant's. Names are compared without spaces and in one form of dots and brackets.",
      zh: "账户名称与商户名称不一致。",
    },
    person: {
      en: "The policy lets an enterprise settle to an account of its own name only, not to a person's card.",
      zh: "按收单机构规定，企业商户须结算至本单位同名账户，不能使用个人卡。",
    },
    unknown: {
      en: "Nobody has told who the merchant's principal is, so that the holder cannot be compared. Add the principal first.",
      zh: "商户未登记负责人，无法核对持卡人，请先补登负责人。",
    },
  },
  BINDING_EXPIRED: {
    not_yet: { en: "The account is not valid yet at that time.", zh: "届时该账户尚未生效。" },
    over: {
      en: "The card or account is not valid any more at that time.",
      zh: "届时该卡或账户已过有效期。",
    },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Words>>>>;

export type FaultCode = keyof typeof WORDS;
export type FaultReason<C extends FaultCode> = keyof (typeof WORDS)[C] & string;
