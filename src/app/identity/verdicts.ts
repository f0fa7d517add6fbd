import { TillsyncError } from "../../../proto/errors.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import { stepLife } from "../../domain/life.ts";
import {
  type IdentityPolicy,
  isSufficient,
  PROVING,
  toVerdict,
  type Verdict,
  type VerdictSource,
} from "../../domain/verdict.ts";
import { findTerminals, setIdentity } from "../../store/fleet.ts";
import { appendEntries } from "../../store/ledger.ts";
import { resumeUnproven } from "../../store/outbox.ts";
import type { Tx } from "../../store/store.ts";
import { addVerdict } from "../../store/verdicts.ts";
import { toEntry } from "../ledger-entries.ts";
import { noteHappenings } from "./history.ts";

export interface GivenVerdict {
  readonly tusn: Tusn;
  readonly verdict: Verdict;
  readonly source: VerdictSource;
  /** Facts it rests on: no key. */
  readonly evidence: Readonly<Record<string, string | number | boolean>>;
  /** SHA-256 of an evidence file. */
  readonly evidenceDigest?: Uint8Array;
  /** Seconds; where it rests on what was found before now. */
  readonly provenAt?: number;
  readonly actor: string;
}

/**
 * Takes a verdict on a TUSN into the records, with evidence, history and ledger entry. One that says less than what was
 * proven before is kept as evidence and changes nothing; one that says that the terminal is not genuine always counts,
 * and raises an alarm where it was thought genuine before. `now` in seconds.
 *
 * @returns the verdict that holds now
 * @throws TillsyncError NOT_FOUND; STATE_CONFLICT for a terminal that is out of service for good
 */
export async function giveVerdict(tx: Tx, now: number, policy: IdentityPolicy, given: GivenVerdict): Promise<Verdict> {
  const { tusn, verdict, source, evidence, evidenceDigest, actor } = given;
  const [terminal] = await findTerminals(tx, [tusn]);
  if (terminal === undefined) throw new TillsyncError("NOT_FOUND", { terminal: tusn });
  await addVerdict(tx, {
    ...{ tusn, verdict, source, actor, at: now },
    evidence: JSON.stringify(Object.fromEntries(Object.entries(evidence).sort(([a], [b]) => (a < b ? -1 : 1)))),
    evidenceDigest: evidenceDigest ?? null,
  });
  const provenAt = given.provenAt ?? now;
  // An enquiry that somebody gets round to recording takes nothing from what was found since.
  const isOvertaken = provenAt < Math.min(now, terminal.provenAt ?? 0) && PROVING.includes(verdict);
  const held = isOvertaken ? terminal.verdict : toVerdict(terminal.verdict, verdict);
  const isNew = held === verdict && !isOvertaken;
  const isProof = isNew && isSufficient({ verdict: held, provenAt: now }, policy);
  const life = isProof ? stepLife(terminal, "verified") : terminal;
  await setIdentity(tx, tusn, {
    verdict: held,
    provenAt: isNew ? provenAt : terminal.provenAt,
    life: life.life,
    lifeBefore: life.lifeBefore,
  });
  if (isProof) await resumeUnproven(tx, tusn, now);
  const detail = { verdict, source, held };
  const digest = evidenceDigest === undefined ? {} : { digest: evidenceDigest };
  await noteHappenings(tx, now, [{ tusn, kind: "verdict", actor, detail, ...digest }]);
  if (isSufficient(terminal, policy) && !isSufficient({ verdict: held, provenAt: null }, policy)) {
    await appendEntries(tx, [toEntry(now, "alarm.verdict_lost", tusn, { actor, detail })]);
  }
  return held;
}
