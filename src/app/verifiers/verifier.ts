import type { Tusn } from "../../../proto/tusn.ts";
import type { Verdict, VerdictSource } from "../../domain/verdict.ts";

/** A terminal that shows its TUSN. The factor is one that we chose, and it was compared whole before. */
export interface Claim {
  readonly tusn: Tusn;
  readonly factor: string;
  /** 8 upper-case hexadecimal digits; empty where the terminal made none, which proves nothing and refutes nothing. */
  readonly cryptogram: string;
  /** Network-access certificate number of the model on record, such as `P3100`. */
  readonly certificateNo: string;
}

/** What a verifier says of a claim. */
export interface Answer {
  /** `unknown` where it knows nothing of this TUSN: the next verifier is asked. */
  readonly verdict: Verdict;
  readonly source: VerdictSource;
  /** Facts it rests on; no key, and no cryptogram. */
  readonly evidence: Readonly<Record<string, string | number | boolean>>;
  /** Seconds; where the verdict rests on what was found before: it must not count as proven today. */
  readonly provenAt?: number;
}

/**
 * Who can tell whether a TUSN is genuine. Each method is safe to call again. Adapters: the local store of SN keys, a
 * registry over HTTP, and the record of enquiries that people made.
 */
export interface Verifier {
  readonly source: VerdictSource;
  /** Whether a cryptogram would be of any use: false where it knows nothing of this TUSN or needs none. */
  wantsCryptogram(tusn: Tusn): Promise<boolean>;
  /**
   * Compares in constant time where it compares a cryptogram itself. Resolves within a bound of its own.
   *
   * @throws TillsyncError VERIFIER_FAILED where it could not be asked: nothing is known then, which is no verdict;
   *   PROOF_UNAVAILABLE where it holds the terminal's key and was given no cryptogram, so that nobody is believed
   *   without one; SN_KEY_INVALID where that key was altered; KEY_FILE_INVALID, STORE_FAILED
   */
  verify(claim: Claim): Promise<Answer>;
}
