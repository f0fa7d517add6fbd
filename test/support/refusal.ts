import { TillsyncError } from "../../proto/errors.ts";

/** The TillsyncError that the call throws; fails where it returns or throws anything else. */
export function errorOf(call: () => unknown): TillsyncError {
  try {
    call();
  } catch (error) {
    if (error instanceof TillsyncError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

/** Code and facts of a refusal, side by side. */
export function refusalOf(call: () => unknown): Readonly<Record<string, unknown>> {
  const { code, fields } = errorOf(call);
  return { code, ...fields };
}
