import type { ErrorCode } from "../../../proto/errors.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import type { DeploymentEvent, DeploymentState } from "../../domain/deployment.ts";
import { revokeCertificates } from "../../store/certificates.ts";
import { findInStates, setProgress } from "../../store/deployments.ts";
import { closeTokens } from "../../store/enrolments.ts";
import { appendEntries } from "../../store/ledger.ts";
import { clearOutbox } from "../../store/outbox.ts";
import type { Tx } from "../../store/store.ts";
import { toStepped } from "../deployment-steps.ts";
import { forgetAsking } from "../enrolment/part.ts";
import { noteHappenings } from "../identity/history.ts";
import { type LedgerKind, toEntry } from "../ledger-entries.ts";
import type { Act } from "./act.ts";

const CODE: ErrorCode = "TERMINAL_RETIRED";

/** How a deployment of a terminal ends that is heard of no more. */
interface Ending {
  readonly states: readonly DeploymentState[];
  readonly event: DeploymentEvent;
  readonly kind: LedgerKind;
}

const ENDINGS: readonly Ending[] = [
  { states: ["pending", "sent"], event: "superseded", kind: "deployment.superseded" },
  { states: ["reserved"], event: "lapsed", kind: "deployment.lapsed" },
  { states: ["verified", "applied"], event: "lost", kind: "deployment.lost" },
];

export interface OutOfService {
  /** Certificates that were revoked. */
  readonly certificates: number;
  /** Directives that were closed, ways back among them. */
  readonly directives: number;
}

/**
 * Takes away what a terminal needs in order to be served: its certificates, its token and whatever enrolment or proof is
 * open, and every directive that waits for it or whose outcome was awaited. `why` in one word.
 */
export async function putOutOfService(
  tx: Tx,
  now: number,
  tusn: Tusn,
  why: "retired" | "replaced",
  { actor }: Act,
): Promise<OutOfService> {
  const certificates = await revokeCertificates(tx, tusn, now, why);
  if (certificates > 0) {
    await noteHappenings(tx, now, [{ tusn, kind: "revoked", actor, detail: { certificates, why } }]);
  }
  if ((await closeTokens(tx, [tusn], now, "withdrawn")) > 0) {
    await noteHappenings(tx, now, [{ tusn, kind: "token_withdrawn", actor, detail: { why } }]);
  }
  await forgetAsking(tx, tusn);
  let directives = 0;
  for (const { states, event, kind } of ENDINGS) {
    const ended = toStepped(await findInStates(tx, [tusn], states), event, now).map((row) => ({ ...row, code: CODE }));
    await setProgress(tx, ended);
    await appendEntries(
      tx,
      ended.map(({ sequence, directiveDigest: digest }) =>
        toEntry(now, kind, tusn, { actor, digest, detail: { code: CODE, sequence } }),
      ),
    );
    directives += ended.length;
  }
  await clearOutbox(tx, tusn);
  return { certificates, directives };
}
