import { toReceiptBytes } from "../../receipt/format.ts";
import { type VerifiedReceipt, verifyReceipt } from "../../receipt.ts";
import type { Arguments } from "../arguments.ts";
import { print } from "../output.ts";
import type { Ports } from "../ports.ts";
import { renderReceipt } from "../render/receipt.ts";
import { NOT_PROVEN, readDocumentTrust } from "./attestation.ts";

// `verify` of a signed receipt (docs/receipts.md).

/**
 * Checks it against trust held here, and tells what is proven and what rests on the service's word.
 *
 * @returns the exit status: 0 where all that can be proven is, NOT_PROVEN where not
 * @throws TillsyncError ATTESTATION_INVALID, and what reading the trust throws
 */
export function checkReceipt(bytes: Uint8Array, given: Arguments, ports: Ports): number {
  const { trust, ...options } = readDocumentTrust(given, ports);
  const verified = verifyReceipt(bytes, trust);
  print(ports, given.flag("json"), toJson(verified, options.isStale), () => renderReceipt(verified, options));
  return verified.isProven ? 0 : NOT_PROVEN;
}

function toJson(verified: VerifiedReceipt, isStale: boolean): object {
  const { receipt, keyId, signers, checker, demanded, isApproved, unprovenFields, proven, unproven, isProven } =
    verified;
  return {
    ...{ isProven, isStale, signedBy: keyId },
    proven: {
      isApproved,
      approvedBy: signers?.signers.map(({ id }) => id) ?? (checker === undefined ? [] : [checker.id]),
      demanded,
      unknownKeys: signers?.unknownKeys ?? [],
      terminals: { proven, unproven },
      unprovenFields,
    },
    receipt: JSON.parse(Buffer.from(toReceiptBytes(receipt)).toString("utf8")),
  };
}
