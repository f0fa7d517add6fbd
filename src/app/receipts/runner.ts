import { signDocument } from "../../../certs/attestation/envelope.ts";
import { toReceiptBytes } from "../../../certs/receipt/format.ts";
import { verifyProofs } from "../../../certs/receipt.ts";
import { toDigest } from "../../../proto/bytes.ts";
import { PAYLOAD_TYPES } from "../../../proto/dsse.ts";
import { TillsyncError, toErrorCode } from "../../../proto/errors.ts";
import { toTrustBundleBytes } from "../../../proto/trust-bundle.ts";
import { toErrorFields } from "../../log.ts";
import { appendEntries } from "../../store/ledger.ts";
import { addReceiptTrust, listDueReceipts, putReceipt, type StoredReceipt } from "../../store/receipts.ts";
import { transact } from "../../store/store.ts";
import type { Attestor } from "../attestation/issue.ts";
import type { Context } from "../context.ts";
import { toEntry } from "../ledger-entries.ts";
import { findOnlineKey, toOnlineKeyOf } from "../trust/online-key.ts";
import type { TrustHolder } from "../trust-files.ts";
import { readReceipt } from "./read-receipt.ts";

/** Receipts made in one poll; the others come with the next ones. */
const MAX_MADE = 50;

/** What receipts are signed with, and the trust files of that time. */
export interface ReceiptAttestor extends Attestor {
  readonly trust: Pick<TrustHolder, "trust" | "bundlesAfter">;
}

/** Makes and signs the receipts of changes that have ended. */
export class ReceiptRunner {
  readonly #context: Context;
  readonly #attestor: ReceiptAttestor;
  /** The last failure that was told: what is tried every few seconds must not fill the log. */
  #told = "";
  #polling: Promise<void> | undefined;

  constructor(context: Context, attestor: ReceiptAttestor) {
    this.#context = context;
    this.#attestor = attestor;
  }

  /** Never rejects; never overlaps itself. What could not be signed is tried again with the next one. */
  poll(): Promise<void> {
    this.#polling ??= this.#poll()
      .then(() => {
        this.#told = "";
      })
      .catch((error) => {
        const code = toErrorCode(error);
        if (code !== this.#told) this.#context.log.error(toErrorFields(error), "receipts not made");
        this.#told = code;
      })
      .finally(() => {
        this.#polling = undefined;
      });
    return this.#polling;
  }

  /** Resolves when nothing is being made any more. */
  async close(): Promise<void> {
    await this.#polling;
  }

  async #poll(): Promise<void> {
    for (const row of await listDueReceipts(this.#context.store, MAX_MADE)) await this.#make(row);
  }

  /** @throws TillsyncError KEY_INVALID, DATA_FOLDER_INVALID where there is nothing to sign with */
  async #make(row: StoredReceipt): Promise<void> {
    const { store, log, now } = this.#context;
    const { authority, trustFolder } = this.#attestor;
    const trust = this.#attestor.trust.trust();
    const key = toOnlineKeyOf(trust.root, [await findOnlineKey(trustFolder)]);
    const { id, changeId: change } = row;
    try {
      const at = now();
      const receipt = await transact(store, (tx) => readReceipt(tx, row, { trust, authority, now: at }));
      // What contradicts what people and terminals signed is not signed here: somebody has edited the records.
      const judged = { root: trust.root, policy: trust.policy, now: Math.max(at, trust.issued), authority };
      const { isProven } = verifyProofs(receipt, judged);
      const payload = toReceiptBytes(receipt);
      const files = toBundleBytes(this.#attestor.trust);
      const trustDigest = toDigest(files);
      const { keyId, value } = signDocument(key, PAYLOAD_TYPES.receipt, payload);
      await transact(store, async (tx) => {
        if (!(await putReceipt(tx, id, { madeAt: at, payload, keyId, signature: value, trustDigest, code: "" })))
          return;
        await addReceiptTrust(tx, { digest: trustDigest, bytes: files });
        const detail = { outcome: row.outcome, merchant: row.merchant, proven: isProven };
        await appendEntries(tx, [toEntry(at, "receipt.made", change, { digest: toDigest(payload), detail })]);
      });
    } catch (error) {
      if (!isOfRecords(error)) throw error;
      const code = toErrorCode(error);
      log.error({ change, ...toErrorFields(error) }, "receipt not made");
      await transact(store, async (tx) => {
        const none = { madeAt: null, payload: null, keyId: "", signature: null, trustDigest: null, code };
        if (!(await putReceipt(tx, id, none))) return;
        await appendEntries(tx, [toEntry(now(), "alarm.receipt_unsound", change, { detail: { code } })]);
      });
    }
  }
}

/** All files in one bundle, with as many of the roots as fit, up to the newest. */
function toBundleBytes({ bundlesAfter }: ReceiptAttestor["trust"]): Uint8Array {
  const last = bundlesAfter(0).at(-1);
  if (last === undefined) throw new TillsyncError("INTERNAL", { missing: "trust" });
  return toTrustBundleBytes(last);
}

/** Whether the records themselves are at fault, rather than a disk or a lock that may do better the next time. */
function isOfRecords(error: unknown): boolean {
  if (error instanceof SyntaxError || error instanceof TypeError) return true;
  if (!(error instanceof TillsyncError)) return false;
  const { column, missing } = error.fields;
  return error.code !== "STORE_FAILED" || column !== undefined || missing !== undefined;
}
