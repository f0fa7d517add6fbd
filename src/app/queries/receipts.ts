import { toEnvelopeFile } from "../../../certs/attestation/envelope.ts";
import { type ChangeReceipt, parseReceipt } from "../../../certs/receipt/format.ts";
import { toDigest, toHex } from "../../../proto/bytes.ts";
import { PAYLOAD_TYPES } from "../../../proto/dsse.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import {
  findNewestReceipt,
  findReceipt,
  findReceiptTrust,
  listReceipts,
  type ReceiptLine,
  type ReceiptQuery,
  type StoredReceipt,
} from "../../store/receipts.ts";
import type { Store } from "../../store/store.ts";

export const MAX_LISTED_RECEIPTS = 500;

/** A receipt in a list. Of one change there are several where it failed and was opened again. */
export interface ReceiptListView extends Pick<ReceiptLine, "id" | "merchant" | "outcome" | "endedAt" | "madeAt"> {
  readonly change: string;
  /** `waiting`: the service is yet to make it; `unsound`: the records contradict what people and terminals signed. */
  readonly state: "made" | "waiting" | "unsound";
  /** Why it is unsound; else empty. */
  readonly code: string;
}

/** A receipt that was made. */
export interface KeptReceipt {
  readonly id: number;
  readonly receipt: ChangeReceipt;
  /** SHA-256 of its bytes, hexadecimal. */
  readonly digest: string;
  /** The DSSE envelope: what `tillsync-sign verify` takes. */
  readonly file: Uint8Array;
  /** The trust files of the time when it was made: what `tillsync-sign verify --trust` takes. */
  readonly trust: Uint8Array;
}

/** Newest first. */
export async function viewReceipts(store: Store, query: ReceiptQuery): Promise<readonly ReceiptListView[]> {
  const rows = await listReceipts(store, { ...query, limit: Math.min(query.limit, MAX_LISTED_RECEIPTS) });
  return rows.map(({ id, changeId: change, merchant, outcome, endedAt, madeAt, code }) => {
    const state = madeAt !== null ? "made" : code === "" ? "waiting" : "unsound";
    return { id, change, merchant, outcome, endedAt, madeAt, state, code };
  });
}

/**
 * The receipt of a change's newest ending, or one of its earlier ones.
 *
 * @param id of an earlier one
 * @throws TillsyncError NOT_FOUND where it has not ended, or has no such receipt; STATE_CONFLICT where the service is yet
 *   to make it, or cannot; STORE_FAILED where somebody has edited it
 */
export async function readReceiptOf(store: Store, change: string, id?: number): Promise<KeptReceipt> {
  const row = id === undefined ? await findNewestReceipt(store, change) : await findReceipt(store, id);
  if (row === undefined || row.changeId !== change) {
    throw new TillsyncError("NOT_FOUND", { receipt: /^C[0-9a-f]{16}$/.test(change) ? change : "malformed" });
  }
  const { payload, keyId, signature, trustDigest, code } = row;
  if (payload === null || signature === null) {
    throw new TillsyncError("STATE_CONFLICT", { receipt: code === "" ? "not made yet" : "unsound", code });
  }
  const trust = trustDigest === null ? undefined : await findReceiptTrust(store, trustDigest);
  if (trust === undefined) throw new TillsyncError("STORE_FAILED", { missing: "receipt_trusts" });
  return {
    id: row.id,
    trust: trust.bytes,
    receipt: parseKept(row, payload),
    digest: toHex(toDigest(payload)),
    file: toEnvelopeFile(PAYLOAD_TYPES.receipt, payload, { keyId, value: signature }),
  };
}

function parseKept({ id }: Pick<StoredReceipt, "id">, payload: Uint8Array): ChangeReceipt {
  try {
    return parseReceipt(payload);
  } catch (cause) {
    throw new TillsyncError("STORE_FAILED", { column: "receipts.payload", receipt: id }, cause);
  }
}
