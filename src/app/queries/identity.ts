import { listCertificates } from "../../store/certificates.ts";
import { listHistory, type Selected as SelectedHistory } from "../../store/history.ts";
import { listQuarantinesOf } from "../../store/quarantines.ts";
import type { CertificateRow, HistoryRow, QuarantineRow, TerminalRow, VerdictRow } from "../../store/schema.ts";
import { findSnKeys } from "../../store/sn-keys.ts";
import type { Store } from "../../store/store.ts";
import { listVerdicts } from "../../store/verdicts.ts";

/** Verdicts, certificates and happenings of one terminal in one answer: the newest ones. */
export const MAX_LISTED_OF_ONE = 1_000;

export type VerdictView = Omit<VerdictRow, "id" | "tusn">;
export type HistoryView = Omit<HistoryRow, "id" | "tusn">;
export type CertificateView = Pick<
  CertificateRow,
  "fingerprint" | "notAfter" | "issuedAt" | "revokedAt" | "revokedWhy"
>;
export type QuarantineView = Pick<QuarantineRow, "at" | "why" | "sides">;

/** What is known of one terminal's identity; lists oldest first, times in seconds. */
export interface IdentityView {
  /** Every verdict with what it rests on. */
  readonly verdicts: readonly VerdictView[];
  readonly certificates: readonly CertificateView[];
  /** Key check value of its SN key, where we hold one: all that is ever shown of it. */
  readonly snKeyCheckValue?: string;
  /** Terminal whose place it took, and the one that took its. */
  readonly replaces?: string;
  readonly replacedBy?: string;
  /** Where it is in quarantine. */
  readonly quarantine?: QuarantineView;
  readonly history: readonly HistoryView[];
}

export async function findIdentity(store: Store, terminal: TerminalRow): Promise<IdentityView> {
  const { tusn, replaces, replacedBy } = terminal;
  const [key] = await findSnKeys(store, [tusn]);
  const quarantine = (await listQuarantinesOf(store, tusn)).find(({ releasedAt }) => releasedAt === null);
  return {
    verdicts: (await listVerdicts(store, tusn)).slice(-MAX_LISTED_OF_ONE).map(({ id: _, tusn: __, ...rest }) => rest),
    certificates: (await listCertificates(store, tusn)).slice(-MAX_LISTED_OF_ONE).map(toCertificateView),
    ...(key === undefined ? {} : { snKeyCheckValue: key.kcv }),
    ...(replaces === "" ? {} : { replaces }),
    ...(replacedBy === "" ? {} : { replacedBy }),
    ...(quarantine === undefined ? {} : { quarantine: toQuarantineView(quarantine) }),
    history: toHistoryViews(await listHistory(store, tusn)),
  };
}

export function toHistoryViews(rows: readonly SelectedHistory[]): readonly HistoryView[] {
  return rows.slice(-MAX_LISTED_OF_ONE).map(({ at, kind, actor, detail }) => ({ at, kind, actor, detail }));
}

function toCertificateView({
  fingerprint,
  notAfter,
  issuedAt,
  revokedAt,
  revokedWhy,
}: CertificateRow): CertificateView {
  return { fingerprint, notAfter, issuedAt, revokedAt, revokedWhy };
}

function toQuarantineView({ at, why, sides }: QuarantineView): QuarantineView {
  return { at, why, sides };
}
