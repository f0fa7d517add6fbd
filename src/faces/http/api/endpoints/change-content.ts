import type { Static } from "typebox";
import type { Preview } from "../../../../app/changes/submit.ts";
import { toSettlementView } from "../../../../app/queries/changes.ts";
import { type ChangeContent, findGoing, toChangedFields } from "../../../../domain/changes/content.ts";
import type { SettlementRecord } from "../../../../domain/records/record.ts";
import type { ChangeRow } from "../../../../store/changes-schema.ts";
import type { Content } from "./change-schemas.ts";

type ContentBody = Static<typeof Content>;

/** What a change shall bring, from what came in. */
export function toContent({ settlement, ...rest }: ContentBody): ChangeContent {
  return settlement === undefined ? rest : { ...rest, settlement: toSettlement(settlement) };
}

function toSettlement({ commitment, ...rest }: NonNullable<ContentBody["settlement"]>): SettlementRecord {
  return { ...rest, commitment: Buffer.from(commitment, "hex") };
}

export function toChangeLine(row: ChangeRow) {
  const { id, merchant, kind, state, revision, requester, reasonCode, reason, createdAt, updatedAt, code } = row;
  return { id, merchant, kind, state, revision, requester, reasonCode, reason, createdAt, updatedAt, code };
}

export interface Difference {
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** What would differ on record, old beside new, account numbers masked. */
export function toDifferences({ change, record, content }: Preview): readonly Difference[] {
  const { patch, settlement, bindingId } = content;
  const fields = toChangedFields(record, patch).map((field): Difference => {
    return { field, before: record[field], after: patch?.[field] };
  });
  const contacts =
    patch?.contacts === undefined ? [] : [{ field: "contacts", before: record.contacts, after: patch.contacts }];
  const isOfAccount = settlement !== undefined || bindingId !== undefined;
  if (!isOfAccount) return [...fields, ...contacts];
  const going = change.kind === "settlement.add" ? undefined : findGoing(record.bindings, bindingId);
  return [{ field: "settlement", before: toAccount(going), after: toAccount(settlement) }];
}

function toAccount(settlement: SettlementRecord | undefined): unknown {
  if (settlement === undefined) return null;
  const { kind, bank, cnaps, holder, number, validFrom, validUntil } = toSettlementView(settlement);
  return { kind, bank, cnaps, holder, number, validFrom, validUntil };
}
