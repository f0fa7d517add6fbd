import { toErrorCode } from "../../proto/errors.ts";
import type { Profile } from "../../proto/profile.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { exchange } from "./exchange.ts";
import { toSignIn } from "./messages.ts";
import { type TestResult, toStepResult } from "./result.ts";

const STEP = "sign-in";

/** Signs in and hands the working keys to the terminal; "passed" where the terminal holds them. */
export async function signIn(profile: Profile, trace: number, batch: number, terminal: Terminal): Promise<TestResult> {
  const exchanged = await exchange(profile, toSignIn(profile, trace, batch));
  const result = toStepResult(STEP, exchanged);
  if (exchanged.kind === "unanswered" || result.kind !== "passed") return result;
  const keys = exchanged.answer.fields[62];
  if (keys === undefined) return { kind: "inconclusive", detail: `${STEP}: no working keys came` };
  try {
    await terminal.loadWorkingKeys(keys);
    return result;
  } catch (error) {
    if (toErrorCode(error) !== "COMMAND_FAILED") throw error;
    return { kind: "inconclusive", detail: `${STEP}: the terminal refused the working keys` };
  }
}
