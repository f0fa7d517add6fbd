import { TillsyncError } from "./errors.ts";

/** The unique serial number of a genuine terminal (银行卡受理终端唯一序列号); only `parseTusn` makes one. */
export type Tusn = string & { readonly __brand: "Tusn" };

const TUSN = /^\d{6}(0[1-9]|1[0-3])[0-9A-Z]{1,42}$/;

/** Device types by the code at positions 7 and 8. */
export const DEVICE_TYPES: Readonly<Record<string, string>> = {
  "01": "ATM",
  "02": "traditional POS",
  "03": "mPOS",
  "04": "smart POS",
  "05": "type-II telephone",
  "06": "UnionPay cloud terminal",
  "07": "reserved",
  "08": "phone POS",
  "09": "face-pay",
  "10": "barcode terminal",
  "11": "barcode auxiliary",
  "12": "industry",
  "13": "MIS",
};

export interface TusnParts {
  /** 6 digits given to the maker. */
  readonly maker: string;
  /** 2 digits, a key of DEVICE_TYPES. */
  readonly deviceType: string;
  /** 1 to 42 upper-case letters and digits, the maker's own choice. */
  readonly serial: string;
}

export function isTusn(text: string): text is Tusn {
  return TUSN.test(text);
}

/** @throws TillsyncError TUSN_INVALID */
export function parseTusn(text: string): Tusn {
  if (!isTusn(text)) throw new TillsyncError("TUSN_INVALID");
  return text;
}

export function toTusnParts(tusn: Tusn): TusnParts {
  return { maker: tusn.slice(0, 6), deviceType: tusn.slice(6, 8), serial: tusn.slice(8) };
}
