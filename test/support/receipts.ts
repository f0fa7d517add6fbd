import { verifyReceipt } from "../../certs/receipt.ts";
import { signRequest } from "../../certs/request.ts";
import { toHex, toUtf8 } from "../../proto/bytes.ts";
import { toContentDigest } from "../../src/app/changes/act.ts";
import { approveChange } from "../../src/app/changes/approve.ts";
import type { NewChange } from "../../src/app/changes/draft.ts";
import { type KeptReceipt, readReceiptOf, viewReceipts } from "../../src/app/queries/receipts.ts";
import { ReceiptRunner } from "../../src/app/receipts/runner.ts";
import { findChange } from "../../src/store/changes.ts";
import { holdOnline } from "./attestation.ts";
import { type ChangeDesk, openChangeDesk } from "./changes.ts";

/** A merchant's changes, and the service that makes receipts of them. */
export interface ReceiptDesk extends ChangeDesk {
  readonly held: Awaited<ReturnType<typeof holdOnline>>;
  readonly receipts: ReceiptRunner;
  /** Makes what is due, and reads the receipt of a change's newest ending. */
  receipt(id: string): Promise<KeptReceipt>;
  /** A checker's word over what a change shall bring that gives terminals nothing; carried out at once. */
  approve(id: string): Promise<void>;
  /** Checks a signed receipt as an auditor does who holds nothing but trust. */
  verify(file: Uint8Array): ReturnType<typeof verifyReceipt>;
}

export async function openReceiptDesk(count = 2): Promise<ReceiptDesk> {
  const desk = await openChangeDesk(count);
  const held = await holdOnline(desk.fleet);
  const receipts = new ReceiptRunner(desk.fleet, held.attestor);
  return {
    ...{ ...desk, held, receipts },
    receipt: async (id) => {
      await receipts.poll();
      const [newest] = await viewReceipts(desk.fleet.store, { changeId: id, limit: 1 });
      // Why stands in the log alone.
      if (newest?.state === "unsound") throw new Error(JSON.stringify(desk.fleet.lines.slice(-2)));
      return readReceiptOf(desk.fleet.store, id);
    },
    approve: async (id) => {
      await approveAlone(desk, id);
      await desk.runner.poll();
    },
    verify: (file) => {
      const { root, policy } = held.trust;
      return verifyReceipt(file, { root, policy, now: desk.fleet.at, authority: held.attestor.authority });
    },
  };
}

/** Contacts: nothing that a terminal is given. */
export function toContactChange(): Partial<NewChange> {
  const contacts = [{ role: "finance", name: "陈晨", phone: "13800138000", email: "" }] as const;
  return { kind: "contact", reasonCode: "contact_changed", reason: "new bookkeeper", content: { patch: { contacts } } };
}

async function approveAlone({ fleet }: ChangeDesk, id: string): Promise<void> {
  const row = await findChange(fleet.store, id);
  const person = fleet.approvers.policy.persons.find(({ roles }) => roles.includes("checker"));
  if (row === undefined || person === undefined) throw new Error(id);
  const [method, path] = ["POST", `/v1/changes/${id}/approval`];
  const body = toUtf8(JSON.stringify({ digest: toHex(toContentDigest(row)) }));
  const authorization = signRequest(fleet.approvers.checker, { method, path, body, at: fleet.at });
  await approveChange(fleet, person, id, { authorization, method, path, body });
}
