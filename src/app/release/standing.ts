import { toDigest } from "../../../proto/bytes.ts";
import { type ErrorCode, TillsyncError, toErrorCode } from "../../../proto/errors.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import { findBar } from "../../domain/binding-gate.ts";
import { isLeftOut, type TerminalFacts, verifyStanding } from "../../domain/release-check.ts";
import { type IdentityPolicy, isSufficient, type Verdict } from "../../domain/verdict.ts";
import { findInStates } from "../../store/deployments.ts";
import { findTerminals } from "../../store/fleet.ts";
import { findQuarantined } from "../../store/quarantines.ts";
import { findReported } from "../../store/reported.ts";
import { findUnsettled } from "../../store/restores.ts";
import type { Store } from "../../store/store.ts";
import type { Leaf } from "./leaves.ts";

const NO_DIGEST = new Uint8Array(0);
const NOTHING_REPORTED = { currentDigest: null, previousDigest: null, cardKey: null };

/** A directive that was left out, by the code that its terminal's gate would have refused it with, or by ours. */
export interface SkippedLeaf {
  readonly tusn: Tusn;
  readonly code: ErrorCode;
  /** How sure we are of its TUSN, where that is why. */
  readonly verdict?: Verdict;
}

/**
 * Holds leaves against the records and parts those that can be taken from those whose terminal moved on.
 *
 * @throws TillsyncError NOT_FOUND for a terminal not on record; WRONG_MERCHANT, RELEASE_INVALID; the first leaf's code
 *   where none can be taken
 */
export async function partLeaves(
  db: Store,
  leaves: readonly Leaf[],
  policy: IdentityPolicy,
): Promise<{ readonly taken: readonly Leaf[]; readonly skipped: readonly SkippedLeaf[] }> {
  const facts = await findFacts(
    db,
    leaves.map(({ directive }) => directive.tusn),
    policy,
  );
  const taken: Leaf[] = [];
  const skipped: SkippedLeaf[] = [];
  for (const leaf of leaves) {
    const { tusn } = leaf.directive;
    const known = facts.get(tusn);
    if (known === undefined) throw new TillsyncError("NOT_FOUND", { terminal: tusn });
    const code = toLeftOut(leaf, known);
    if (code === undefined) taken.push(leaf);
    else skipped.push({ tusn, code, ...(code === "TUSN_UNPROVEN" ? { verdict: known.verdict } : {}) });
  }
  const [first] = skipped;
  if (taken.length === 0 && first !== undefined) {
    const { tusn: terminal, code, verdict } = first;
    throw new TillsyncError(code, { terminal, ...(verdict === undefined ? {} : { verdict }) });
  }
  return { taken, skipped };
}

function toLeftOut(leaf: Leaf, facts: TerminalFacts): ErrorCode | undefined {
  try {
    verifyStanding(leaf, facts);
    return undefined;
  } catch (error) {
    const code = toErrorCode(error);
    if (!isLeftOut(code)) throw error;
    return code;
  }
}

interface KnownFacts extends TerminalFacts {
  readonly verdict: Verdict;
}

async function findFacts(
  db: Store,
  tusns: readonly Tusn[],
  policy: IdentityPolicy,
): Promise<ReadonlyMap<Tusn, KnownFacts>> {
  const quarantined = new Set(await findQuarantined(db, tusns));
  const unsettled = new Set(await findUnsettled(db, tusns));
  const reported = new Map((await findReported(db, tusns)).map((row) => [row.tusn, row]));
  const underWay = new Set((await findInStates(db, tusns, ["verified", "applied"])).map(({ tusn }) => tusn));
  return new Map(
    (await findTerminals(db, tusns)).map((terminal) => {
      const { tusn, deviceKey, merchantNumber, issuedSequence, life, verdict } = terminal;
      const bar = findBar({ life, quarantined: quarantined.has(tusn), unsettled: unsettled.has(tusn) });
      const { currentDigest, previousDigest, cardKey } = reported.get(tusn) ?? NOTHING_REPORTED;
      const facts: KnownFacts = {
        ...{ verdict, isProven: isSufficient(terminal, policy) },
        ...(bar === undefined ? {} : { bar }),
        ...(deviceKey === null ? {} : { deviceKey: toDigest(deviceKey) }),
        ...{ merchantNumber, issuedSequence },
        currentDigest: currentDigest ?? NO_DIGEST,
        previousDigest: previousDigest ?? NO_DIGEST,
        ...(cardKey === null ? {} : { cardKey }),
        underWay: underWay.has(tusn),
      };
      return [tusn, facts];
    }),
  );
}
