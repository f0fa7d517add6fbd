/**
 * Every error code of Tillsync, one row each: what was found, in one sentence. docs/errors.md adds what to do; a test
 * keeps the two equal. Codes are stable: never renamed, never given a second meaning.
 */
export const ERRORS = {
  // Bytes and protocol values
  BYTES_TOO_LARGE: "A message is larger than its bound.",
  BYTES_NOT_CANONICAL: "A message is cut short, malformed, or not in canonical encoding.",
  FIELD_MISSING: "A field that must be there is absent or empty.",
  FIELD_INVALID: "A field's value breaks its rule.",
  TUSN_INVALID: "The text does not have the form of a TUSN.",
  TOPIC_INVALID: "The topic is none of this protocol.",
  TREE_INVALID: "A Merkle tree, proof or index is out of range.",

  // Trust and signatures
  TRUST_INVALID: "Trust metadata is malformed or does not fit together.",
  TRUST_UNSIGNED: "Trust metadata lacks the signatures its role demands.",
  TRUST_ROLLBACK: "Trust metadata is older than what is already held.",
  TRUST_EXPIRED: "Trust metadata has expired.",
  POLICY_TOO_WEAK: "The policy asks for fewer people, or allows more at once, than Tillsync ever allows.",
  KEY_INVALID: "A key cannot be read or is of a kind that is not allowed.",
  SIGNATURE_INVALID: "A signature does not verify.",
  CERTIFICATE_INVALID: "A certificate cannot be read or names no terminal.",

  // Approvers' program
  PASSPHRASE_WRONG: "The passphrase does not open the key, or the key was altered.",
  SIGNER_NOT_ALLOWED: "The policy gives this key no part in approving this.",
  CARD_DIGITS_WRONG: "The last four digits typed are not those of the new card.",
  NOT_CONFIRMED: "The person did not confirm; nothing was signed.",
  SEAL_MISSING: "The card number is not sealed to a terminal that needs it.",
  SEAL_INVALID: "The sealed card number does not open, or is not the one that was approved.",
  SENSITIVE_DATA: "The input holds what must never be kept: a security code, PIN or track data.",
  FETCH_FAILED: "What was asked for could not be fetched.",
  REQUEST_UNSIGNED: "The request is not signed by a person of the policy, or is too old.",

  // The agent's gate, in its order
  TRUST_STALE: "No trust timestamp is held that is still fresh; changes are refused, trading goes on.",
  STATEMENT_UNSIGNED: "The release lacks a signature that its class of difference demands.",
  NOT_IN_RELEASE: "The directive is not a leaf of the signed release.",
  WRONG_TERMINAL: "The directive names another terminal.",
  WRONG_DEVICE_KEY: "The directive names another device key.",
  WRONG_MERCHANT: "The release or profile names another merchant.",
  SEQUENCE_REPLAYED: "The directive's sequence is not above the highest one accepted.",
  SEQUENCE_TOO_HIGH: "The directive's sequence is further above the highest one accepted than any may be.",
  BASE_MISMATCH: "The directive is built on a profile that this terminal does not hold.",
  NOT_YET_VALID: "The directive is not valid yet.",
  EXPIRED: "The directive or its release has expired.",
  PURPOSE_TOO_NARROW: "The release was signed for a lesser purpose than what it changes.",

  TYPE_NOT_ALLOWED: "The policy does not allow releases of this kind at present.",
  CAP_EXCEEDED: "The release holds more than the policy allows at once.",
  CARD_CHANGE_TOO_SOON: "The terminal has changed its settlement card as often as the policy allows in a day.",
  RESTORE_UNKNOWN: "The directive brings back content that is not the terminal's previous profile.",

  // The agent's machine and terminal port
  TERMINAL_BUSY: "The terminal stayed busy until the directive's time ran out.",
  APPLY_FAILED: "The terminal could not apply the profile.",
  TEST_FAILED: "The acquirer refused the test transaction.",
  TEST_INCONCLUSIVE: "No authenticated answer decided the test transaction within its bounds.",
  ROLLBACK_FAILED: "The terminal could not go back to its previous profile.",
  STATE_CORRUPT: "The agent's state on disk cannot be read and was not guessed.",
  STATE_WRITE_FAILED: "The agent could not make its state durable.",
  SLOT_CORRUPT: "A slot's bytes do not have the digest they are named by.",
  AGENT_RUNNING: "Another agent runs on the same state folder.",
  COMMAND_FAILED: "A maker's executable failed, timed out or answered outside its contract.",

  // Identity of terminals
  TUSN_UNPROVEN: "The terminal's TUSN is not proven well enough, or not recently enough, for what was asked.",
  LEGACY_NUMBER: "The number is a legacy serial number: it is kept, and cannot be proven.",
  PROOF_WRONG: "The cryptogram is not the one that the terminal's SN key makes of the factor.",
  PROOF_EXPIRED: "The challenge is unknown, was answered before, or came too late.",
  PROOF_LOCKED: "Too many wrong proofs were given for this TUSN; a person has to look.",
  PROOF_UNAVAILABLE: "The terminal cannot make an SN cryptogram.",
  VERIFIER_FAILED: "The registry of terminals could not be asked, or answered outside its contract.",
  SN_KEY_INVALID: "An SN key is not 16 bytes in hexadecimal, or has another check value than the one given.",
  KEY_FILE_INVALID: "The key file cannot be read, can be read by others, or lacks the key that is needed.",
  TOKEN_INVALID: "The enrolment token is unknown, used, expired, or another terminal's.",
  ENROLMENT_LOCKED: "Too many wrong tokens were given for this TUSN; a person has to look.",
  ENROLMENT_PENDING: "The enrolment waits for a second person to admit it.",
  ENROLMENT_HELD: "The terminal is enrolled with another key; two people have to unbind it first.",
  REQUEST_MALFORMED: "The certification request cannot be read, or its own key did not sign it.",
  CERTIFICATE_REVOKED: "The certificate was revoked.",
  CERTIFICATE_UNKNOWN: "The certificate is not one that was issued to this terminal.",
  TERMINAL_SUSPENDED: "The terminal is suspended: it may say hello and nothing else.",
  TERMINAL_QUARANTINED: "There are signs of two terminals with one identity: it may say hello and nothing else.",
  TERMINAL_RETIRED: "The terminal is out of service for good.",
  CLONE_SUSPECTED: "Two devices seem to use one identity.",
  BROKER_OPEN: "The broker allows what the access policy forbids.",
  ATTESTATION_INVALID: "A signed attestation or receipt is altered, or is not signed by the service that it names.",
  RATE_LIMITED: "Too many requests; ask again later.",
  NOT_AUTHORIZED: "The request carries no key of an auditor, or one that is no longer good.",

  // ISO 8583
  ISO_MALFORMED: "An ISO 8583 message cannot be read.",
  ISO_FIELD_INVALID: "A value does not fit its ISO 8583 field.",

  // Broker
  GUARD_NOT_CONNECT: "The first packet is not CONNECT.",
  GUARD_TOO_LARGE: "A packet announces more bytes than allowed.",
  GUARD_TOO_SLOW: "A packet did not arrive within its time.",
  GUARD_MALFORMED: "A packet breaks MQTT 3.1.1.",
  GUARD_NOT_ALLOWED: "A packet is of a kind that a terminal may not send.",
  GUARD_NOT_READING: "A client does not read what it is sent.",
  ACCESS_DENIED: "The access policy does not allow this.",
  BUS_CLOSED: "The bus is not open.",
  RECEIVE_TOO_SLOW: "A terminal's message was not stored within its time.",
  HELLO_MISSING: "A terminal that polls has not said hello in a session that the service knows.",
  ADMISSION_TOO_SLOW: "Whether a terminal may connect was not decided within its time.",

  // Identifiers of merchants and accounts
  USCC_INVALID: "The unified social credit code is malformed or its check character is wrong.",
  LICENCE_INVALID: "The business licence number is malformed or its check digit is wrong.",
  TAX_NUMBER_INVALID: "The tax registration number is malformed or its check character is wrong.",
  RESIDENT_ID_INVALID: "The resident identity number is malformed or its check character is wrong.",
  CARD_NUMBER_INVALID: "The card number is malformed or fails the Luhn check.",
  ACCOUNT_NUMBER_INVALID: "The corporate account number is malformed.",
  CNAPS_INVALID: "The CNAPS bank code is malformed or its check digit is wrong.",
  MERCHANT_NUMBER_INVALID: "The merchant number is not 15 digits.",
  TERMINAL_NUMBER_INVALID: "The terminal number is not 8 letters and digits.",
  MCC_INVALID: "The merchant category code is not 4 digits.",
  NAME_INVALID: "A name is empty, too long, not NFC, or holds control or direction characters.",
  IDENTIFIERS_INCONSISTENT: "Licence, tax number and USCC of one merchant contradict each other.",

  // People, accounts and the API
  NOT_AUTHENTICATED: "The request carries no session or API key, or one that is no longer good.",
  LOGIN_FAILED: "Name, password or second factor is wrong.",
  ACCOUNT_LOCKED: "Too many wrong tries; the account is locked for a while.",
  PASSWORD_WEAK: "The password may not be used.",
  ROLE_NOT_ALLOWED: "The role gives no right to this.",
  PRECONDITION_REQUIRED: "The request must say which version it was made for.",
  PRECONDITION_FAILED: "What was to be changed is not the version that was read.",
  IDEMPOTENCY_CONFLICT: "The idempotency key was used for another request, or for one that is still under way.",
  CURSOR_INVALID: "The cursor is not one that was given out for this list.",

  // Merchants' records and changes
  NAME_NOT_ENCODABLE: "A name cannot be written in GBK, or is too long in it for its field.",
  CREDIT_CARD: "A credit card cannot be settled to.",
  OWNER_DIFFERS: "The account's holder is not the merchant's owner.",
  BIN_UNKNOWN: "No table of BINs tells of what kind a card is.",
  PHONE_INVALID: "A telephone number is none of the mainland's forms.",
  EMAIL_INVALID: "An e-mail address is malformed, too long or holds a card number.",
  BINDING_LAST: "The merchant would be left without a settlement account in force.",
  BINDING_EXPIRED: "The settlement account is not valid any more, or not yet.",
  CHANGE_OPEN: "Another change of the same merchant and kind is open.",
  VERSION_CONFLICT: "The record was changed since this was made.",
  SELF_APPROVAL: "Whoever asked for a change cannot approve it.",
  EVIDENCE_MISSING: "The policy asks for evidence that is not attached.",
  ATTACHMENT_INVALID: "An attachment is too large, of a type that is not taken, or not what its digest says.",
  POLICY_FORBIDS: "The acquirer's policy does not allow this change.",
  CHANGE_TOO_SOON: "The policy asks for more time between two changes of this kind.",
  CHANGE_BLACKOUT: "The policy allows no change at this hour.",
  PACK_INVALID: "A policy pack is malformed or contradicts itself.",
  NOTICE_FAILED: "A notice could not be delivered.",

  // Acquirers
  ACQUIRER_FAILED: "The acquirer could not be asked, or answered outside its contract.",
  ACQUIRER_REFUSED: "The acquirer refused the request.",
  TAKEN_BACK: "Terminals were ordered back to what they held before.",
  ACQUIRER_UNSIGNED: "The acquirer's answer is not signed by its key, or is too old.",

  // Backup
  BACKUP_INVALID: "The backup cannot be opened, is cut short or altered, or is of a newer Tillsync.",
  RESTORE_UNSETTLED: "The service was restored from a backup and does not know yet what this terminal was last given.",

  // Service
  CSV_MALFORMED: "The file is not CSV as described.",
  CSV_TOO_LARGE: "The file, a line, a row or the number of rows is over its bound.",
  CSV_COLUMN_MISSING: "The file lacks a column.",
  CSV_ROW_DUPLICATE: "A row repeats a terminal or contradicts an earlier row of the same merchant.",
  IMPORT_REFUSED: "The file has bad rows; nothing was imported.",
  NOT_FOUND: "There is nothing by that name.",
  NOTHING_TO_RELEASE: "No terminal would change.",
  RELEASE_INVALID: "A release file does not fit together.",
  RELEASE_CONFLICT: "A terminal moved on since the release was built.",
  STATE_CONFLICT: "The transition is not allowed from the present state.",
  TERMINAL_LOST_STATE: "A terminal has lost what it said of a directive that it took.",
  OUTCOME_OVERDUE: "A terminal took a directive and did not tell in time how it ended.",
  REPORT_INVALID: "A terminal's message is not signed by its device key or contradicts the record.",
  LEDGER_ALTERED: "An entry of the ledger is not what it was when it was appended.",
  DESK_BUSY: "The signing desk has as much in hand as it takes at once.",
  STORE_FAILED: "The database refused an operation.",
  SCHEMA_TOO_NEW: "The database was written by a newer Tillsync.",
  CONFIG_INVALID: "A setting or argument cannot be used.",
  DATA_FOLDER_INVALID: "The data folder lacks a file or holds one that cannot be used.",
  PORT_IN_USE: "Another program listens on that port.",
  STORY_FAILED: "A step of the demonstration did not end as expected.",
  INTERNAL: "A fault of Tillsync itself.",
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** Facts that explain an error. Never a card number, a key or a passphrase. */
export type ErrorFields = Readonly<Record<string, string | number | boolean>>;

/** The one error class of Tillsync: a stable code, facts in fields, and the cause where there is one. */
export class TillsyncError extends Error {
  readonly code: ErrorCode;
  readonly fields: ErrorFields;

  constructor(code: ErrorCode, fields: ErrorFields = {}, cause?: unknown) {
    super(toMessage(code, fields), cause === undefined ? undefined : { cause });
    this.name = "TillsyncError";
    this.code = code;
    this.fields = fields;
  }
}

/** The code of any thrown value; INTERNAL for what is not ours. */
export function toErrorCode(error: unknown): ErrorCode {
  return error instanceof TillsyncError ? error.code : "INTERNAL";
}

function toMessage(code: ErrorCode, fields: ErrorFields): string {
  const facts = Object.entries(fields).map(([name, value]) => `${name}=${value}`);
  return facts.length === 0 ? `${code}: ${ERRORS[code]}` : `${code}: ${ERRORS[code]} (${facts.join(", ")})`;
}
