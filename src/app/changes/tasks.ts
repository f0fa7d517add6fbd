import { checkChoice } from "../../../proto/check.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { TASK_KINDS, type TaskKind } from "../../domain/changes/pack.ts";
import { finishTask } from "../../store/changes.ts";
import type { ChangeRow } from "../../store/changes-schema.ts";
import { transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { parseAct } from "../registry/act.ts";
import { alterChange, readChange } from "./act.ts";

/**
 * Somebody has done what follows a change.
 *
 * @param note what was done, in words
 * @throws TillsyncError NOT_FOUND where no such task waits, FIELD_INVALID, CONFIG_INVALID, SENSITIVE_DATA, VERSION_CONFLICT
 */
export async function doTask(
  context: Context,
  id: string,
  kind: TaskKind,
  note: string,
  by: string,
): Promise<ChangeRow> {
  checkChoice(kind, TASK_KINDS, "task");
  const { actor, reason } = parseAct(note, by);
  const row = await readChange(context.store, id);
  return transact(context.store, async (tx) => {
    const now = context.now();
    const isDone = await finishTask(tx, { changeId: id, kind, doneAt: now, doneBy: actor, note: reason });
    if (!isDone) throw new TillsyncError("NOT_FOUND", { change: id, task: kind });
    return alterChange(tx, now, row, "task_done", { actor, comment: `${kind}: ${reason}` });
  });
}
