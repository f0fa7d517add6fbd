import { toUtf8 } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { toPrintable } from "../../../proto/printable.ts";
import { parseTusn } from "../../../proto/tusn.ts";
import type { Arguments, Command } from "../arguments.ts";
import { confirm } from "../confirm.ts";
import { type Asker, fetchEnrolments, fetchUnbinding, submitAdmission, submitUnbinding } from "../desk.ts";
import { type Bound, parseBound, parseEnrolments, parseState, type WaitingEnrolment } from "../identity.ts";
import { openKeyFile } from "../key-file.ts";
import { print } from "../output.ts";
import type { Ports } from "../ports.ts";
import { toDigits } from "../render/fingerprint.ts";
import type { Language } from "../render/words.ts";
import { KEY, LANG, SERVICE, toDesk, toLanguage, toPassphraseSource, toPrompts } from "./options.ts";

const YES = { yes: { about: "confirm beforehand instead of typing the fingerprint" } };

interface Words {
  readonly terminal: string;
  readonly merchant: string;
  readonly place: string;
  readonly tokenBy: string;
  readonly state: string;
  readonly key: string;
  readonly reason: string;
  readonly movesTo: string;
  readonly stays: string;
  readonly asked: (person: string, reason: string) => string;
}

const WORDS: Readonly<Record<Language, Words>> = {
  zh: {
    terminal: "终端",
    merchant: "商户",
    place: "地点",
    tokenBy: "令牌签发人",
    state: "状态",
    key: "设备密钥核对",
    reason: "原因",
    movesTo: "解绑后归属商户",
    stays: "不变",
    asked: (person, reason) => `${person} 已提出：${reason}`,
  },
  en: {
    terminal: "Terminal",
    merchant: "Merchant",
    place: "Place",
    tokenBy: "Token by",
    state: "State",
    key: "Read out (device key)",
    reason: "Reason",
    movesTo: "Moves to merchant",
    stays: "stays",
    asked: (person, reason) => `Asked by ${person}: ${reason}`,
  },
};

export const enrolments: Command = {
  name: "enrolments",
  about: "list the terminals that wait for a person to admit their enrolment",
  operands: [],
  options: { ...SERVICE, ...KEY, ...LANG },
  run: async (given, ports) => {
    const desk = toDesk(given.demanded("service"), given);
    const waiting = parseEnrolments(await fetchEnrolments(desk, await toAsker(given, ports)));
    const words = WORDS[toLanguage(given, ports)];
    print(
      ports,
      given.flag("json"),
      waiting,
      () => waiting.map((one) => toWaitingText(one, words)).join("\n\n") || "-",
    );
  },
};

export const admit: Command = {
  name: "admit",
  about: "let the device key that asks enrol as this terminal, once its digits are those that the installer reads out",
  operands: ["TUSN"],
  options: { ...SERVICE, ...KEY, ...YES, ...LANG },
  run: async (given, ports) => {
    const tusn = parseTusn(given.operands[0] ?? "");
    const desk = toDesk(given.demanded("service"), given);
    const by = await toAsker(given, ports);
    const waiting = parseEnrolments(await fetchEnrolments(desk, by, tusn)).find((one) => one.tusn === tusn);
    if (waiting === undefined) throw new TillsyncError("NOT_FOUND", { enrolment: tusn });
    const { deviceKey } = waiting;
    await show(given, ports, toWaitingText(waiting, WORDS[toLanguage(given, ports)]), deviceKey);
    const state = parseState(await submitAdmission(desk, by, tusn, toUtf8(JSON.stringify({ deviceKey }))));
    print(ports, given.flag("json"), { tusn, state }, () => `${tusn}: ${state}`);
  },
};

export const unbind: Command = {
  name: "unbind",
  about: "ask that a terminal be parted from its device key; done once a maker and a checker have asked for the same",
  operands: ["TUSN"],
  options: {
    ...SERVICE,
    ...KEY,
    reason: { value: "TEXT", about: "why, in one line", isRequired: true },
    merchant: { value: "NUMBER", about: "merchant that it goes to; else it stays", pattern: /^\d{15}$/ },
    ...YES,
    ...LANG,
  },
  run: async (given, ports) => {
    const tusn = parseTusn(given.operands[0] ?? "");
    const desk = toDesk(given.demanded("service"), given);
    const by = await toAsker(given, ports);
    const bound = parseBound(await fetchUnbinding(desk, by, tusn));
    if (bound.tusn !== tusn) throw new TillsyncError("FETCH_FAILED", { expected: tusn });
    const [reason, merchant] = [given.demanded("reason"), given.text("merchant")];
    const words = WORDS[toLanguage(given, ports)];
    await show(given, ports, toBoundText(bound, words, reason, merchant), bound.deviceKey);
    const word = { deviceKey: bound.deviceKey, reason, ...(merchant === undefined ? {} : { merchant }) };
    const state = parseState(await submitUnbinding(desk, by, tusn, toUtf8(JSON.stringify(word))));
    print(ports, given.flag("json"), { tusn, state }, () => `${tusn}: ${state}`);
  },
};

/** Lets the person read what he decides, and confirm it by the key's digits. */
async function show(given: Arguments, ports: Ports, text: string, deviceKey: string): Promise<void> {
  const isJson = given.flag("json");
  (isJson ? ports.err : ports.out)(`${text}\n\n`);
  if (given.flag("yes")) return;
  const asked = { prompt: ports.prompt, prompts: toPrompts(given, ports), err: ports.err };
  await confirm(toKeyDigits(deviceKey), asked);
}

function toWaitingText({ tusn, deviceKey, merchant, place, tokenBy }: WaitingEnrolment, words: Words): string {
  return [
    `${words.terminal}: ${tusn}`,
    `${words.merchant}: ${merchant}`,
    `${words.place}: ${toPrintable(place)}`,
    `${words.tokenBy}: ${toPrintable(tokenBy)}`,
    `${words.key}: ${toKeyDigits(deviceKey)}`,
  ].join("\n");
}

function toBoundText(bound: Bound, words: Words, reason: string, merchant: string | undefined): string {
  const { tusn, deviceKey, place, life, asked } = bound;
  return [
    `${words.terminal}: ${tusn}`,
    `${words.merchant}: ${bound.merchant}`,
    `${words.place}: ${toPrintable(place)}`,
    `${words.state}: ${life}`,
    `${words.key}: ${toKeyDigits(deviceKey)}`,
    `${words.reason}: ${toPrintable(reason)}`,
    `${words.movesTo}: ${merchant ?? words.stays}`,
    ...asked.map(({ person, reason: why, merchant: to }) =>
      words.asked(person, `${toPrintable(why)} (${to === "" ? words.stays : to})`),
    ),
  ].join("\n");
}

function toKeyDigits(deviceKey: string): string {
  return toDigits(Buffer.from(deviceKey, "hex"));
}

async function toAsker(given: Arguments, ports: Ports): Promise<Asker> {
  return { key: await openKeyFile(given.demanded("key"), toPassphraseSource(given, ports)), now: ports.now() };
}
