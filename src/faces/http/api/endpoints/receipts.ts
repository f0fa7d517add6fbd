import { Type } from "typebox";
import { PAGE_LANGUAGES } from "../../../../../certs/attestation/words.ts";
import { OUTCOMES, toReceiptBytes } from "../../../../../certs/receipt/format.ts";
import { type KeptReceipt, readReceiptOf, viewReceipts } from "../../../../app/queries/receipts.ts";
import { toReceiptName } from "../../../pdf/name.ts";
import { parseCursor, toPage } from "../cursor.ts";
import { type Download, type Endpoint, endpoint } from "../endpoint.ts";
import { DEFAULT_PAGE } from "../limits.ts";
import {
  ChangeId,
  Members,
  MerchantNumber,
  Nullable,
  OneOf,
  PageOf,
  Paging,
  Seconds,
  Text,
  Whole,
} from "../schemas.ts";
import { readOwnChange, toMerchants, verifyMerchant } from "../scope.ts";

const READ = { method: "GET", right: "changes.read", reach: "scoped", group: "changes", status: 200 } as const;
const BYTES_TYPE = "application/octet-stream";
const JSON_TYPE = "application/json; charset=utf-8";
const FORMATS = ["dsse", "json", "pdf", "trust"] as const;

const Receipt = Members({
  id: Whole,
  change: ChangeId,
  merchant: MerchantNumber,
  outcome: OneOf(OUTCOMES),
  endedAt: Seconds,
  madeAt: Nullable(Seconds),
  state: OneOf(["made", "waiting", "unsound"]),
  code: Text,
});

export const RECEIPT_ENDPOINTS: readonly Endpoint[] = [
  endpoint({
    ...{ ...READ, path: "/receipts" },
    summary: "Receipts of changes that have ended, the newest first",
    query: Members({ ...Paging, merchant: Type.Optional(MerchantNumber), change: Type.Optional(ChangeId) }),
    answer: PageOf(Receipt),
    handle: async ({ context }, { actor, query }) => {
      const { after, limit = DEFAULT_PAGE, merchant, change } = query;
      const [before] = after === undefined ? [] : parseCursor("receipts", after, ["number"]);
      const merchants = merchant === undefined ? toMerchants(actor) : [verifyMerchant(actor, merchant)];
      const rows = await viewReceipts(context.store, {
        limit: limit + 1,
        ...(merchants === undefined ? {} : { merchants: [...merchants] }),
        ...(change === undefined ? {} : { changeId: change }),
        ...(before === undefined ? {} : { before }),
      });
      return toPage(
        "receipts",
        rows,
        limit,
        ({ id }) => [id],
        (row) => row,
      );
    },
  }),
  endpoint({
    ...{ ...READ, path: "/changes/{id}/receipt", params: Members({ id: ChangeId }), sends: "file" },
    summary: "The receipt of a change: signed, as the JSON that is signed, to print; or the trust files of that time",
    query: Members({
      format: Type.Optional(OneOf(FORMATS)),
      lang: Type.Optional(OneOf(PAGE_LANGUAGES)),
      number: Type.Optional(Type.Integer({ minimum: 1, description: "An earlier receipt of it, by its id" })),
    }),
    handle: async (services, { actor, params, query }) => {
      const { id } = await readOwnChange(services, actor, params.id);
      const { format = "dsse", lang = "zh", number } = query;
      const kept = await readReceiptOf(services.context.store, id, number);
      if (format === "trust")
        return { bytes: kept.trust, type: BYTES_TYPE, name: toReceiptName(kept.receipt, "trust") };
      if (format !== "pdf") return toJsonFile(kept, format);
      const { toReceiptPdf } = await import("../../../pdf/receipt.ts");
      const bytes = await toReceiptPdf(kept, lang, services.font());
      return { bytes, type: "application/pdf", name: toReceiptName(kept.receipt, "pdf") };
    },
  }),
];

function toJsonFile({ receipt, file }: KeptReceipt, format: "dsse" | "json"): Download {
  const bytes = format === "dsse" ? file : toReceiptBytes(receipt);
  return { bytes, type: JSON_TYPE, name: toReceiptName(receipt, "json") };
}
