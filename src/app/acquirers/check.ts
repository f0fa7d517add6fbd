import { TillsyncError, toErrorCode } from "../../../proto/errors.ts";
import type { Acquirer, AdapterName } from "./acquirer.ts";

/** What came of trying an acquirer. */
export interface AcquirerCheck {
  readonly acquirer: string;
  readonly adapter: AdapterName;
  /** `OK`, or the code of what went wrong. */
  readonly result: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Reaches an acquirer and verifies a signed answer of it. Never rejects. */
export async function checkAcquirer(code: string, one: Acquirer): Promise<AcquirerCheck> {
  const { adapter } = one;
  try {
    await one.check();
    return { acquirer: code, adapter, result: "OK", facts: {} };
  } catch (error) {
    const facts = error instanceof TillsyncError ? error.fields : {};
    return { acquirer: code, adapter, result: toErrorCode(error), facts };
  }
}
