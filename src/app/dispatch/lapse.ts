import type { ErrorCode } from "../../../proto/errors.ts";
import type { DeploymentEvent, DeploymentState } from "../../domain/deployment.ts";
import { OUTCOME_GRACE_S } from "../../domain/validity.ts";
import { findByDirectives, findLapsed, setProgress } from "../../store/deployments.ts";
import { appendEntries } from "../../store/ledger.ts";
import { removeOutbox } from "../../store/outbox.ts";
import { transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { toStepped } from "../deployment-steps.ts";
import { type LedgerKind, toEntry } from "../ledger-entries.ts";

/** Deployments that are closed at a time because their time is over. */
const LAPSED_CHUNK = 500;

/** One way in which a deployment's time ends. */
interface Lapse {
  readonly states: readonly DeploymentState[];
  /** Seconds after `notAfter`. */
  readonly graceS: number;
  readonly event: DeploymentEvent;
  readonly code: ErrorCode;
  readonly kind: LedgerKind;
}

const LAPSES: readonly Lapse[] = [
  { states: ["pending", "sent"], graceS: 0, event: "superseded", code: "EXPIRED", kind: "deployment.expired" },
  { states: ["reserved"], graceS: 0, event: "lapsed", code: "EXPIRED", kind: "deployment.lapsed" },
  {
    states: ["verified", "applied"],
    graceS: OUTCOME_GRACE_S,
    event: "lost",
    code: "OUTCOME_OVERDUE",
    kind: "alarm.outcome_overdue",
  },
];

/** Closes directives that nobody took in their time, and those whose outcome was waited for long enough. */
export async function closeLapsed(context: Context): Promise<void> {
  for (const lapse of LAPSES) await close(context, lapse);
}

async function close({ store, now }: Context, { states, graceS, event, code, kind }: Lapse): Promise<void> {
  const at = now();
  const lapsed = await findLapsed(store, states, at - graceS, LAPSED_CHUNK);
  if (lapsed.length === 0) return;
  await transact(store, async (tx) => {
    const rows = await findByDirectives(
      tx,
      lapsed.map(({ directiveDigest }) => directiveDigest),
    );
    const closed = toStepped(rows, event, at).map((row) => ({ ...row, code }));
    await setProgress(tx, closed);
    await removeOutbox(tx, closed);
    await appendEntries(
      tx,
      closed.map(({ tusn, sequence, directiveDigest: digest }) =>
        toEntry(at, kind, tusn, { digest, detail: { sequence } }),
      ),
    );
  });
}
