import { toDigest, toHex, toUtf8 } from "../../../proto/bytes.ts";
import { toPrintable } from "../../../proto/printable.ts";
import type { Arguments, Command } from "../arguments.ts";
import { parseShownChange, parseWaitingChanges, type ShownChange, type WaitingChange } from "../change.ts";
import { confirm } from "../confirm.ts";
import { type Asker, fetchChange, fetchChanges, submitChangeApproval } from "../desk.ts";
import { parseState } from "../identity.ts";
import { openKeyFile } from "../key-file.ts";
import { print } from "../output.ts";
import type { Ports } from "../ports.ts";
import { toDigits } from "../render/fingerprint.ts";
import { toTimeText } from "../render/value.ts";
import type { Language } from "../render/words.ts";
import { KEY, LANG, SERVICE, toDesk, toLanguage, toPassphraseSource, toPrompts } from "./options.ts";

/** The last second that has a date of four digits. */
const MAX_SECONDS = 253_402_300_799;
const YES = { yes: { about: "confirm beforehand instead of typing the digits" } };
const ID = /^C[0-9a-f]{16}$/;

type Words = Readonly<Record<"change" | "merchant" | "kind" | "reason" | "requester" | "version" | "digits", string>>;

const WORDS: Readonly<Record<Language, Words>> = {
  zh: {
    change: "变更",
    merchant: "商户",
    kind: "类别",
    reason: "原因",
    requester: "申请人",
    version: "资料版本",
    digits: "核对码",
  },
  en: {
    change: "Change",
    merchant: "Merchant",
    kind: "Kind",
    reason: "Reason",
    requester: "Asked by",
    version: "For version",
    digits: "Digits of what it brings",
  },
};

export const changes: Command = {
  name: "changes",
  about: "list the changes of records alone that wait for a checker's word (others wait as releases: fetch)",
  operands: [],
  options: { ...SERVICE, ...KEY, ...LANG },
  run: async (given, ports) => {
    const desk = toDesk(given.demanded("service"), given);
    const waiting = parseWaitingChanges(await fetchChanges(desk, await toAsker(given, ports)));
    const words = WORDS[toLanguage(given, ports)];
    print(ports, given.flag("json"), waiting, () => waiting.map((one) => toLineText(one, words)).join("\n\n") || "-");
  },
};

export const approve: Command = {
  name: "approve",
  about: "approve a change of records, once you have read all that it brings",
  operands: ["CHANGE"],
  options: { ...SERVICE, ...KEY, ...YES, ...LANG },
  run: async (given, ports) => {
    const id = ID.test(given.operands[0] ?? "") ? (given.operands[0] ?? "") : "C0000000000000000";
    const desk = toDesk(given.demanded("service"), given);
    const by = await toAsker(given, ports);
    const bytes = await fetchChange(desk, by, id);
    // Read from the very bytes whose digest is signed.
    const shown = parseShownChange(bytes, id);
    const digest = toDigest(bytes);
    const isJson = given.flag("json");
    (isJson ? ports.err : ports.out)(`${toShownText(shown, digest, WORDS[toLanguage(given, ports)])}\n\n`);
    if (!given.flag("yes")) {
      await confirm(toDigits(digest), { prompt: ports.prompt, prompts: toPrompts(given, ports), err: ports.err });
    }
    const body = toUtf8(JSON.stringify({ digest: toHex(digest) }));
    const state = parseState(await submitChangeApproval(desk, by, id, body));
    print(ports, isJson, { change: id, state }, () => `${id}: ${state}`);
  },
};

function toLineText({ id, merchant, kind, reason, requester }: WaitingChange, words: Words): string {
  return [
    `${words.change}: ${id}`,
    `${words.merchant}: ${merchant}`,
    `${words.kind}: ${kind}`,
    `${words.reason}: ${toPrintable(reason)}`,
    `${words.requester}: ${toPrintable(requester)}`,
  ].join("\n");
}

function toShownText({ id, merchant, kind, version, reason, content }: ShownChange, digest: Uint8Array, words: Words) {
  return [
    `${words.change}: ${id}`,
    `${words.merchant}: ${merchant}`,
    `${words.kind}: ${kind}`,
    `${words.version}: ${version}`,
    `${words.reason}: ${toPrintable(reason)}`,
    ...content.map(([path, value]) => `${toPrintable(path)}: ${toPrintable(value)}${toDayNote(path, value)}`),
    `${words.digits}: ${toDigits(digest)}`,
  ].join("\n");
}

/** Times are signed as seconds; a person reads the day beside them. */
function toDayNote(path: string, value: string): string {
  const isTime = /[vV]alid(From|Until)$/.test(path) && /^\d{1,12}$/.test(value);
  return isTime && Number(value) <= MAX_SECONDS ? ` (${toTimeText(Number(value))})` : "";
}

async function toAsker(given: Arguments, ports: Ports): Promise<Asker> {
  return { key: await openKeyFile(given.demanded("key"), toPassphraseSource(given, ports)), now: ports.now() };
}
