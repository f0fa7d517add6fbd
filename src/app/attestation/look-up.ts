import type { Attestation } from "../../../certs/attestation/format.ts";
import { toDigest, toUtf8 } from "../../../proto/bytes.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import { appendEntries } from "../../store/ledger.ts";
import { transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { toEntry } from "../ledger-entries.ts";
import { checkAuditor } from "./auditors.ts";
import { checkNumbers, type NumberCheck } from "./checks.ts";
import { type Attestor, toSources } from "./issue.ts";
import { readAttestation } from "./read-attestation.ts";

const SUBJECT = "terminals";

// Every look at a terminal by an auditor is told by the ledger, in the transaction in which it is read (PCI DSS 10.2). That
// the auditor is still one is seen there, too: a body may take minutes after the key was looked at.

/**
 * The attestation of a terminal for an auditor; undefined where there is no such terminal.
 *
 * @throws TillsyncError NOT_AUTHORIZED where the auditor was revoked
 */
export function lookUp(
  context: Context,
  attestor: Attestor,
  auditor: string,
  tusn: Tusn,
): Promise<Attestation | undefined> {
  return transact(context.store, async (tx) => {
    await checkAuditor(tx, auditor);
    const sources = toSources(context, attestor);
    const attestation = await readAttestation(tx, sources, tusn);
    const detail = { found: attestation !== undefined };
    await appendEntries(tx, [toEntry(sources.now, "auditor.looked", tusn, { actor: auditor, detail })]);
    return attestation;
  });
}

/** Checks of many numbers for an auditor: one entry for all of them. @throws TillsyncError NOT_AUTHORIZED */
export function lookUpMany(
  context: Context,
  auditor: string,
  texts: readonly string[],
): Promise<readonly NumberCheck[]> {
  return transact(context.store, async (tx) => {
    await checkAuditor(tx, auditor);
    const checks = await checkNumbers({ ...context, now: context.now, store: tx }, texts);
    // A digest of what was told, not of what was asked: that could be a card number.
    const digest = toDigest(toUtf8(JSON.stringify(checks)));
    const detail = { numbers: checks.length, known: checks.filter(({ verdict }) => verdict !== "").length };
    await appendEntries(tx, [toEntry(context.now(), "auditor.looked", SUBJECT, { actor: auditor, digest, detail })]);
    return checks;
  });
}
