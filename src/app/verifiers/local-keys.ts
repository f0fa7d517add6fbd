import { timingSafeEqual } from "node:crypto";
import { toUtf8 } from "../../../proto/bytes.ts";
import { computeCryptogram } from "../../../proto/cryptogram.ts";
import { TillsyncError, toErrorCode } from "../../../proto/errors.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import { appendEntries } from "../../store/ledger.ts";
import { findSnKeys } from "../../store/sn-keys.ts";
import { transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { toEntry } from "../ledger-entries.ts";
import { findSnKey, type OpenedKey } from "../sn-keys/find-key.ts";
import type { Answer, Claim, Verifier } from "./verifier.ts";

/** Terminals whose altered key was told of; beyond them it is told again. */
const MAX_TOLD = 10_000;

/** Computes what the terminal should have answered from the SN key on record for the TUSN that it claims. */
export class LocalKeysVerifier implements Verifier {
  readonly source = "local_keys";
  readonly #context: Context;
  readonly #keyFile: string;
  readonly #told = new Set<Tusn>();

  constructor(context: Context, keyFile: string) {
    this.#context = context;
    this.#keyFile = keyFile;
  }

  async wantsCryptogram(tusn: Tusn): Promise<boolean> {
    return (await findSnKeys(this.#context.store, [tusn])).length > 0;
  }

  async verify({ tusn, factor, cryptogram }: Claim): Promise<Answer> {
    const found = await this.#find(tusn);
    if (found === undefined) return { verdict: "unknown", source: this.source, evidence: {} };
    if (cryptogram === "") throw new TillsyncError("PROOF_UNAVAILABLE", { terminal: tusn });
    const isRight = isSame(computeCryptogram(found.key, tusn, factor), cryptogram);
    return {
      verdict: isRight ? "verified-crypto" : "mismatch",
      source: this.source,
      evidence: { kcv: found.row.kcv },
    };
  }

  async #find(tusn: Tusn): Promise<OpenedKey | undefined> {
    try {
      return await findSnKey(this.#context.store, this.#keyFile, tusn);
    } catch (error) {
      if (toErrorCode(error) === "SN_KEY_INVALID") await this.#tell(tusn);
      throw error;
    }
  }

  /** Once for each terminal, however often it is asked. */
  async #tell(tusn: Tusn): Promise<void> {
    if (this.#told.has(tusn)) return;
    if (this.#told.size >= MAX_TOLD) this.#told.clear();
    this.#told.add(tusn);
    const { store, now } = this.#context;
    const alarm = toEntry(now(), "alarm.record_altered", tusn, { detail: { what: "sn_key" } });
    await transact(store, (tx) => appendEntries(tx, [alarm]));
  }
}

/** Constant-time for texts of one length; how long a cryptogram is, is no secret. */
function isSame(expected: string, given: string): boolean {
  const [a, b] = [toUtf8(expected), toUtf8(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}
