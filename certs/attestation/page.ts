import type { Attestation } from "./format.ts";
import type { PageWords } from "./words.ts";

// The attestation as one page of plain texts, for whoever sets it: a command, a web page, the approvers' program. No text
// here is made safe for any of them.

export type PageRow = readonly [label: string, value: string];

export interface PageSection {
  readonly title: string;
  readonly rows: readonly PageRow[];
  /** Below the rows; a heading for each column. */
  readonly table?: { readonly headings: readonly string[]; readonly rows: readonly (readonly string[])[] };
  /** Below the table. */
  readonly note?: string;
}

const DAY_S = 86_400;

/** All sections in the order in which they are read; those with nothing to tell are left out. */
export function toPage(attestation: Attestation, words: PageWords): readonly PageSection[] {
  return [
    toKnown(attestation, words),
    toTerminal(attestation, words),
    toCertificates(attestation, words),
    toRuns(attestation, words),
    ...toApproval(attestation, words),
    ...toChanges(attestation, words),
    ...toQuarantines(attestation, words),
    ...toVerdicts(attestation, words),
    ...toHistory(attestation, words),
    toLedger(attestation, words),
  ];
}

/** `2026-07-01 12:00:00Z`, or what stands for no time. */
export function toPageTime(seconds: number | null, none: string): string {
  const time = new Date((seconds ?? Number.NaN) * 1_000);
  return Number.isNaN(time.getTime()) ? none : time.toISOString().replace("T", " ").replace(".000Z", "Z");
}

function toKnown({ proof }: Attestation, words: PageWords): PageSection {
  const { labels, none, never } = words;
  const { rests } = proof;
  return {
    title: words.sections.known,
    rows: [
      [labels.verdict, proof.verdict],
      [labels.source, rests === null ? none : rests.source],
      [labels.actor, rests === null ? none : rests.actor],
      [labels.evidence, rests === null ? none : rests.evidence],
      [labels.evidenceDigest, rests === null || rests.evidenceDigest === "" ? none : rests.evidenceDigest],
      [labels.provenAt, toPageTime(proof.provenAt, never)],
      [labels.sufficient, toYes(words, proof.isSufficient)],
      [labels.recent, toYes(words, proof.isRecent)],
      [labels.maxAge, words.days(Math.floor(proof.maxAgeS / DAY_S))],
    ],
  };
}

function toTerminal({ terminal }: Attestation, words: PageWords): PageSection {
  const { labels, none } = words;
  return {
    title: words.sections.terminal,
    rows: [
      [labels.maker, `${terminal.maker} (${terminal.makerCode})`],
      [labels.model, terminal.model],
      [labels.deviceType, `${terminal.deviceType} (${terminal.deviceTypeCode})`],
      [labels.certificateNo, terminal.certificateNo],
      [labels.place, terminal.place],
      [labels.merchant, terminal.merchant],
      [labels.life, terminal.life],
      [labels.replaces, terminal.replaces || none],
      [labels.replacedBy, terminal.replacedBy || none],
      [labels.deviceKey, terminal.deviceKey || none],
      [labels.lastSeen, toPageTime(terminal.lastSeen, words.never)],
    ],
  };
}

function toCertificates({ certificates, authority, counts }: Attestation, words: PageWords): PageSection {
  const { labels } = words;
  const rows = certificates.map((row) => [
    row.serial,
    row.fingerprint,
    `${toPageTime(row.notBefore, "-")} - ${toPageTime(row.notAfter, "-")}`,
    row.revokedAt === null ? words.no : `${toPageTime(row.revokedAt, "-")} ${row.revokedWhy}`,
    toYes(words, row.isCurrent),
  ]);
  return {
    title: words.sections.certificates,
    rows: [
      [labels.authority, `${authority.subject}, ${labels.serial} ${authority.serial}`],
      [labels.fingerprint, authority.fingerprint],
      ...(certificates.length === 0 ? [] : ([[labels.subject, certificates[0]?.subject ?? ""]] as const)),
    ],
    ...toTable([labels.serial, labels.fingerprint, labels.valid, labels.revoked, labels.current], rows),
    ...toNote(words, counts.certificates - certificates.length),
  };
}

function toRuns({ runs, terminal, evidence }: Attestation, words: PageWords): PageSection {
  const { labels, none } = words;
  const title = words.sections.runs;
  if (runs === null) {
    return { title, rows: [[labels.profile, terminal.saysProfile || none]], note: words.runsNothing };
  }
  return {
    title,
    rows: [
      [labels.profile, runs.profile],
      [labels.number, String(runs.number)],
      [labels.sequence, String(runs.sequence)],
      [labels.merchant, `${runs.merchantName} (${runs.merchant})`],
      [labels.terminalNo, runs.terminalNo],
      [labels.acquirer, runs.acquirer],
      [labels.settlement, `${runs.settlement} (${runs.bank})`],
      [labels.report, evidence?.report == null ? words.missing : words.kept],
    ],
  };
}

function toApproval({ approval }: Attestation, words: PageWords): readonly PageSection[] {
  if (approval === null) return [];
  const { labels } = words;
  const signers = approval.signers.map(({ keyId, holds, person, name, roles }): PageRow => {
    const who = person === "" ? words.keyUnknown : `${name} (${person}), ${roles.join(" + ")}`;
    return [labels.signers, `${who}, ${keyId}${holds || person === "" ? "" : `: ${words.signatureWrong}`}`];
  });
  return [
    {
      title: words.sections.approval,
      rows: [
        [labels.release, approval.release],
        [labels.purpose, approval.purpose],
        [labels.reason, approval.reason],
        [labels.created, toPageTime(approval.created, "-")],
        [labels.published, toPageTime(approval.publishedAt, "-")],
        ...signers,
        [labels.approvedToday, toYes(words, approval.isApprovedToday)],
      ],
    },
  ];
}

function toChanges({ changes, counts }: Attestation, words: PageWords): readonly PageSection[] {
  if (changes.length === 0) return [];
  const { labels } = words;
  const rows = changes.map((change) => [
    String(change.sequence),
    toPageTime(change.publishedAt, "-"),
    change.purpose,
    change.reason,
    change.approvers.join(" + "),
    [change.state, change.code, change.detail].filter((word) => word !== "").join(" "),
    toPageTime(change.updatedAt, "-"),
  ]);
  const headings = [labels.sequence, labels.published, labels.purpose, labels.reason, labels.approvers, labels.state];
  return [
    {
      title: words.sections.changes,
      rows: [],
      ...toTable([...headings, labels.when], rows),
      ...toNote(words, counts.changes - changes.length),
    },
  ];
}

function toQuarantines({ quarantines, counts }: Attestation, words: PageWords): readonly PageSection[] {
  if (quarantines.length === 0) return [];
  const { labels } = words;
  const rows = quarantines.map(({ at, why, sides, releasedAt, releasedBy, reason }) => [
    toPageTime(at, "-"),
    why,
    sides,
    releasedAt === null ? words.no : `${toPageTime(releasedAt, "-")} ${releasedBy}: ${reason}`,
  ]);
  return [
    {
      title: words.sections.quarantines,
      rows: [],
      ...toTable([labels.when, labels.why, labels.detail, labels.released], rows),
      ...toNote(words, counts.quarantines - quarantines.length),
    },
  ];
}

function toVerdicts({ verdicts, counts }: Attestation, words: PageWords): readonly PageSection[] {
  if (verdicts.length === 0) return [];
  const { labels } = words;
  const rows = verdicts.map(({ at, verdict, source, actor, evidence, evidenceDigest }) => [
    ...[toPageTime(at, "-"), verdict, source, actor],
    [evidence, evidenceDigest].filter((word) => word !== "").join(" "),
  ]);
  return [
    {
      title: words.sections.verdicts,
      rows: [],
      ...toTable([labels.when, labels.verdict, labels.source, labels.actor, labels.evidence], rows),
      ...toNote(words, counts.verdicts - verdicts.length),
    },
  ];
}

function toHistory({ history, counts }: Attestation, words: PageWords): readonly PageSection[] {
  if (history.length === 0) return [];
  const { labels } = words;
  const rows = history.map(({ at, kind, actor, detail }) => [toPageTime(at, "-"), kind, actor, detail]);
  return [
    {
      title: words.sections.history,
      rows: [],
      ...toTable([labels.when, labels.kind, labels.actor, labels.detail], rows),
      ...toNote(words, counts.history - history.length),
    },
  ];
}

function toLedger({ ledger, trust }: Attestation, words: PageWords): PageSection {
  const { labels } = words;
  return {
    title: words.sections.ledger,
    rows: [
      [labels.size, String(ledger.size)],
      [labels.root, ledger.root],
      [labels.trust, words.trustText(trust.root, trust.timestamp, trust.policy)],
    ],
  };
}

function toTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
): Pick<PageSection, "table"> | object {
  return rows.length === 0 ? {} : { table: { headings, rows } };
}

function toNote(words: PageWords, left: number): Pick<PageSection, "note"> | object {
  return left > 0 ? { note: words.more(left) } : {};
}

function toYes({ yes, no }: PageWords, holds: boolean): string {
  return holds ? yes : no;
}
