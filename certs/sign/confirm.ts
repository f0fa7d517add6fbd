import { TillsyncError } from "../../proto/errors.ts";
import { toPrintable } from "../../proto/printable.ts";
import type { NewSettlement } from "./part.ts";
import type { Prompt } from "./ports.ts";
import type { Prompts } from "./prompts.ts";

/** How often a checker may mistype the digits of one card. Whoever knows them not at all has four zeros to guess. */
const DIGITS_TRIES = 3;

/** Who is asked, and in which words. */
export interface Asked {
  readonly prompt: Prompt;
  readonly prompts: Prompts;
  err(text: string): void;
}

/**
 * Lets a checker tell the last four digits of every new settlement, which he was not shown: so he looked at something
 * else than the release.
 *
 * @param given digits given as options, in the order of the settlements; none: the person is asked
 * @throws TillsyncError CARD_DIGITS_WRONG; NOT_CONFIRMED where nobody is there to ask
 */
export async function checkLastDigits(
  settlements: readonly NewSettlement[],
  given: readonly string[],
  asked: Asked,
): Promise<void> {
  if (given.length > 0) {
    const isRight = given.length === settlements.length && settlements.every(({ last4 }, at) => given[at] === last4);
    if (!isRight) throw new TillsyncError("CARD_DIGITS_WRONG", { settlements: settlements.length });
    return;
  }
  if (settlements.length > 0) demandPerson(asked.prompt, "--last4");
  for (const settlement of settlements) await askLastDigits(settlement, asked);
}

/**
 * Lets a person confirm what he was shown by typing the beginning of its fingerprint, which he has to look for there.
 *
 * @throws TillsyncError NOT_CONFIRMED
 */
export async function confirm(fingerprint: string, { prompt, prompts }: Asked): Promise<void> {
  demandPerson(prompt, "--yes");
  const [word] = fingerprint.split(" ");
  if ((await prompt.ask(prompts.confirm, false)).trim() !== word) throw new TillsyncError("NOT_CONFIRMED");
}

async function askLastDigits({ holder, bank, last4, leaves }: NewSettlement, asked: Asked): Promise<void> {
  const { prompt, prompts } = asked;
  const first = leaves[0]?.directive.tusn ?? "";
  const question = prompts.lastFour(toPrintable(holder), toPrintable(bank), leaves.length, first);
  for (let tries = 0; tries < DIGITS_TRIES; tries += 1) {
    if ((await prompt.ask(question, false)).trim() === last4) return;
    asked.err(`${prompts.digitsWrong}\n`);
  }
  throw new TillsyncError("CARD_DIGITS_WRONG", { tries: DIGITS_TRIES });
}

function demandPerson({ isInteractive }: Prompt, option: string): void {
  if (!isInteractive) throw new TillsyncError("NOT_CONFIRMED", { expected: `${option}, or a terminal` });
}
