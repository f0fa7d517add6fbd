import { TillsyncError } from "../../../proto/errors.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import { type HistoryKind, type Life, stepLife } from "../../domain/life.ts";
import { findTerminals, setIdentity } from "../../store/fleet.ts";
import { transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { noteHappenings } from "../identity/history.ts";
import type { Act } from "./act.ts";
import { type OutOfService, putOutOfService } from "./put-out-of-service.ts";

/** What an operator may do to a terminal's life. */
export const LIFE_CHANGES = ["suspend", "resume", "retire"] as const;
export type LifeChange = (typeof LIFE_CHANGES)[number];

const KINDS: Readonly<Record<LifeChange, HistoryKind>> = {
  suspend: "suspended",
  resume: "resumed",
  retire: "retired",
};
const NOTHING: OutOfService = { certificates: 0, directives: 0 };

export interface LifeChanged extends OutOfService {
  readonly tusn: Tusn;
  readonly life: Life;
  /** Whether it stood so already: nothing was done. */
  readonly already: boolean;
}

/**
 * Suspends a terminal (it may say hello and nothing else; what waits for it waits on), ends its suspension, or retires it
 * for good: then its certificates are revoked and what waits for it is closed. One transaction, with its history.
 *
 * @throws TillsyncError NOT_FOUND; STATE_CONFLICT for a terminal that is out of service, or not suspended
 */
export function changeLife(context: Context, tusn: Tusn, change: LifeChange, act: Act): Promise<LifeChanged> {
  return transact(context.store, async (tx) => {
    const [terminal] = await findTerminals(tx, [tusn]);
    if (terminal === undefined) throw new TillsyncError("NOT_FOUND", { terminal: tusn });
    const { life, lifeBefore } = stepLife(terminal, change);
    if (life === terminal.life) return { tusn, life, already: true, ...NOTHING };
    const now = context.now();
    await setIdentity(tx, tusn, { life, lifeBefore });
    const { actor, reason } = act;
    await noteHappenings(tx, now, [{ tusn, kind: KINDS[change], actor, detail: { reason } }]);
    const taken = change === "retire" ? await putOutOfService(tx, now, tusn, "retired", act) : NOTHING;
    return { tusn, life, already: false, ...taken };
  });
}
