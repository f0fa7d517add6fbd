import type { Language } from "./render/words.ts";

/** Everything that a person is asked, in one language. Texts from files come in printable already. */
export interface Prompts {
  readonly newPassphrase: string;
  readonly samePassphrase: string;
  readonly passphrase: (file: string) => string;
  readonly lastFour: (holder: string, bank: string, terminals: number, first: string) => string;
  readonly digitsWrong: string;
  readonly confirm: string;
  readonly stale: (days: number) => string;
  readonly noTrust: string;
  readonly signed: (file: string, person: string) => string;
}

export const PROMPTS: Readonly<Record<Language, Prompts>> = {
  zh: {
    newPassphrase: "新密钥的口令（至少 12 个字符）：",
    samePassphrase: "请再输入一次：",
    passphrase: (file) => `${file} 的口令：`,
    lastFour: (holder, bank, terminals, first) =>
      `新结算账户 ${holder}，${bank}（${terminals} 台终端，如 ${first}）。请按商户书面资料输入账号末四位：`,
    digitsWrong: "与发布文件不符。",
    confirm: "同意以上全部内容并签名，请输入“核对”后的前五位数字；输入其他内容则放弃：",
    stale: (days) => `警告：信任数据已过期 ${days} 天。可能已有人被撤销权限而本机不知道。`,
    noTrust: "警告：本机没有信任数据，无法判断谁有权签名，也无法判断签名是否有效。",
    signed: (file, person) => `${file} 已由 ${person} 签名`,
  },
  en: {
    newPassphrase: "Passphrase for the new key (12 characters or more): ",
    samePassphrase: "The same once more: ",
    passphrase: (file) => `Passphrase of ${file}: `,
    lastFour: (holder, bank, terminals, first) =>
      `New settlement of ${holder}, ${bank} (${terminals} terminals, such as ${first}). ` +
      "Its last four digits, from the merchant's paper: ",
    digitsWrong: "Those are not the digits in the release.",
    confirm: 'To sign all this, type the first five digits after "Read out"; anything else stops: ',
    stale: (days) => `WARNING: the trust held here is stale by ${days} days. People may have lost their part since.`,
    noTrust: "WARNING: no trust is held here: who may sign, and who did, is not known.",
    signed: (file, person) => `${file} is signed by ${person}`,
  },
};
