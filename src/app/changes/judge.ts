import { isOpen } from "../../domain/changes/change.ts";
import {
  type ChangeContent,
  parseContentText,
  toChangedFields,
  toTerminalBinding,
  toTerminalPatch,
} from "../../domain/changes/content.ts";
import { type ChangeFacts, type Finding, judgeChange } from "../../domain/changes/judge.ts";
import { type PolicyPack, toPackName, toRecordPolicy } from "../../domain/changes/pack.ts";
import type { ProfilePatch } from "../../domain/next-profile.ts";
import type { RecordFault } from "../../domain/records/fault.ts";
import type { MerchantRecord } from "../../domain/records/record.ts";
import { findPatchFaults } from "../../domain/records/rules.ts";
import { findOrder } from "../../store/acquirer-orders.ts";
import { findLastDone, listAttachments } from "../../store/changes.ts";
import type { ChangeRow } from "../../store/changes-schema.ts";
import { listInService } from "../../store/fleet.ts";
import type { Acquirer } from "../acquirers/acquirer.ts";
import type { Context } from "../context.ts";
import { judgeSettlement } from "../records/judge.ts";
import { readRecord } from "../records/read.ts";
import { findPacksFor, type Packs } from "./packs.ts";
import { findSealFaults, toSealedNumbers } from "./seals.ts";

/** A change beside the record and the policy of now. */
export interface JudgedChange {
  readonly record: MerchantRecord;
  /** The one that says how it is carried out. */
  readonly pack: PolicyPack;
  /** All that have to allow it. */
  readonly packs: Packs;
  readonly content: ChangeContent;
  /** What terminals would be given; undefined where they are not concerned. */
  readonly patch: ProfilePatch | undefined;
  /** In the order of the rules. */
  readonly findings: readonly Finding[];
}

/** Acquirers that can be asked, by institution code. */
export type Acquirers = Pick<ReadonlyMap<string, Pick<Acquirer, "adapter">>, "get">;

/**
 * Judges a change by the record, the evidence, the pack in force and the hour.
 *
 * @throws TillsyncError NOT_FOUND where the account that it is about is not in force any more; PACK_INVALID; STORE_FAILED
 */
export async function judge(context: Context, row: ChangeRow, acquirers: Acquirers): Promise<JudgedChange> {
  const { store } = context;
  const now = context.now();
  const record = await readRecord(store, row.merchant);
  const packs = await findPacksFor(store, row.merchant);
  const [pack] = packs;
  const content = parseContentText(row.content);
  const evidence = (await listAttachments(store, row.id)).map(({ kind }) => kind);
  const facts = {
    kind: row.kind,
    fields: toChangedFields(record, content.patch),
    ...(content.settlement === undefined ? {} : { account: content.settlement.kind }),
    ...{ evidence, isRecovery: row.recovery === 1 },
    lastDoneAt: await findLastDone(store, row.merchant, row.kind),
    inForce: record.bindings.filter(({ state }) => state === "in_force").length,
  };
  const findings: readonly Finding[] = [
    ...(isAhead(row) && row.baseVersion !== record.version
      ? [{ weight: "refused", code: "VERSION_CONFLICT", what: "record" } as const]
      : []),
    ...judgeByAll(packs, facts, now),
    ...((pack.kinds[row.kind]?.cutOver ?? "none") === "none"
      ? []
      : await judgeCutOver(context, acquirers, { row, content, record })),
    ...(await findFaults(context, record, pack, content)).map(toFinding),
  ];
  return { record, pack, packs, content, findings, patch: toProfilePatch(row, content, record) };
}

/** What the packs of other models add to what the first has to say is told with the model. */
function judgeByAll([first, ...others]: Packs, facts: ChangeFacts, now: number): readonly Finding[] {
  const findings = judgeChange(first, facts, now);
  const isKnown = (one: Finding) => findings.some(({ code, what }) => code === one.code && what === one.what);
  const added = others.flatMap((pack) =>
    judgeChange(pack, facts, now)
      .filter((one) => !isKnown(one))
      .map((one): Finding => ({ ...one, what: `${one.what} (${toPackName(pack)})` })),
  );
  return [...findings, ...added];
}

/** Code of the acquirer of the merchant's terminals; empty where it has none. */
export async function findAcquirer({ store }: Context, { merchant }: ChangeRow): Promise<string> {
  const [terminal] = await listInService(store, merchant);
  return terminal?.acquirer ?? "";
}

/** People enter the number themselves; every other acquirer is sent what an approver has sealed to it. */
async function judgeCutOver(
  context: Context,
  acquirers: Acquirers,
  { row, content, record }: Pick<JudgedChange, "content" | "record"> & { readonly row: ChangeRow },
): Promise<readonly Finding[]> {
  const acquirer = acquirers.get(await findAcquirer(context, row));
  if (acquirer === undefined) return [{ weight: "refused", code: "POLICY_FORBIDS", what: "cut_over" }];
  const { settlement, sealed } = content;
  const isSealed = acquirer.adapter === "manual" || settlement === undefined || sealed !== undefined;
  if (!isSealed) return [{ weight: "refused", code: "SEAL_MISSING", what: "acquirer" }];
  const taken = await findTaken(context, row, content);
  return findSealFaults(row.kind, content, record.bindings, acquirer.adapter, taken);
}

/**
 * Numbers that were sealed and that an order was placed under already: another change's, or this one's before it failed.
 * None once it is carried out, when they are its own.
 */
async function findTaken(
  { store }: Context,
  row: ChangeRow,
  { sealed, sealedBefore }: ChangeContent,
): Promise<ReadonlySet<string>> {
  const taken = new Set<string>();
  if (!isAhead(row)) return taken;
  for (const number of toSealedNumbers([sealed, sealedBefore])) {
    if ((await findOrder(store, number)) !== undefined) taken.add(number);
  }
  return taken;
}

/** Nothing has been carried out yet. */
function isAhead({ state }: ChangeRow): boolean {
  return isOpen(state) && state !== "releasing";
}

async function findFaults(
  context: Context,
  record: MerchantRecord,
  pack: PolicyPack,
  { patch, settlement }: ChangeContent,
): Promise<readonly RecordFault[]> {
  const policy = toRecordPolicy(pack);
  return [
    ...(patch === undefined ? [] : findPatchFaults({ ...record, ...patch }, patch, policy)),
    ...(settlement === undefined
      ? []
      : await judgeSettlement(context.store, record, settlement, context.now(), policy)),
  ];
}

function toFinding({ code, field, reason, severity }: RecordFault): Finding {
  return { weight: severity === "refused" ? "refused" : "noted", code, what: `${field}: ${reason}` };
}

function toProfilePatch({ kind }: ChangeRow, content: ChangeContent, record: MerchantRecord): ProfilePatch | undefined {
  if (kind === "settlement.replace" || kind === "settlement.remove") {
    const next = toTerminalBinding(kind, content, record.bindings);
    if (next === undefined) return undefined;
    const { bank, cnaps, holder, bin, last4, commitment } = next;
    return { binding: { kind: next.kind, bank, cnaps, holder, bin, last4, commitment } };
  }
  const merchant = toTerminalPatch(content.patch);
  return Object.keys(merchant).length === 0 ? undefined : { merchant };
}
