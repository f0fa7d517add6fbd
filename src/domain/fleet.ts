import type { Binding, Merchant } from "../../proto/profile.ts";
import type { Tusn } from "../../proto/tusn.ts";

/** Merchant data as the fleet file tells it. */
export type MerchantRecord = Merchant;

/** One terminal as the fleet file tells it: what it is, where it stands, whom it works for. */
export interface TerminalRecord {
  readonly tusn: Tusn;
  /** 6 digits given to the maker, the first six of the TUSN. */
  readonly maker: string;
  readonly model: string;
  /** Network-access certificate number of the model (入网认证编号), 5 characters. */
  readonly certificateNo: string;
  /** Place of deployment. No profile ever changes it: relocation is a flow of its own. */
  readonly place: string;
  /** 8 letters and digits, unique within its acquirer. */
  readonly terminalNo: string;
  /** Institution code of the acquirer, 8 to 11 digits. */
  readonly acquirer: string;
  /** Number of the merchant it works for. */
  readonly merchantNo: string;
}

/**
 * The settlement account of a merchant as the fleet file tells it: a binding before its commitment is made.
 *
 * `accountNo` is the number in plain text. It lives only from the parsing of a row to the importer, which makes the
 * salted commitment of it and forgets it; it must never reach the database, the ledger, a log or an error. What is kept
 * is `bin`, `last4` and the commitment.
 */
export interface AccountRecord extends Omit<Binding, "commitment"> {
  readonly accountNo: string;
}

/** One row of the fleet file. */
export interface FleetRow {
  readonly merchant: MerchantRecord;
  readonly terminal: TerminalRecord;
  readonly account: AccountRecord;
}
