import { checkLine } from "../../../proto/check.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { toRedacted } from "../../../proto/redaction.ts";
import { checkNotSensitive } from "../../../proto/sensitive.ts";

const MAX_REASON_CHARACTERS = 200;
const ACTOR = /^[\x21-\x7e]{1,64}$/;
const OPERATOR = "operator";

/** Who decides something about a terminal, as he says himself, and why; a card number in the words is masked. */
export interface Act {
  readonly actor: string;
  readonly reason: string;
}

/**
 * @param by a name without spaces; `operator` where nobody is named
 * @throws TillsyncError SENSITIVE_DATA; CONFIG_INVALID for a name or reason that cannot be kept
 */
export function parseAct(reason: string, by = OPERATOR): Act {
  const actor = parseActor(by);
  checkNotSensitive(reason);
  try {
    return { actor, reason: toRedacted(checkLine(reason, MAX_REASON_CHARACTERS, "reason")) };
  } catch (cause) {
    throw new TillsyncError(
      "CONFIG_INVALID",
      { expected: `a reason of 1 to ${MAX_REASON_CHARACTERS} characters` },
      cause,
    );
  }
}

/** A name alone, as `parseAct` takes it. @throws TillsyncError SENSITIVE_DATA, CONFIG_INVALID */
export function parseActor(by: string): string {
  checkNotSensitive(by);
  if (!ACTOR.test(by)) throw new TillsyncError("CONFIG_INVALID", { expected: "a name of at most 64 plain characters" });
  return toRedacted(by);
}
