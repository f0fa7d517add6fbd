import { TillsyncError } from "../../../proto/errors.ts";
import type { MerchantRecord } from "../../domain/records/record.ts";
import type { Tx } from "../../store/store.ts";
import { readRecord } from "./read.ts";

/** Who changes which record, and which version of it he has seen. */
export interface RecordAct {
  /** Merchant number. */
  readonly number: string;
  /** The version that the change was made for. */
  readonly version: number;
  /** Person or program, 1 to 64 plain characters (`parseActor`). */
  readonly actor: string;
  /** Id of the change; empty where there is none. */
  readonly changeId: string;
}

/** @throws TillsyncError NOT_FOUND, VERSION_CONFLICT where the record is not what was seen any more */
export async function readForAct(tx: Tx, { number, version }: RecordAct): Promise<MerchantRecord> {
  const record = await readRecord(tx, number);
  if (record.version === version) return record;
  throw new TillsyncError("VERSION_CONFLICT", { merchant: number, version: record.version, expected: version });
}
