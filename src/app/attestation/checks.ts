import type { Answer } from "../../../certs/attestation/format.ts";
import { isTusn, type Tusn } from "../../../proto/tusn.ts";
import { explainNumber, type NumberExplanation, type SlipKind } from "../../../proto/tusn-slips.ts";
import { isLegacySerial } from "../../domain/legacy-serial.ts";
import type { IdentityPolicy, Verdict } from "../../domain/verdict.ts";
import { findKnown, findLegacySerials, type KnownTerminal } from "../../store/attested.ts";
import { findQuarantined } from "../../store/quarantines.ts";
import type { Store } from "../../store/store.ts";
import { toAnswer } from "./answer.ts";

/** `legacy`: a serial number of old stock that is on record and cannot be proven. `unknown`: not on record. */
export type CheckAnswer = Answer | "legacy" | "unknown" | "malformed";

/** What can be said of one number. */
export interface NumberCheck {
  /** As it was given; empty where it is malformed, for it could be a card number, and where no maker would print it. */
  readonly number: string;
  readonly answer: CheckAnswer;
  /** Of terminals on record. */
  readonly verdict: Verdict | "";
  readonly provenAt: number | null;
  /** What most likely went wrong with the number. */
  readonly slips: readonly SlipKind[];
  readonly suggestion: Tusn | "";
}

export interface CheckSources {
  readonly store: Store;
  readonly identity: IdentityPolicy;
  now(): number;
}

/**
 * Checks numbers as people give them. Every number costs the same look-ups whether it is on record or not, and so does one
 * that is malformed: nobody learns by the time it takes what there is.
 */
export async function checkNumbers(sources: CheckSources, texts: readonly string[]): Promise<readonly NumberCheck[]> {
  const { store, identity, now } = sources;
  const numbers = texts.map((text) => ({ number: text.trim(), explanation: explainNumber(text.trim()) }));
  const names = numbers.map(({ number, explanation: { kind } }) =>
    kind === "tusn" || isLegacySerial(number) ? number : "",
  );
  // What is no TUSN is looked for all the same: it finds nothing.
  const tusns = names as readonly string[] as readonly Tusn[];
  const known = new Map((await findKnown(store, tusns)).map((row) => [row.tusn, row]));
  const quarantined = new Set(await findQuarantined(store, tusns));
  const legacy = new Set((await findLegacySerials(store, names)).map(({ serial }) => serial));
  const at = now();
  return numbers.map(({ explanation }, index) => {
    const name = names[index] ?? "";
    const row = isTusn(name) ? known.get(name) : undefined;
    const toOwnAnswer = (own: KnownTerminal) => toAnswer(own, quarantined.has(own.tusn), identity, at);
    if (row !== undefined) return toCheck(name, toOwnAnswer(row), explanation, row);
    if (name !== "" && legacy.has(name)) return toCheck(name, "legacy", explanation);
    if (explanation.kind === "malformed") return toCheck("", "malformed", explanation);
    return toCheck(name, "unknown", explanation);
  });
}

/** A number that is on record was no slip. */
function toCheck(
  number: string,
  answer: CheckAnswer,
  { slips, suggestion }: NumberExplanation,
  row?: KnownTerminal,
): NumberCheck {
  const isKnown = answer !== "unknown" && answer !== "malformed";
  return {
    ...{ number, answer },
    verdict: row?.verdict ?? (answer === "legacy" ? "legacy" : ""),
    provenAt: row?.provenAt ?? null,
    slips: isKnown ? [] : slips,
    suggestion: isKnown ? "" : (suggestion ?? ""),
  };
}

/** What a merchant is told, and nothing that would tell him or anybody about the fleet. */
export const PUBLIC_ANSWERS = ["genuine", "not_proven", "not_genuine", "unknown", "malformed"] as const;
export type PublicAnswer = (typeof PUBLIC_ANSWERS)[number];

/**
 * Why a terminal is not confirmed at present is not for everybody: quarantined, suspended, retired and merely old verdicts
 * all read the same.
 */
export function toPublicAnswer(answer: CheckAnswer): PublicAnswer {
  switch (answer) {
    case "genuine":
    case "unknown":
    case "malformed":
      return answer;
    case "refuted":
      return "not_genuine";
    default:
      return "not_proven";
  }
}
