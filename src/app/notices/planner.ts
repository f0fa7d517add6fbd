import { parseContentText } from "../../domain/changes/content.ts";
import { isTold, planNotices, type Recipients } from "../../domain/notices/plan.ts";
import type { NoticeContent } from "../../domain/notices/words.ts";
import type { Contact } from "../../domain/records/contact.ts";
import { type ChangeEvent, findChange, listChangeEventsAfter } from "../../store/changes.ts";
import { addNotices, listNotices, readCursor, setCursor } from "../../store/notices.ts";
import { type Tx, transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { toSettlementView } from "../queries/changes.ts";
import { readRecord } from "../records/read.ts";
import type { NoticeSettings } from "./settings.ts";

/** Events in one transaction; what is left comes with the next one. */
const MAX_EVENTS = 200;

/**
 * Plans the notices of what has happened since the last time. The cursor moves in the transaction that stores them: none is
 * lost, and none planned twice, whatever is switched off.
 *
 * @returns how many events were looked at
 * @throws TillsyncError STORE_FAILED
 */
export function planDue(context: Context, settings: NoticeSettings): Promise<number> {
  return transact(context.store, async (tx) => {
    const events = await listChangeEventsAfter(tx, await readCursor(tx), MAX_EVENTS);
    for (const event of events) await planOne(tx, context.now(), settings, event);
    const last = events.at(-1);
    if (last !== undefined) await setCursor(tx, last.id);
    return events.length;
  });
}

async function planOne(tx: Tx, now: number, settings: NoticeSettings, told: ChangeEvent): Promise<void> {
  const { id: eventId, changeId, event, at, comment } = told;
  const row = isTold(event) ? await findChange(tx, changeId) : undefined;
  if (row === undefined || !isTold(event)) return;
  const { kind, merchant, reason, state, submittedAt } = row;
  // Its writer alone has read it.
  if (submittedAt === null) return;
  const record = await readRecord(tx, merchant);
  const { patch, settlement } = parseContentText(row.content);
  const before = (await listNotices(tx, changeId)).filter(({ audience }) => audience === "merchant");
  // What is being written anew, or was given up, names whom its writer likes; who was told of it before is told its end.
  const isHandedIn = state !== "draft" && state !== "withdrawn";
  const contacts = settings.contacts
    ? [
        ...toAddresses(record.contacts),
        ...toAddresses(isHandedIn ? (patch?.contacts ?? []) : []),
        ...before.map(({ recipient }) => recipient),
      ]
    : [];
  const content: NoticeContent = {
    ...{ change: changeId, event, kind, merchant, merchantName: record.name, reason, comment, at },
    account: settlement === undefined ? "" : toSettlementView(settlement).number,
  };
  await addNotices(
    tx,
    planNotices({ kind, contacts }, toRecipients(settings)).map(({ channel, audience, recipient }) => ({
      ...{ changeId, eventId, event, channel, audience, recipient, content: JSON.stringify(content) },
      ...{ createdAt: now, attempts: 0, dueAt: now, deliveredAt: null, code: "" },
    })),
  );
}

function toRecipients({ smtp, sales, finance, webhooks }: NoticeSettings): Recipients {
  const names = webhooks.map(({ name }) => name);
  return smtp === undefined ? { sales: [], finance: [], webhooks: names } : { sales, finance, webhooks: names };
}

function toAddresses(contacts: readonly Contact[]): readonly string[] {
  return contacts.map(({ email }) => email).filter((email) => email !== "");
}
