import { toErrorCode } from "../../../proto/errors.ts";
import type { OrderAlarm } from "../../domain/acquirers/order.ts";
import type { PolicyPack } from "../../domain/changes/pack.ts";
import { findOpenTime } from "../../domain/changes/windows.ts";
import { toErrorFields } from "../../log.ts";
import type { AcquirerOrderRow } from "../../store/acquirers-schema.ts";
import { addChangeEvent, findChange, listUnderWay } from "../../store/changes.ts";
import type { ChangeRow } from "../../store/changes-schema.ts";
import { type Tx, transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { moveChange, readChange, returnChange } from "./act.ts";
import { readApproval } from "./approve.ts";
import { beginRelease, carryOut } from "./carry-out.ts";
import { judge } from "./judge.ts";
import { findPacksFor, toPackNames } from "./packs.ts";
import { readPackOf } from "./progress.ts";
import { isPublished } from "./release-owner.ts";
import { type ChangeTools, toRefusing } from "./submit.ts";

/** Changes looked at in one poll; the others come with the next ones. */
const MAX_VISITED = 500;
const SERVICE = "service";

/** Carries out what was approved: looks at every change that waits for signatures, for its hour, for terminals or for an acquirer. */
export class ChangeRunner {
  readonly #context: Context;
  readonly #tools: ChangeTools;
  /** Codes that were told, by change: what is looked at every few seconds must not fill the log. */
  readonly #told = new Map<string, string>();
  #polling: Promise<void> | undefined;
  /** Number of the last change of the page that was visited last. */
  #after = "";

  constructor(context: Context, tools: ChangeTools) {
    this.#context = context;
    this.#tools = tools;
  }

  /** Visits each change that waits for something, and takes what steps can be taken. Never rejects; never overlaps itself. */
  poll(): Promise<void> {
    this.#polling ??= this.#poll().finally(() => {
      this.#polling = undefined;
    });
    return this.#polling;
  }

  /** Resolves when nothing is under way any more. */
  async close(): Promise<void> {
    await this.#polling;
  }

  async #poll(): Promise<void> {
    const states = ["submitted", "approved", "releasing"] as const;
    const after = this.#after;
    const page = { after, limit: MAX_VISITED };
    const rows = await listUnderWay(this.#context.store, states, page).catch((error: unknown) => {
      this.#context.log.error(toErrorFields(error), "changes not looked at");
      return [];
    });
    // Those of the next page come next, whatever became of these: many that wait must keep none from its turn.
    this.#after = rows.length < MAX_VISITED ? "" : (rows.at(-1)?.id ?? "");
    for (const { id } of rows.toSorted((a, b) => a.updatedAt - b.updatedAt)) await this.#visitSafely(id);
    const isOfPage = (id: string) => id > after && (this.#after === "" || id <= this.#after);
    const waiting = new Set(rows.map(({ id }) => id));
    for (const id of this.#told.keys()) if (isOfPage(id) && !waiting.has(id)) this.#told.delete(id);
  }

  /** One change that cannot go on keeps no other from it. */
  async #visitSafely(id: string): Promise<void> {
    try {
      await this.#visit(await readChange(this.#context.store, id));
      this.#told.delete(id);
    } catch (error) {
      const code = toErrorCode(error);
      // Somebody decided something at this very moment: the next visit sees it.
      if (code === "VERSION_CONFLICT" || this.#told.get(id) === code) return;
      this.#told.set(id, code);
      this.#context.log.error({ change: id, ...toErrorFields(error) }, "change cannot go on");
    }
  }

  async #visit(row: ChangeRow): Promise<void> {
    const { store } = this.#context;
    if (row.state === "releasing") return carryOut(this.#context, this.#tools, row, await readPackOf(store, row));
    const packs = await findPacksFor(store, row.merchant);
    // A policy that was changed since judges what is pending.
    if (toPackNames(packs) !== row.pack && (await this.#bar(row))) return;
    if (row.state === "submitted") return this.#collect(row);
    if (packs.every((one) => isOpenHour(one, this.#context.now()))) {
      const pack = await readPackOf(store, row);
      await carryOut(this.#context, this.#tools, await beginRelease(this.#context, row, pack), pack);
    }
  }

  /** @returns whether the policy of now refuses it */
  async #bar(row: ChangeRow): Promise<boolean> {
    // What terminals may have already is carried out to its end.
    if (await isPublished(this.#context.store, row.releaseId)) return false;
    const { findings } = await judge(this.#context, row, this.#tools.acquirers);
    const [first] = toRefusing(findings);
    if (first === undefined) return false;
    await this.#return(row, "bar", `${first.code}: ${first.what}`, first.code);
    return true;
  }

  async #collect(row: ChangeRow): Promise<void> {
    if (row.releaseId === null) return;
    const { desk, policy } = this.#tools;
    const approval = await readApproval(this.#context, desk, policy(), row);
    if (approval.state === "lapsed") await this.#return(row, "lapse", "", "EXPIRED");
    if (approval.state !== "approved") return;
    const act = { actor: SERVICE, comment: approval.by.join("+") };
    await transact(this.#context.store, (tx) => moveChange(tx, this.#context.now(), row, "approve", act));
  }

  async #return(row: ChangeRow, event: "bar" | "lapse", comment: string, code: string): Promise<void> {
    const act = { actor: SERVICE, comment };
    await transact(this.#context.store, (tx) => returnChange(tx, this.#context.now(), row, event, act, { code }));
  }
}

function isOpenHour({ blackouts, timeZone }: PolicyPack, now: number): boolean {
  return findOpenTime(blackouts, timeZone, now) === now;
}

/** Notes with the change how far its acquirer is; for `RunnerOptions.changed`. */
export async function noteOrder(tx: Tx, now: number, order: AcquirerOrderRow, alarm?: OrderAlarm): Promise<void> {
  const { change, purpose, state, code, words } = order;
  const row = await findChange(tx, change);
  if (row === undefined) return;
  const comment = [purpose, state, code, words, alarm ?? ""].filter((part) => part !== "").join(" ");
  await addChangeEvent(tx, { changeId: change, at: now, event: "acquirer", state: row.state, actor: SERVICE, comment });
}
