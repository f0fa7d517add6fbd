import { TillsyncError } from "../../../proto/errors.ts";
import { type OnRecord, toMasked } from "../../domain/acquirers/on-record.ts";
import type { Told } from "../../domain/acquirers/order.ts";
import type { Acquirer, SettlementOrder } from "./acquirer.ts";
import { demandOrder, type Members, outside, readText, toWords } from "./answer.ts";
import type { LakalaAnswer, LakalaPlatform } from "./lakala-platform.ts";

const REFERENCE = /^[0-9A-Za-z_-]{1,64}$/;
const KINDS: Readonly<Record<string, OnRecord["kind"]>> = { "57": "account", "58": "card" };
/** What becomes of a change there, as it calls it; WAIT_FOR_CONTACT is its word for approved. */
const STATES: Readonly<Record<string, Told["state"]>> = {
  NO_COMMIT: "auditing",
  COMMIT: "auditing",
  MANUAL_AUDIT: "auditing",
  REVIEW_ING: "auditing",
  WAIT_FOR_CONTACT: "succeeded",
  COMMIT_FAIL: "failed",
  INNER_CHECK_REJECTED: "failed",
};

/**
 * Lakala's open platform. It takes no single member sealed, so that the whole request (`changeMer`) is made and sealed off
 * the service with the application's SM4 key, and signed and passed on here. Our request number is its request id and order
 * number.
 */
export class LakalaAcquirer implements Acquirer {
  readonly adapter = "lakala";
  readonly #platform: LakalaPlatform;

  constructor(platform: LakalaPlatform) {
    this.#platform = platform;
  }

  async request({ requestNo, merchant, wanted, sealed }: SettlementOrder): Promise<Told> {
    this.#platform.toMerchant(merchant);
    const isFit = sealed?.scheme === "lakala" && sealed.commitment === wanted.commitment;
    // It was sealed with a request number in it: under another one it would be another request.
    demandOrder(isFit && sealed?.request === requestNo, "sealed");
    const answer = await this.#platform.pass("change", sealed?.ciphertext ?? "");
    if (!answer.isDone) throw toRefusal(answer);
    const reference = readText(answer.data, "contractId");
    if (!REFERENCE.test(reference)) throw outside("contractId");
    return { state: "auditing", reference, words: "" };
  }

  async follow({ requestNo, merchant, reference }: SettlementOrder): Promise<Told> {
    // Only by its own number can it be asked; the same request again gives that, and changes nothing more.
    if (reference === "") return { state: "absent" };
    const { orgCode } = this.#platform.toMerchant(merchant);
    const answer = await this.#platform.ask("follow", { orgCode, orderNo: requestNo, contractId: reference });
    if (!answer.isDone) throw toRefusal(answer);
    const word = readText(answer.data, "contractStatus");
    const state = STATES[word];
    const words = toWords(readText(answer.data, "contractMemo", 1_024));
    switch (state) {
      case "auditing":
      case "succeeded":
        return { state, reference, words };
      case "failed":
        return { state, reference, code: word, words };
      default:
        throw outside("contractStatus");
    }
  }

  async query(merchant: string): Promise<OnRecord | undefined> {
    const answer = await this.#platform.ask("account", this.#platform.toMerchant(merchant));
    if (!answer.isDone) throw toRefusal(answer);
    return toOnRecord(answer.data, this.#platform.options.now());
  }

  async check(): Promise<void> {
    const { merchants } = this.#platform.options.settings;
    const [merchant] = Object.keys(merchants);
    demandOrder(merchant !== undefined, "merchants");
    await this.query(merchant ?? "");
  }
}

function toOnRecord(data: Members, at: number): OnRecord | undefined {
  const masked = toMasked(readText(data, "acctNo", 64));
  if (masked === "") return undefined;
  const branch = readText(data, "openningBankCode");
  return {
    kind: KINDS[readText(data, "acctTypeCode")] ?? "",
    masked,
    bank: toWords(readText(data, "openningBankName")),
    cnaps: /^\d{12}$/.test(branch) ? branch : "",
    holder: toWords(readText(data, "acctName")),
    credit: "",
    at,
  };
}

function toRefusal({ code, words }: LakalaAnswer): TillsyncError {
  return new TillsyncError("ACQUIRER_REFUSED", { acquirer: code, words });
}
