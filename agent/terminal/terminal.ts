import type { BusyReason } from "../../proto/terminal-messages.ts";

export type TerminalStatus = { readonly kind: "ready" } | { readonly kind: "busy"; readonly reason: BusyReason };

export type ApplyResult =
  | { readonly kind: "applied" }
  /** Nothing was changed; the terminal asks to be tried again later. */
  | { readonly kind: "busy"; readonly reason: BusyReason }
  /** The terminal may hold a mixture: the agent applies the previous profile next. */
  | { readonly kind: "failed"; readonly detail: string };

/**
 * The payment application and the maker's firmware, as far as the agent needs them. Every method may be called again
 * after a power cut with the same arguments and then has the same effect as once.
 */
export interface Terminal {
  /** Whether a profile may be applied now: batch settled, no transaction or reversal under way, power and printer fine. */
  readStatus(): Promise<TerminalStatus>;
  /**
   * Makes the payment application trade on the encoded profile; durable when it resolves. `undefined` puts the terminal
   * back to holding no profile. `cardNumber` is the settlement number of the profile's binding, ASCII digits, where the
   * agent has a card key and was given it; whoever takes it keeps it where the terminal's own secrets are.
   */
  apply(profile: Uint8Array | undefined, cardNumber: string | undefined): Promise<ApplyResult>;
  /**
   * Takes working keys as the acquirer sends them in field 62 of a sign-in answer, enciphered under the terminal's
   * master key, which never leaves the terminal.
   *
   * @throws TillsyncError COMMAND_FAILED where the check value does not hold
   */
  loadWorkingKeys(field62: Uint8Array): Promise<void>;
  /**
   * The 8-byte MAC (field 64) over `data`, from the message type to the last byte before field 64, under the working key.
   *
   * @throws TillsyncError COMMAND_FAILED without a working key
   */
  computeMac(data: Uint8Array): Promise<Uint8Array>;
  /**
   * The SN cryptogram over the factor (clause 5.8), 8 upper-case hexadecimal digits, by the SN key that never leaves the
   * terminal's secure element.
   *
   * @throws TillsyncError PROOF_UNAVAILABLE where the terminal has no SN key, COMMAND_FAILED
   */
  computeCryptogram(factor: string): Promise<string>;
}
