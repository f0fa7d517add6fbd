import type { Random } from "./random.ts";

/** A certified terminal model. Names and certificate numbers are invented, maker codes and device types are not. */
export interface Model {
  /** 6 digits given to the maker. */
  readonly maker: string;
  /** 2 digits, device type of the TUSN. */
  readonly type: string;
  readonly name: string;
  /** Network-access certificate number. */
  readonly certificateNo: string;
  /** The maker's own serial: `@` a digit, anything else itself. */
  readonly serial: string;
}

function model(maker: string, type: string, name: string, certificateNo: string, serial: string): Model {
  return { maker, type, name, certificateNo, serial };
}

export const N7 = model("000003", "04", "N7", "P3100", "N7NL@@@@@@@@");
const S58 = model("000057", "02", "S58", "P3126", "2801@@@@@@@@");
const G6 = model("000006", "02", "G6", "P3087", "6270@@@@@@");
const D29 = model("000029", "02", "D29", "P2954", "10@@@@@@");

/** Names of the models that settle with the number of the card itself; the others know its BIN and last four. */
export const MODELS_WITH_CARD_NUMBER: readonly string[] = [S58.name, "S58 Smart"];

export const MODELS: readonly [Model, ...Model[]] = [
  N7,
  S58,
  G6,
  D29,
  model("000003", "02", "SP3", "P3018", "SP3NL@@@@@@@"),
  model("000003", "10", "Q3", "P3244", "Q3NL@@@@@@@@"),
  model("000006", "04", "G6 Pro", "P3161", "64@@@@@@@@@@"),
  model("000006", "09", "GF1", "P3305", "GF1A@@@@@@@@"),
  model("000009", "03", "M9", "P2871", "M9@@@@@@"),
  model("000009", "04", "A9", "P3172", "A9T@@@@@@@@@@@@@@@"),
  model("000026", "04", "K26", "P3150", "K26B@@@@@@@@"),
  model("000026", "11", "K26 Box", "P3262", "KB@@@@@@@@"),
  model("000029", "08", "D29 Touch", "P3318", "DT@@@@@@@@"),
  model("000057", "04", "S58 Smart", "P3207", "S58S@@@@@@@@@@@@@@"),
];

/** TUSNs from public documents, genuine-looking, with the models they are given here. */
export const PUBLIC_SAMPLES: readonly (readonly [string, Model])[] = [
  ["00000304N7NL01933217", N7],
  ["00000304N7NL00072365", N7],
  ["00005702280117638929", S58],
  ["000006026270832837", G6],
  ["0000290210015708", D29],
];

/** A TUSN of the model; the caller sees to it that no two are alike. */
export function toTusnOf(of: Model, random: Random): string {
  return of.maker + of.type + of.serial.replace(/@/g, () => random.digits(1));
}
