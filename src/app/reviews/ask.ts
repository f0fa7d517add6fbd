import { toErrorCode } from "../../../proto/errors.ts";
import { toDueAt } from "../../domain/reviews/pace.ts";
import { toErrorFields } from "../../log.ts";
import { findAcquirerRecord, putAcquirerRecord } from "../../store/reviews.ts";
import type { AcquirerRecordRow } from "../../store/reviews-schema.ts";
import { transact } from "../../store/store.ts";
import type { Acquirer } from "../acquirers/acquirer.ts";
import type { Context } from "../context.ts";
import { toOnRecordText } from "./on-record.ts";

/** Codes that show the acquirer itself out of order, rather than that it does not like one question. */
const OUT_OF_ORDER: readonly string[] = ["ACQUIRER_FAILED", "ACQUIRER_UNSIGNED"];

/** What came of one question. */
export interface AskedMerchant {
  readonly acquirer: string;
  readonly merchant: string;
  /** Empty where it was answered. */
  readonly code: string;
  readonly dueAt: number;
  /** Whether the acquirer should be left alone for a while if that goes on. */
  readonly isOutOfOrder: boolean;
}

/**
 * Asks an acquirer what it has on record for a merchant, and stores what came of it. A failure leaves the last answer as it
 * was.
 *
 * @throws TillsyncError STORE_FAILED
 */
export async function askForRecord(
  context: Context,
  code: string,
  acquirer: Pick<Acquirer, "query">,
  merchant: string,
): Promise<AskedMerchant> {
  const told = await ask(context, code, acquirer, merchant);
  const row = await transact(context.store, async (tx) => {
    const known = await findAcquirerRecord(tx, code, merchant);
    const next = toNextRow(known, { acquirer: code, merchant, ...told }, context.now());
    await putAcquirerRecord(tx, next);
    return next;
  });
  return {
    ...{ acquirer: code, merchant, code: row.code, dueAt: row.dueAt },
    isOutOfOrder: OUT_OF_ORDER.includes(row.code),
  };
}

type Told = Pick<AcquirerRecordRow, "onRecord" | "code">;

async function ask(context: Context, code: string, acquirer: Pick<Acquirer, "query">, merchant: string): Promise<Told> {
  try {
    return { onRecord: toOnRecordText(await acquirer.query(merchant)), code: "" };
  } catch (error) {
    context.log.warn({ acquirer: code, merchant, ...toErrorFields(error) }, "acquirer did not tell its record");
    return { onRecord: "", code: toErrorCode(error) };
  }
}

function toNextRow(
  known: AcquirerRecordRow | undefined,
  { acquirer, merchant, onRecord, code }: Told & Pick<AcquirerRecordRow, "acquirer" | "merchant">,
  now: number,
): AcquirerRecordRow {
  const common = { acquirer, merchant, askedAt: now, code };
  if (code === "") return { ...common, answeredAt: now, onRecord, failures: 0, dueAt: toDueAt(now, 0) };
  const failures = (known?.failures ?? 0) + 1;
  return {
    ...{ ...common, failures, dueAt: toDueAt(now, failures) },
    ...{ answeredAt: known?.answeredAt ?? null, onRecord: known?.onRecord ?? "" },
  };
}
