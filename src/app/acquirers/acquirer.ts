import type { SealedAccount } from "../../../certs/acquirer/seal.ts";
import type { OnRecord } from "../../domain/acquirers/on-record.ts";
import type { BindingFacts, Told } from "../../domain/acquirers/order.ts";

/** The ways of speaking with an acquirer. */
export const ADAPTERS = ["wechatpay", "lakala", "webhook", "manual"] as const;
export type AdapterName = (typeof ADAPTERS)[number];

/** What an acquirer is asked for. It holds no number: what the acquirer alone can read of it was sealed off the service. */
export interface SettlementOrder {
  /** Ours, 8 to 32 of `0-9A-Za-z_-`; the same for every repetition. */
  readonly requestNo: string;
  /** Our merchant number, 15 digits; the adapter knows what the acquirer calls the merchant. */
  readonly merchant: string;
  readonly wanted: BindingFacts;
  /** What was in force; undefined where there was none. */
  readonly before: BindingFacts | undefined;
  /** By `tillsync-sign acquirer-seal`; undefined for channels where a person enters the number. */
  readonly sealed: SealedAccount | undefined;
  /** What the acquirer has it under; empty until it told. */
  readonly reference: string;
  /** What the acquirer has the order under that this one is to take back; empty for every other order. */
  readonly reverses: string;
}

/**
 * An acquirer that can be asked to settle a merchant's money to another account. Each method resolves or rejects within a
 * bound of its own, and is safe to call again. No method ever logs or repeats what was sealed. Adapters: WeChat Pay for
 * partners, Lakala's open platform, any acquirer that keeps our contract (docs/acquirers.md), and people with a checklist.
 */
export interface Acquirer {
  readonly adapter: AdapterName;
  /**
   * Asks for the change. Asking again under the same number changes nothing more: the acquirer knows the number or, where it
   * takes none, setting the same account twice is one change. Accepted is not done: `follow` tells.
   *
   * @throws TillsyncError ACQUIRER_FAILED where nothing is known of it, unless its fact `sent` is false: then it never left;
   *   ACQUIRER_REFUSED where the acquirer will not, for good; ACQUIRER_UNSIGNED where an answer came that counts for nothing;
   *   FIELD_INVALID where the order lacks what this acquirer needs, before anything is sent
   */
  request(order: SettlementOrder): Promise<Told>;
  /**
   * What became of it: the state that the acquirer tells, `absent` where it surely has none of this number, `unknown` where
   * it cannot tell.
   *
   * @throws TillsyncError ACQUIRER_FAILED, ACQUIRER_UNSIGNED; ACQUIRER_REFUSED where it does not let us ask
   */
  follow(order: SettlementOrder): Promise<Told>;
  /**
   * The account that the acquirer has on record for one of our merchants, masked; undefined where it has none. Of the number
   * it never gives more than the first 6 and the last 4 digits, whatever the acquirer sent.
   *
   * @throws TillsyncError as `follow`; NOT_FOUND where this merchant is not mapped to this acquirer
   */
  query(merchant: string): Promise<OnRecord | undefined>;
  /**
   * Asks to put back what was before an order that succeeded, `order.reverses`, under a number of its own; it is followed as
   * any other. Absent where the acquirer can only be asked for the old account as a new order.
   *
   * @throws TillsyncError as `request`
   */
  reverse?(order: SettlementOrder): Promise<Told>;
  /** Reaches it and verifies a signed answer, changing nothing. @throws TillsyncError as `follow` */
  check(): Promise<void>;
}
