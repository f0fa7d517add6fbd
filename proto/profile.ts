import { MAX_PROFILE_BYTES, MAX_UINT32 } from "./bounds.ts";
import { DIGEST_BYTES } from "./bytes.ts";
import { checkChoice, checkLength, checkLine, checkPresent, checkRange, checkText } from "./check.ts";
import { decode, encode } from "./codec.ts";
import { tillsync } from "./gen/tillsync.js";

/** Merchant data as printed on receipts and sent to the acquirer (clause 3.1). */
export interface Merchant {
  readonly number: string;
  readonly name: string;
  readonly shortName: string;
  readonly licenceNo: string;
  readonly taxNo: string;
  readonly uscc: string;
  readonly mcc: string;
}

export const BINDING_KINDS = ["card", "account"] as const;
export type BindingKind = (typeof BINDING_KINDS)[number];

/** Where the money settles; the number itself is only committed to (clause 3.3). */
export interface Binding {
  readonly kind: BindingKind;
  readonly bank: string;
  readonly cnaps: string;
  readonly holder: string;
  /** First 6 or 8 digits of a card, empty for an account. */
  readonly bin: string;
  readonly last4: string;
  /** SHA-256(16-byte salt || ASCII number). */
  readonly commitment: Uint8Array;
}

/** How the terminal reaches its acquirer (clause 3.2). */
export interface Acquiring {
  readonly acquirer: string;
  readonly terminalNo: string;
  readonly host: string;
  readonly port: number;
  /** 5 bytes. */
  readonly tpdu: Uint8Array;
}

/** Limits of the test transaction; times in milliseconds unless named otherwise (clause 3.4). */
export interface Parameters {
  readonly amountFen: number;
  readonly connectMs: number;
  readonly answerMs: number;
  readonly attempts: number;
  readonly retryBaseMs: number;
  readonly reversalBaseMs: number;
  readonly deadlineS: number;
}

/** The whole desired configuration of one terminal. */
export interface Profile {
  readonly number: number;
  readonly merchant: Merchant;
  readonly binding: Binding;
  readonly acquiring: Acquiring;
  readonly parameters: Parameters;
}

/** Canonical bytes; the profile's name is their SHA-256. */
export function toProfileBytes(profile: Profile): Uint8Array {
  return encode(tillsync.Profile, profile);
}

/** @throws TillsyncError BYTES_TOO_LARGE, BYTES_NOT_CANONICAL, FIELD_MISSING, FIELD_INVALID */
export function parseProfile(bytes: Uint8Array): Profile {
  const message = decode(tillsync.Profile, bytes, MAX_PROFILE_BYTES);
  return {
    number: checkRange(message.number, 1, MAX_UINT32, "profile.number"),
    merchant: parseMerchant(checkPresent(message.merchant, "profile.merchant") as MerchantMessage),
    binding: parseBinding(checkPresent(message.binding, "profile.binding") as BindingMessage),
    acquiring: parseAcquiring(checkPresent(message.acquiring, "profile.acquiring") as AcquiringMessage),
    parameters: parseParameters(checkPresent(message.parameters, "profile.parameters") as ParametersMessage),
  };
}

// A decoded sub-message carries its defaults, which the generated type of a field does not tell.
type MerchantMessage = Omit<tillsync.Merchant, "$unknowns">;
type BindingMessage = Omit<tillsync.Binding, "$unknowns">;
type AcquiringMessage = Omit<tillsync.Acquiring, "$unknowns">;
type ParametersMessage = Omit<tillsync.Parameters, "$unknowns">;

function parseMerchant(message: MerchantMessage): Merchant {
  return {
    number: checkText(message.number, /^\d{15}$/, "merchant.number"),
    name: checkLine(message.name, 80, "merchant.name"),
    shortName: checkLine(message.shortName, 40, "merchant.short_name"),
    licenceNo: checkText(message.licenceNo, /^(\d{15}|[0-9A-Z]{18})$/, "merchant.licence_no"),
    taxNo: checkText(message.taxNo, /^([0-9A-Z]{15}|[0-9A-Z]{17,18}|[0-9A-Z]{20})$/, "merchant.tax_no"),
    uscc: checkText(message.uscc, /^([0-9A-Z]{18})?$/, "merchant.uscc"),
    mcc: checkText(message.mcc, /^\d{4}$/, "merchant.mcc"),
  };
}

function parseBinding(message: BindingMessage): Binding {
  const kind = checkChoice(message.kind, BINDING_KINDS, "binding.kind");
  return {
    kind,
    bank: checkLine(message.bank, 60, "binding.bank"),
    cnaps: checkText(message.cnaps, /^\d{12}$/, "binding.cnaps"),
    holder: checkLine(message.holder, 80, "binding.holder"),
    bin: checkText(message.bin, kind === "card" ? /^(\d{6}|\d{8})$/ : /^$/, "binding.bin"),
    last4: checkText(message.last4, /^\d{4}$/, "binding.last4"),
    commitment: checkLength(message.commitment, [DIGEST_BYTES], "binding.commitment"),
  };
}

function parseAcquiring(message: AcquiringMessage): Acquiring {
  return {
    acquirer: checkText(message.acquirer, /^\d{8,11}$/, "acquiring.acquirer"),
    terminalNo: checkText(message.terminalNo, /^[0-9A-Za-z]{8}$/, "acquiring.terminal_no"),
    host: checkText(message.host, /^[0-9A-Za-z.:-]{1,253}$/, "acquiring.host"),
    port: checkRange(message.port, 1, 65_535, "acquiring.port"),
    tpdu: checkLength(message.tpdu, [5], "acquiring.tpdu"),
  };
}

function parseParameters(message: ParametersMessage): Parameters {
  return {
    amountFen: checkRange(message.amountFen, 1, 100, "parameters.amount_fen"),
    connectMs: checkRange(message.connectMs, 100, 60_000, "parameters.connect_ms"),
    answerMs: checkRange(message.answerMs, 100, 60_000, "parameters.answer_ms"),
    attempts: checkRange(message.attempts, 1, 10, "parameters.attempts"),
    retryBaseMs: checkRange(message.retryBaseMs, 10, 600_000, "parameters.retry_base_ms"),
    reversalBaseMs: checkRange(message.reversalBaseMs, 10, 600_000, "parameters.reversal_base_ms"),
    deadlineS: checkRange(message.deadlineS, 1, 86_400, "parameters.deadline_s"),
  };
}
