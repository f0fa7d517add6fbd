import { parseSealedAccount, type SealedAccount } from "../../../certs/acquirer/seal.ts";
import { toHex } from "../../../proto/bytes.ts";
import type { ChangeKind } from "../../domain/changes/change.ts";
import { type ChangeContent, findGoing, toTerminalBinding } from "../../domain/changes/content.ts";
import type { Finding } from "../../domain/changes/judge.ts";
import type { BindingRecord, SettlementRecord } from "../../domain/records/record.ts";
import type { AdapterName } from "../acquirers/acquirer.ts";

/**
 * What is wrong with what approvers sealed to an acquirer: it has to be for this acquirer's way, and for the account that
 * comes, or for the one that goes where the acquirer may have to go back to it; and each that is good for one order alone
 * for an order of its own. Looked at before it is handed in: once terminals have taken the account it is too late. Whether
 * it opens, only the acquirer can tell.
 *
 * @param taken numbers that orders were placed under before
 */
export function findSealFaults(
  kind: ChangeKind,
  content: ChangeContent,
  bindings: readonly BindingRecord[],
  adapter: AdapterName,
  taken: ReadonlySet<string>,
): readonly Finding[] {
  const { sealed, sealedBefore, bindingId } = content;
  if (sealed === undefined && sealedBefore === undefined) return [];
  const coming = content.settlement ?? toTerminalBinding(kind, content, bindings);
  const going = kind === "settlement.add" ? undefined : findGoing(bindings, bindingId);
  const isRight = (
    text: string | undefined,
    of: Pick<SettlementRecord, "commitment"> | undefined,
    others: ReadonlySet<string>,
  ): boolean => {
    if (text === undefined) return true;
    const read = readSeal(text);
    return read !== undefined && of !== undefined && isFor(read, adapter, of) && !others.has(read.request);
  };
  const ofComing = new Set([...taken, ...toSealedNumbers([sealed])]);
  return [
    ...(isRight(sealed, coming, taken) ? [] : [{ weight: "refused", code: "SEAL_INVALID", what: "sealed" } as const]),
    ...(isRight(sealedBefore, going, ofComing)
      ? []
      : [{ weight: "refused", code: "SEAL_INVALID", what: "sealed_before" } as const]),
  ];
}

/** Numbers of the orders that seals are good for alone; none of a seal that may go with any order, or is none. */
export function toSealedNumbers(seals: readonly (string | undefined)[]): readonly string[] {
  return seals
    .map((text) => (text === undefined ? undefined : readSeal(text))?.request ?? "")
    .filter((request) => request !== "");
}

function isFor({ scheme, commitment }: SealedAccount, adapter: AdapterName, of: Pick<SettlementRecord, "commitment">) {
  return scheme === adapter && commitment === toHex(of.commitment);
}

function readSeal(base64: string): SealedAccount | undefined {
  try {
    return parseSealedAccount(Buffer.from(base64, "base64"));
  } catch {
    return undefined;
  }
}
