import { TillsyncError } from "../../../proto/errors.ts";
import { type Bin, type CardClass, classifyCard } from "../../domain/records/bins.ts";
import { countBins, findBins } from "../../store/bins.ts";
import type { Store } from "../../store/store.ts";
import { readBinTable } from "../records/bin-table.ts";

/** What the tables say of a card that begins with these digits. */
export interface BinView {
  readonly digits: string;
  readonly cardClass: CardClass;
  /** The rows that have a say, the operator's own first. */
  readonly rows: readonly (Bin & { readonly table: "own" | "built-in" })[];
  /** How many rows the operator's own table has in all. */
  readonly own: number;
}

/** @throws TillsyncError FIELD_INVALID unless it is 6 or 8 digits, as the records keep of a card */
export async function showBin(db: Store, digits: string): Promise<BinView> {
  if (!/^\d{6}(\d\d)?$/.test(digits)) throw new TillsyncError("FIELD_INVALID", { field: "bin" });
  const own = await findBins(db, digits);
  const builtIn = (await readBinTable()).filter(({ bin }) => bin.startsWith(digits) || digits.startsWith(bin));
  return {
    digits,
    cardClass: classifyCard(digits, own, builtIn),
    rows: [
      ...own.map((row) => ({ ...row, table: "own" as const })),
      ...builtIn.map((row) => ({ ...row, table: "built-in" as const })),
    ],
    own: await countBins(db),
  };
}
