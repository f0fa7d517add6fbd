import { TillsyncError, toErrorCode } from "../../../proto/errors.ts";
import { toRetryAt } from "../../domain/notices/plan.ts";
import { toErrorFields } from "../../log.ts";
import { appendEntries } from "../../store/ledger.ts";
import { findDueNotices, putNotice, type StoredNotice } from "../../store/notices.ts";
import { transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { toEntry } from "../ledger-entries.ts";
import { openEmail } from "./email.ts";
import { planDue } from "./planner.ts";
import type { SendNotice } from "./sender.ts";
import type { NoticeSettings } from "./settings.ts";
import { openWebhook } from "./webhook.ts";

/** Notices sent in one poll, and side by side. */
const MAX_SENT = 100;
const SIDE_BY_SIDE = 4;
/** Whoever took so long, or longer, keeps the others waiting: what else is for him in this poll is put off. */
const SLOW_S = 10;
const PUT_OFF_S = 60;

/** Tells people and programs what happens to changes: plans what has happened, sends what is due. */
export class NoticeRunner {
  readonly #context: Context;
  readonly #settings: NoticeSettings;
  readonly #email: SendNotice | undefined;
  readonly #webhooks: ReadonlyMap<string, SendNotice>;
  #polling: Promise<void> | undefined;
  #isClosing = false;

  /** @throws TillsyncError CONFIG_INVALID, DATA_FOLDER_INVALID */
  constructor(context: Context, settings: NoticeSettings) {
    const { smtp, language, webhooks } = settings;
    this.#context = context;
    this.#settings = settings;
    this.#email = smtp === undefined ? undefined : openEmail(smtp, language);
    this.#webhooks = new Map(webhooks.map((one) => [one.name, openWebhook(one, context.now)]));
  }

  /** Never rejects; never overlaps itself. */
  poll(): Promise<void> {
    this.#polling ??= this.#poll()
      .catch((error) => this.#context.log.error(toErrorFields(error), "notices not looked at"))
      .finally(() => {
        this.#polling = undefined;
      });
    return this.#polling;
  }

  /** Resolves when nothing is being sent any more; what has not begun is due again when the service is next open. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#polling;
  }

  async #poll(): Promise<void> {
    const { store, now } = this.#context;
    await planDue(this.#context, this.#settings);
    const due = [...(await findDueNotices(store, now(), MAX_SENT))];
    const slow = new Set<string>();
    const work = async () => {
      for (let notice = due.shift(); notice !== undefined && !this.#isClosing; notice = due.shift()) {
        const server = toServer(notice);
        const began = now();
        await (slow.has(server) ? this.#putOff(notice) : this.#send(notice));
        if (now() - began >= SLOW_S) slow.add(server);
      }
    };
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
  }

  async #send(notice: StoredNotice): Promise<void> {
    const { store, now, log } = this.#context;
    const { id, channel, changeId: change } = notice;
    const attempts = notice.attempts + 1;
    try {
      await this.#find(notice)(notice);
      const delivered = { id, attempts, dueAt: null, deliveredAt: now(), code: "" };
      await transact(store, (tx) => putNotice(tx, delivered));
      log.info({ notice: id, change, channel }, "notice delivered");
    } catch (error) {
      const code = toErrorCode(error);
      const dueAt = toRetryAt(attempts, now(), Math.random()) ?? null;
      log.warn({ notice: id, change, channel, attempts, ...toErrorFields(error) }, "notice not delivered");
      await transact(store, async (tx) => {
        await putNotice(tx, { id, attempts, dueAt, deliveredAt: null, code });
        if (dueAt !== null) return;
        await appendEntries(tx, [
          toEntry(now(), "alarm.notice_undelivered", change, { detail: { notice: id, channel, code } }),
        ]);
      });
    }
  }

  /** Which counts as no attempt. */
  async #putOff({ id, attempts, code }: StoredNotice): Promise<void> {
    const { store, now } = this.#context;
    await transact(store, (tx) => putNotice(tx, { id, attempts, dueAt: now() + PUT_OFF_S, deliveredAt: null, code }));
  }

  /** @throws TillsyncError NOTICE_FAILED where the settings do not name it any more */
  #find({ channel, recipient }: StoredNotice): SendNotice {
    const send = channel === "email" ? this.#email : this.#webhooks.get(recipient);
    if (send === undefined) throw new TillsyncError("NOTICE_FAILED", { channel, expected: "a setting" });
    return send;
  }
}

/** All mails go to one server, and each webhook is its own. */
function toServer({ channel, recipient }: StoredNotice): string {
  return channel === "email" ? channel : `${channel} ${recipient}`;
}
