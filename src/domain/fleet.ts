import type { Binding, Merchant } from "../../proto/profile.ts";
import type { Tusn } from "../../proto/tusn.ts";

/** Merchant data as the fleet file tells it. */
export type MerchantRecord = Merchant;

/** A device as the fleet file tells it: what it is, where it stands, whom it works for. */
export interface DeviceRecord {
  /** 6 digits given to the maker; of old stock also the maker's name, or empty. */
  readonly maker: string;
  readonly model: string;
  /** Network-access certificate number of the model (入网认证编号), 5 characters; of old stock it may be empty. */
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

/** One terminal. The first six digits of its TUSN are its maker's code. */
export interface TerminalRecord extends DeviceRecord {
  readonly tusn: Tusn;
}

/** Old stock that has no TUSN. */
export interface LegacyRecord extends DeviceRecord {
  /** As the maker printed it. */
  readonly serial: string;
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

interface Owner {
  readonly merchant: MerchantRecord;
  readonly account: AccountRecord;
}

/** One row of the fleet file that tells of a terminal. */
export interface FleetRow extends Owner {
  readonly terminal: TerminalRecord;
}

/** One row of the fleet file that tells of old stock. */
export interface LegacyRow extends Owner {
  readonly legacy: LegacyRecord;
}
