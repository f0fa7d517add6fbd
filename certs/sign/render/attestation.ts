import { type PageSection, toPage } from "../../attestation/page.ts";
import { PAGE_WORDS } from "../../attestation/words.ts";
import type { VerifiedAttestation } from "../../attestation.ts";
import { INDENT, LOUD, toContinued, toSheet } from "./layout.ts";
import { toSafe, toTimeText } from "./value.ts";
import type { Language } from "./words.ts";

interface ProofWords {
  readonly says: (at: string) => string;
  readonly outdated: string;
  readonly otherPolicy: (theirs: number, ours: number) => string;
  readonly settlement: (purpose: string) => string;
  readonly runsNothing: string;
  readonly proven: string;
  readonly notProven: string;
  readonly service: (keyId: string) => string;
  readonly age: (text: string) => string;
  readonly approved: (people: string) => string;
  readonly notApproved: (people: string, demanded: string) => string;
  readonly unknownKeys: (keys: string) => string;
  readonly leaf: string;
  readonly report: (at: string) => string;
  readonly noReport: string;
  readonly noEvidence: string;
  readonly otherKey: string;
  readonly authority: string;
  readonly word: string;
  readonly wordOf: string;
  readonly stale: string;
}

const en: ProofWords = {
  says: (at) => `The service says, as of ${at}:`,
  outdated: "the proof of its TUSN that the service tells of is too old by now: ask for a new attestation",
  otherPolicy: (theirs, ours) =>
    `names, roles and what is enough today stand below as policy ${theirs} of the service has them; held here is ${ours}`,
  settlement: (purpose) =>
    `signed for ${purpose} only, by fewer people than a settlement takes: who approved the settlement is not proven`,
  runsNothing: "that no release brought it what it runs is the service's word",
  proven: "PROVEN, without believing the service:",
  notProven: "NOT PROVEN: what it runs rests on the service's word, at least in part.",
  service: (keyId) => `signed by the service, whose key ${keyId} the trusted root names`,
  age: (text) => `made ${text} ago`,
  approved: (people) => `what it runs was approved by ${people}, who are in the policy held here`,
  notApproved: (people, demanded) =>
    `approved by ${people || "nobody"} of the policy held here, which demands ${demanded}`,
  unknownKeys: (keys) => `signed also by keys that this policy does not know, such as of people who have left: ${keys}`,
  leaf: "the release that they signed gives this very profile to this TUSN and this device key",
  report: (at) => `the terminal itself said with its device key that it took the profile (its clock: ${at})`,
  noReport: "the terminal's own report was not kept",
  noEvidence: "the attestation brings no proof",
  otherKey: "the terminal has another device key by now than the approvers named",
  authority: "the certificate is by the authority that was given with --ca",
  word: "On the service's word only:",
  wordOf: "the answer and verdict, that it still runs this, life, quarantines, the other changes, history, ledger",
  stale: "the trust held here is stale: whoever was removed since still counts. Run tillsync-sign trust update",
};

const zh: ProofWords = {
  says: (at) => `服务称，截至 ${at}：`,
  outdated: "服务所称的 TUSN 验证至今已过期：请索取新的证明书",
  otherPolicy: (theirs, ours) => `下列姓名、角色与“按现行策略足够”均依服务的策略 ${theirs}；本机策略为 ${ours}`,
  settlement: (purpose) => `仅为 ${purpose} 签发，签名人少于结算账户所需：结算账户由谁批准未经证明`,
  runsNothing: "当前配置并非由发布下发，这只凭服务所言",
  proven: "以下已证明，无需相信服务：",
  notProven: "未证明：当前配置至少部分只凭服务所言。",
  service: (keyId) => `由服务签名，其密钥 ${keyId} 为受信根所列`,
  age: (text) => `制作于 ${text} 前`,
  approved: (people) => `当前配置由 ${people} 批准，均在本机策略中`,
  notApproved: (people, demanded) => `本机策略中批准的人：${people || "无"}；须有 ${demanded}`,
  unknownKeys: (keys) => `另有本机策略中没有的密钥签名（如已离职人员）：${keys}`,
  leaf: "其所签发布确将此配置给予此 TUSN 与此设备密钥",
  report: (at) => `终端以设备密钥自证已采用该配置（终端时钟：${at}）`,
  noReport: "终端自身报告未保存",
  noEvidence: "证明书未附证据",
  otherKey: "终端现用设备密钥与批准时不同",
  authority: "证书由 --ca 给出的机构签发",
  word: "以下只凭服务所言：",
  wordOf: "结论与判定、现在是否仍用此配置、状态、隔离、其他变更、历史、账本",
  stale: "本机信任已过期：此后被移除的人仍被计入。请运行 tillsync-sign trust update",
};

const WORDS: Readonly<Record<Language, ProofWords>> = { zh, en };
const KEY_DIGITS = 16;

export interface AttestationOptions {
  readonly lang: Language;
  /** Version of the policy held. */
  readonly policy: number;
  readonly isStale: boolean;
  /** Whether the authority was pinned. */
  readonly isPinned: boolean;
}

/** The attestation on a screen: what is proven first, what rests on the service's word then, and the whole page. */
export function renderAttestation(verified: VerifiedAttestation, options: AttestationOptions): string {
  const page = PAGE_WORDS[options.lang];
  const { attestation } = verified;
  const head: readonly (readonly [string, string])[] = [
    [page.labels.tusn, attestation.tusn],
    [page.labels.at, toTimeText(attestation.at)],
  ];
  const words = WORDS[options.lang];
  const isGood = attestation.answer === "genuine";
  return [
    page.title,
    "",
    words.says(toTimeText(attestation.at)),
    ...toContinued(isGood ? "" : `${LOUD} `, page.answers[attestation.answer]),
    ...toSheet(head),
    "",
    ...toProven(verified, options),
    ...toPage(attestation, page).flatMap(toSectionLines),
  ].join("\n");
}

function toProven(verified: VerifiedAttestation, options: AttestationOptions): readonly string[] {
  const { lang, isStale, isPinned, policy } = options;
  const words = WORDS[lang];
  const { evidence, isProven, isOutdated, keyId, ageS, attestation } = verified;
  const facts = [words.service(keyId.slice(0, KEY_DIGITS)), words.age(toAge(ageS))];
  const faults: string[] = isStale ? [words.stale] : [];
  if (isOutdated) faults.push(words.outdated);
  if (attestation.trust.policy !== policy) faults.push(words.otherPolicy(attestation.trust.policy, policy));
  if (evidence !== undefined) {
    const { isApproved, isSettlementApproved, signers, demanded, unknownKeys, report, isKeyCurrent } = evidence;
    const people = signers.map(({ id, name }) => `${toSafe(name)} (${id})`).join(", ");
    (isApproved ? facts : faults).push(
      isApproved ? words.approved(people) : words.notApproved(people, demanded.join(" + ")),
    );
    if (unknownKeys.length > 0)
      faults.push(words.unknownKeys(unknownKeys.map((id) => id.slice(0, KEY_DIGITS)).join(" ")));
    if (isApproved) facts.push(words.leaf);
    if (isApproved && !isSettlementApproved) faults.push(words.settlement(evidence.statement.purpose));
    if (report === undefined) faults.push(words.noReport);
    else facts.push(words.report(toTimeText(report.at)));
    if (isPinned) facts.push(words.authority);
    if (!isKeyCurrent) faults.push(words.otherKey);
  } else faults.push(attestation.runs === null ? words.runsNothing : words.noEvidence);
  return [
    ...(isProven ? [] : [`${LOUD} ${words.notProven}`]),
    ...faults.flatMap((fault) => toContinued(`${LOUD} `, fault)),
    words.proven,
    ...facts.flatMap((fact) => toContinued(`${INDENT}- `, fact)),
    words.word,
    ...toContinued(`${INDENT}- `, words.wordOf),
  ];
}

/** A section on a screen: tables as sheets, row by row: a screen has no room for seven columns of others' words. */
export function toSectionLines({ title, rows, table, note }: PageSection): readonly string[] {
  const sheet = toSheet(rows.map(([label, value]) => [label, toSafe(value)] as const));
  const cells = (table?.rows ?? []).flatMap((row) => [
    "",
    ...toSheet(row.map((cell, at) => [table?.headings[at] ?? "", toSafe(cell)] as const)),
  ]);
  return ["", `== ${title}`, ...sheet, ...cells, ...(note === undefined ? [] : ["", note])];
}

/** In the largest unit that fits. */
function toAge(seconds: number): string {
  const units: readonly (readonly [number, string])[] = [
    [86_400, "d"],
    [3_600, "h"],
    [60, "min"],
  ];
  const [size, unit] = units.find(([each]) => seconds >= each) ?? [1, "s"];
  return `${Math.floor(seconds / size)} ${unit}`;
}
