export interface Bank {
  readonly name: string;
  /** First 3 digits of its CNAPS codes. */
  readonly code: string;
  /** A BIN of its debit cards and the length of their numbers. */
  readonly bin: string;
  readonly cardDigits: number;
}

function bank(name: string, code: string, bin: string, cardDigits: number): Bank {
  return { name, code, bin, cardDigits };
}

export const AGRICULTURAL_BANK = bank("中国农业银行", "103", "622848", 19);
export const MERCHANTS_BANK = bank("招商银行", "308", "621483", 16);

export const BANKS: readonly [Bank, ...Bank[]] = [
  bank("中国工商银行", "102", "622202", 19),
  AGRICULTURAL_BANK,
  bank("中国银行", "104", "621660", 19),
  bank("中国建设银行", "105", "621700", 19),
  bank("交通银行", "301", "622262", 17),
  bank("中国民生银行", "305", "622622", 16),
  MERCHANTS_BANK,
  bank("兴业银行", "309", "622908", 18),
  bank("中国邮政储蓄银行", "403", "622188", 19),
];
