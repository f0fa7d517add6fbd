import { toDigest, toHex } from "../../../proto/bytes.ts";
import { toReceiptBytes } from "../../receipt/format.ts";
import { toReceiptAnswer, toReceiptHead, toReceiptPage } from "../../receipt/page.ts";
import { RECEIPT_WORDS } from "../../receipt/words.ts";
import type { VerifiedReceipt } from "../../receipt.ts";
import { type AttestationOptions, toSectionLines } from "./attestation.ts";
import { INDENT, LOUD, toContinued, toSheet } from "./layout.ts";
import { toSafe, toTimeText } from "./value.ts";
import type { Language } from "./words.ts";

interface ProofWords {
  readonly says: (at: string) => string;
  readonly proven: string;
  readonly notProven: string;
  readonly service: (keyId: string) => string;
  readonly digest: (digest: string) => string;
  readonly approved: (people: string) => string;
  readonly notApproved: (people: string, demanded: string) => string;
  readonly nobody: string;
  readonly unknownKeys: (keys: string) => string;
  readonly otherPolicy: (theirs: number, ours: number) => string;
  readonly terminals: (count: number) => string;
  readonly unproven: (count: number) => string;
  readonly fields: (names: string) => string;
  readonly authority: string;
  readonly word: string;
  readonly wordOf: string;
  readonly stale: string;
}

const en: ProofWords = {
  says: (at) => `The service says, as of ${at}:`,
  proven: "PROVEN, without believing the service:",
  notProven: "NOT PROVEN: part of it rests on the service's word alone.",
  service: (keyId) => `signed by the service, whose key ${keyId} the trusted root names`,
  digest: (digest) => `this receipt is the one whose SHA-256 is ${digest}, as its PDF says on every page`,
  approved: (people) => `approved by ${people}, who are in the policy held here, for this change, reason and content`,
  notApproved: (people, demanded) =>
    `approved by ${people || "nobody"} of the policy held here, which demands ${demanded}`,
  nobody: "nobody's approval is told",
  unknownKeys: (keys) => `signed also by keys that this policy does not know, such as of people who have left: ${keys}`,
  otherPolicy: (theirs, ours) =>
    `names, roles and what is enough stand below as policy ${theirs} of the service has them; held here is ${ours}`,
  terminals: (count) => `${count} terminals said with their device keys how it ended on them, each as told below`,
  unproven: (count) => `of ${count} terminals only the service tells how it ended`,
  fields: (names) => `only the service tells what was to come of: ${names}`,
  authority: "the terminals' certificates are by the authority that was given with --ca",
  word: "On the service's word only:",
  wordOf:
    "who asked, the merchant's name above, how it ended as a whole, what was on record before, which account goes, evidence, what the acquirer said, that there are no other terminals and nothing else changed, which terminals said nothing, steps and tasks, history, ledger",
  stale: "the trust held here is stale: whoever was removed since still counts. Run tillsync-sign trust update",
};

const zh: ProofWords = {
  says: (at) => `服务称，截至 ${at}：`,
  proven: "以下已证明，无需相信服务：",
  notProven: "未证明：至少部分只凭服务所言。",
  service: (keyId) => `由服务签名，其密钥 ${keyId} 为受信根所列`,
  digest: (digest) => `本回执的 SHA-256 为 ${digest}，与其 PDF 各页所印一致`,
  approved: (people) => `此变更、原因与内容由 ${people} 批准，均在本机策略中`,
  notApproved: (people, demanded) => `本机策略中批准的人：${people || "无"}；须有 ${demanded}`,
  nobody: "未载明任何人的批准",
  unknownKeys: (keys) => `另有本机策略中没有的密钥签名（如已离职人员）：${keys}`,
  otherPolicy: (theirs, ours) => `下列姓名、角色与是否足够均依服务的策略 ${theirs}；本机策略为 ${ours}`,
  terminals: (count) => `${count} 台终端以设备密钥自证其结果，与下文一致`,
  unproven: (count) => `${count} 台终端的结果只凭服务所言`,
  fields: (names) => `下列项目的变更后内容只凭服务所言：${names}`,
  authority: "终端证书由 --ca 给出的机构签发",
  word: "以下只凭服务所言：",
  wordOf:
    "申请人、上列商户名称、整体结果、变更前的登记、移除的是哪个账户、证明材料、收单机构的答复、没有其他终端、没有其他变更、哪些终端未答复、人工步骤与后续事项、经过、账本",
  stale: "本机信任已过期：此后被移除的人仍被计入。请运行 tillsync-sign trust update",
};

const WORDS: Readonly<Record<Language, ProofWords>> = { zh, en };
const KEY_DIGITS = 16;

/** The receipt on a screen: what is proven first, what rests on the service's word then, and the whole page. */
export function renderReceipt(verified: VerifiedReceipt, options: AttestationOptions): string {
  const { lang } = options;
  const page = RECEIPT_WORDS[lang];
  const { receipt } = verified;
  const { text, tone } = toReceiptAnswer(receipt, page);
  return [
    page.title,
    "",
    WORDS[lang].says(toTimeText(receipt.at)),
    ...toContinued(tone === "good" ? "" : `${LOUD} `, text),
    ...toSheet(toReceiptHead(receipt, page).map(([label, value]) => [label, toSafe(value)] as const)),
    "",
    ...toProven(verified, options),
    ...toReceiptPage(receipt, page).flatMap(toSectionLines),
  ].join("\n");
}

function toProven(verified: VerifiedReceipt, { lang, isStale, isPinned, policy }: AttestationOptions) {
  const words = WORDS[lang];
  const { receipt, keyId, isProven, unprovenFields, proven, unproven } = verified;
  const facts = [words.service(keyId.slice(0, KEY_DIGITS)), words.digest(toHex(toDigest(toReceiptBytes(receipt))))];
  const faults = isStale ? [words.stale] : [];
  if (receipt.trust.policy !== policy) faults.push(words.otherPolicy(receipt.trust.policy, policy));
  const approval = toApproval(verified, words);
  (approval.holds ? facts : faults).push(...approval.lines);
  if (proven > 0) facts.push(words.terminals(proven));
  if (unproven > 0) faults.push(words.unproven(unproven));
  if (unprovenFields.length > 0) {
    faults.push(words.fields(unprovenFields.map((field) => RECEIPT_WORDS[lang].fields[field]).join(", ")));
  }
  if (isPinned && proven > 0) facts.push(words.authority);
  return [
    ...(isProven ? [] : [`${LOUD} ${words.notProven}`]),
    ...faults.flatMap((fault) => toContinued(`${LOUD} `, fault)),
    words.proven,
    ...facts.flatMap((fact) => toContinued(`${INDENT}- `, fact)),
    words.word,
    ...toContinued(`${INDENT}- `, words.wordOf),
  ];
}

function toApproval({ receipt, signers, checker, demanded, isApproved }: VerifiedReceipt, words: ProofWords) {
  if (receipt.approval === null && receipt.checked === null) return { holds: true, lines: [words.nobody] };
  const persons = signers?.signers ?? (checker === undefined ? [] : [checker]);
  const people = persons.map(({ id, name }) => `${toSafe(name)} (${id})`).join(", ");
  const unknown = signers?.unknownKeys ?? [];
  return {
    holds: isApproved,
    lines: [
      isApproved ? words.approved(people) : words.notApproved(people, demanded.join(" + ")),
      ...(unknown.length > 0 ? [words.unknownKeys(unknown.map((id) => id.slice(0, KEY_DIGITS)).join(" "))] : []),
    ],
  };
}
