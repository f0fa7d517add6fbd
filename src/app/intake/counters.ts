import type { Tusn } from "../../../proto/tusn.ts";
import { type CounterFinding, judgeCounter } from "../../domain/clones.ts";
import { type Sides, toSaidText } from "../admission/sides.ts";
import type { Records } from "./records.ts";

// What a message tells by its device counter, on top of what it says.

/** Whoever knows where terminals connect from. */
export type FindSides = (tusn: Tusn) => Sides;

interface Said {
  readonly tusn: Tusn;
  readonly kind: "hello" | "report";
  readonly counter: number;
  /** SHA-256 of the payload. */
  readonly digest: Uint8Array;
}

/** Judges the counter of a message, and suspects its terminal where another message was heard under it. */
export function judgeSaid(records: Records, said: Said, findSides: FindSides): CounterFinding {
  const { tusn, kind, counter, digest } = said;
  const report = records.report(tusn, counter);
  const heard = records.heardDigest(tusn, counter);
  const prior = [report?.digest, heard].flatMap((one) => one ?? []);
  const finding = judgeCounter(counter, digest, { highest: records.reported(tusn)?.counter, prior });
  if (finding.isFork) {
    const sides = findSides(tusn);
    const before = toSaidText(sides.before, report === undefined ? "hello" : "report", counter, prior[0]);
    const now = toSaidText(sides.now, kind, counter, digest);
    const since = report === undefined ? {} : { since: report.receivedAt };
    records.suspect({ tusn, why: "counter_fork", sides: { before, now }, counter, ...since });
  }
  return finding;
}

/** Suspects a terminal whose hello came under an old counter and had never been heard before. */
export function suspectBehind(records: Records, said: Said, known: number, findSides: FindSides): void {
  const { tusn, counter, digest } = said;
  const sides = findSides(tusn);
  const before = toSaidText(sides.before, "hello", known);
  const now = toSaidText(sides.now, "hello", counter, digest);
  records.suspect({ tusn, why: "counter_behind", sides: { before, now }, counter });
}
