import { type PageRow, type PageSection, toPageTime } from "../attestation/page.ts";
import type { ChangeReceipt } from "./format.ts";
import { toTerm } from "./terms.ts";
import type { ReceiptWords } from "./words.ts";

// A receipt as one page of plain texts, for whoever sets it: a command, a PDF, the approvers' program. No text here is made
// safe for any of them.

const FEN = 100;
/** Digits of a digest that tell one file from another on paper. */
const KEY_DIGITS = 16;

/** What stands above everything else, and whether it is good news. */
export function toReceiptAnswer(
  { outcome, terminals, code }: ChangeReceipt,
  words: ReceiptWords,
): { readonly text: string; readonly tone: "good" | "open" | "bad" } {
  const text = outcome === "done" && terminals.length === 0 ? words.doneWithout : words.outcomes[outcome];
  const tone = ({ done: "good", failed: "bad", withdrawn: "open" } as const)[outcome];
  return { text: code === "" ? text : `${text} (${code})`, tone };
}

/** What it is about, below the answer. */
export function toReceiptHead(receipt: ChangeReceipt, { labels, kinds, recovery }: ReceiptWords): readonly PageRow[] {
  const { change, merchant, merchantName, kind, isRecovery, times, at } = receipt;
  const named = kinds[kind];
  return [
    [labels.change, change],
    [labels.merchant, `${merchantName} (${merchant})`],
    [labels.kind, isRecovery ? `${named}; ${recovery}` : named],
    [labels.ended, toPageTime(times.ended, "-")],
    [labels.at, toPageTime(at, "-")],
  ];
}

/** All sections in the order in which they are read; those with nothing to tell are left out. */
export function toReceiptPage(receipt: ChangeReceipt, words: ReceiptWords): readonly PageSection[] {
  return [
    toWhat(receipt, words),
    toWho(receipt, words),
    toApproval(receipt, words),
    toTerminals(receipt, words),
    ...toOrders(receipt, words),
    ...toSteps(receipt, words),
    ...toEvidence(receipt, words),
    ...toTasks(receipt, words),
    toEvents(receipt, words),
    toTrust(receipt, words),
  ];
}

function toWhat({ differences }: ChangeReceipt, { labels, sections, fields, none, lang }: ReceiptWords): PageSection {
  const rows = differences.map(({ field, before, after }) => {
    const say = (text: string) => (field === "settlement.kind" ? toTerm(text, lang) : text) || none;
    return [fields[field], say(before), say(after)];
  });
  return { title: sections.what, rows: [], table: { headings: [labels.field, labels.before, labels.after], rows } };
}

function toWho(receipt: ChangeReceipt, { labels, sections, none, lang }: ReceiptWords): PageSection {
  const { requester, reasonCode, reason, pack, feeFen, times } = receipt;
  return {
    title: sections.who,
    rows: [
      [labels.requester, requester],
      [labels.reasonCode, toTerm(reasonCode, lang)],
      [labels.reason, reason],
      [labels.pack, pack || none],
      [labels.fee, `CNY ${(feeFen / FEN).toFixed(2)}`],
      [labels.created, toPageTime(times.created, none)],
      [labels.submitted, toPageTime(times.submitted, none)],
      [labels.published, toPageTime(times.published, none)],
    ],
  };
}

function toApproval({ approval, checked }: ChangeReceipt, words: ReceiptWords): PageSection {
  const { labels, sections } = words;
  const title = sections.approval;
  if (checked !== null) {
    const { person, name, keyId, holds } = checked;
    const who = person === "" ? words.keyUnknown : `${name} (${person})`;
    const fault = holds || person === "" ? "" : `: ${words.signatureWrong}`;
    return { title, rows: [[labels.checked, `${who}, ${keyId.slice(0, KEY_DIGITS)}${fault}`]] };
  }
  if (approval === null) return { title, rows: [], note: words.nobody };
  const signers = approval.signers.map(({ keyId, holds, person, name, roles }): PageRow => {
    const who =
      person === ""
        ? words.keyUnknown
        : `${name} (${person}), ${roles.map((role) => toTerm(role, words.lang)).join(" + ")}`;
    const fault = holds || person === "" ? "" : `: ${words.signatureWrong}`;
    return [labels.signer, `${who}, ${keyId.slice(0, KEY_DIGITS)}${fault}`];
  });
  return {
    title,
    rows: [
      [labels.release, approval.release],
      [labels.purpose, toTerm(approval.purpose, words.lang)],
      ...signers,
      [labels.approvedToday, approval.isApprovedToday ? words.yes : words.no],
    ],
  };
}

function toTerminals({ terminals, counts }: ChangeReceipt, words: ReceiptWords): PageSection {
  const { labels, sections } = words;
  const title = sections.terminals;
  if (terminals.length === 0) return { title, rows: [], note: words.noTerminals };
  const rows = terminals.map(({ tusn, sequence, isWayBack, state, code, detail, test, at, proof }) => [
    tusn,
    isWayBack ? `${sequence} ${words.wayBack}` : String(sequence),
    [toTerm(state, words.lang), code, detail].filter((word) => word !== "").join(" "),
    words.tests[test],
    proof?.report == null ? words.missing : words.kept,
    toPageTime(at, words.none),
  ]);
  const left = counts.terminals - terminals.length;
  return {
    title,
    rows: [],
    table: {
      headings: [labels.tusn, labels.sequence, labels.state, labels.test, labels.proof, labels.when],
      rows,
    },
    ...(left > 0 ? { note: words.more(left) } : {}),
  };
}

function toOrders({ orders }: ChangeReceipt, words: ReceiptWords): readonly PageSection[] {
  const { labels, sections, none, lang } = words;
  return orders.map((order): PageSection => {
    const { requestNo, purpose, acquirer, state, reference, code, words: said, wanted, shown, at } = order;
    const record = shown === null ? none : `${shown.masked} ${shown.bank} ${shown.holder} ${shown.credit}`.trim();
    const rows: readonly PageRow[] = [
      [labels.order, `${requestNo} (${acquirer})`],
      [labels.state, [toTerm(state, lang), code, said, toPageTime(at, none)].filter((word) => word !== "").join(" ")],
      [labels.reference, reference || none],
      [labels.wanted, wanted],
      [labels.shown, shown === null ? none : `${record}, ${toPageTime(shown.at, none)}`],
    ];
    return { title: `${sections.acquirer}: ${toTerm(purpose, lang)}`, rows };
  });
}

function toSteps({ steps }: ChangeReceipt, words: ReceiptWords): readonly PageSection[] {
  const { labels, sections, none } = words;
  const rows = steps.map(({ step, person, at, noted, evidence }) => [
    ...[step, person, toPageTime(at, none), noted || none, evidence === "" ? none : evidence.slice(0, KEY_DIGITS)],
  ]);
  const headings = [labels.step, labels.person, labels.when, labels.noted, labels.digest];
  return rows.length === 0 ? [] : [{ title: sections.steps, rows: [], table: { headings, rows } }];
}

function toEvidence({ evidence }: ChangeReceipt, words: ReceiptWords): readonly PageSection[] {
  const { labels, sections, lang } = words;
  const rows = evidence.map(({ kind, name, size, digest, actor }) => [
    toTerm(kind, lang),
    name,
    String(size),
    digest,
    actor,
  ]);
  const headings = [labels.kind, labels.file, labels.size, labels.digest, labels.person];
  return rows.length === 0 ? [] : [{ title: sections.evidence, rows: [], table: { headings, rows } }];
}

function toTasks({ tasks }: ChangeReceipt, words: ReceiptWords): readonly PageSection[] {
  const { labels, sections, none } = words;
  const rows = tasks.map(({ kind, doneAt, doneBy, note }) => [
    ...[toTerm(kind, words.lang), toPageTime(doneAt, words.open), doneBy || none, note || none],
  ]);
  const headings = [labels.task, labels.when, labels.person, labels.note];
  return rows.length === 0 ? [] : [{ title: sections.tasks, rows: [], table: { headings, rows } }];
}

function toEvents({ events, counts }: ChangeReceipt, words: ReceiptWords): PageSection {
  const { labels, sections, none, lang } = words;
  const rows = events.map(({ at, event, state, actor, comment }) => [
    ...[toPageTime(at, none), toTerm(event, lang), toTerm(state, lang), toTerm(actor, lang), comment || none],
  ]);
  const left = counts.events - events.length;
  return {
    title: sections.events,
    rows: [],
    table: { headings: [labels.when, labels.event, labels.standing, labels.person, labels.note], rows },
    ...(left > 0 ? { note: words.more(left) } : {}),
  };
}

function toTrust({ ledger, trust }: ChangeReceipt, words: ReceiptWords): PageSection {
  const { labels, sections } = words;
  return {
    title: sections.trust,
    rows: [
      [labels.entries, String(ledger.size)],
      [labels.root, ledger.root],
      [labels.judged, words.trustText(trust.root, trust.timestamp, trust.policy)],
    ],
  };
}
