import { isEqual, toDigest, toHex, toUtf8 } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { toMasked } from "../attestation/masked.ts";
import { toPageTime } from "../attestation/page.ts";
import { readPart } from "../attestation/proven.ts";
import { demand } from "../attestation/shape.ts";
import { verifyRequest } from "../request.ts";
import { parseShownChange } from "../sign/change.ts";
import type { Person, Policy } from "../trust/policy.ts";
import { isTime, type ReceiptField } from "./fields.ts";
import type { ChangeReceipt, ReceiptChecked } from "./format.ts";

/** Of one merchant, with room to spare. */
const MAX_CONTACTS = 64;
const HEADER = /^Tillsync-Approver key=([0-9a-f]{64}),at=(\d{1,11}),/;

/** What a request in this header says of itself; nothing of it is verified. */
export function toClaimed(authorization: string): { readonly keyId: string; readonly at: number } {
  const [, keyId = "", at = ""] = HEADER.exec(authorization) ?? [];
  return { keyId, at: Number(at) };
}

/**
 * The checker who approved a change without a release: his signed request, over the digest of the very bytes that say what
 * the change was to bring.
 *
 * @returns undefined where the policy held has no such checker, or the signature does not hold
 * @throws TillsyncError ATTESTATION_INVALID where the request is about something else than the receipt tells
 */
export function verifyChecked(receipt: ChangeReceipt, checked: ReceiptChecked, policy: Policy): Person | undefined {
  const { method, path, body, content, authorization, keyId } = checked;
  demand(method === "POST" && path === `/v1/changes/${receipt.change}/approval`, "checked.path: of another change");
  const signed = toUtf8(JSON.stringify({ digest: toHex(toDigest(content)) }));
  demand(isEqual(body, signed), "checked.body: of another content");
  verifyContent(receipt, content);
  const claimed = toClaimed(authorization);
  demand(claimed.keyId === keyId, "checked.keyId");
  const person = findChecker(policy, checked, claimed.at);
  // By the very policy that the service judged by, it has to have come to the same.
  if (receipt.trust.policy === policy.version) {
    demand(checked.holds === (person !== undefined), "checked.holds: the policy says otherwise");
    demand(person === undefined || checked.person === person.id, "checked.person: the policy says otherwise");
  }
  return person;
}

function findChecker(policy: Policy, { authorization, method, path, body }: ReceiptChecked, at: number) {
  try {
    const person = verifyRequest(policy, authorization, { method, path, body }, at);
    return person.roles.includes("checker") ? person : undefined;
  } catch (error) {
    if (error instanceof TillsyncError && error.code === "REQUEST_UNSIGNED") return undefined;
    throw error;
  }
}

/** What the checker's program showed says what the receipt tells. */
function verifyContent({ change, merchant, kind, reason, differences }: ChangeReceipt, bytes: Uint8Array): void {
  const shown = readPart("checked.content", () => parseShownChange(bytes, change));
  const isSame = shown.merchant === merchant && shown.kind === kind && shown.reason === reason;
  demand(isSame, "checked.content: another change than is told");
  const texts = new Map(shown.content);
  for (const { field, after } of differences) {
    // An account that goes, as that which stood before, only the records name.
    const brought = kind === "settlement.remove" ? "" : toBrought(texts, field);
    demand(brought === after, `differences.${field}: not what was approved`);
  }
}

/** What the content brings of a field, as differences tell it; undefined for what it does not bring. */
function toBrought(texts: ReadonlyMap<string, string>, field: ReceiptField): string | undefined {
  if (field === "contacts") return toContacts(texts);
  const text = texts.get(field.replace(/^merchant\./, "patch."));
  if (isTime(field)) return text === undefined ? undefined : toTimeText(text);
  if (field !== "settlement.number") return text;
  const [bin, last4] = [texts.get("settlement.bin"), texts.get("settlement.last4")];
  return bin === undefined || last4 === undefined ? undefined : toMasked({ bin, last4 });
}

/** Seconds, or `null` where nobody has told it or nothing bounds it. */
function toTimeText(text: string): string {
  return text === "null" ? "" : toPageTime(Number(text), "");
}

function toContacts(texts: ReadonlyMap<string, string>): string | undefined {
  if (![...texts.keys()].some((path) => /^patch\.contacts(\.|$)/.test(path))) return undefined;
  const contacts = Array.from({ length: MAX_CONTACTS }, (_, n) =>
    ["role", "name", "phone", "email"]
      .map((part) => texts.get(`patch.contacts.${n}.${part}`) ?? "")
      .filter((part) => part !== "")
      .join(" "),
  );
  return contacts.filter((contact) => contact !== "").join("; ");
}
