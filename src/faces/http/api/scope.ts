import { TillsyncError } from "../../../../proto/errors.ts";
import { parseTusn, type Tusn } from "../../../../proto/tusn.ts";
import { readChange } from "../../../app/changes/act.ts";
import { type Actor, isInScope } from "../../../domain/accounts/actor.ts";
import type { ChangeRow } from "../../../store/changes-schema.ts";
import { findTerminals } from "../../../store/fleet.ts";
import type { Services } from "./endpoint.ts";

// What lies outside an actor's scope is told from what is not there by nothing.

/** The merchants that an actor may meet; undefined where he may meet all. */
export function toMerchants(actor: Actor): ReadonlySet<string> | undefined {
  return actor.merchants ?? (actor.role === "agent" ? new Set() : undefined);
}

/** @throws TillsyncError NOT_FOUND */
export function verifyMerchant(actor: Actor, merchant: string): string {
  if (!isInScope(actor, merchant)) throw new TillsyncError("NOT_FOUND", { merchant });
  return merchant;
}

/** @throws TillsyncError NOT_FOUND */
export async function readOwnChange({ context }: Services, actor: Actor, id: string): Promise<ChangeRow> {
  const row = await readChange(context.store, id);
  if (!isInScope(actor, row.merchant)) throw new TillsyncError("NOT_FOUND", { change: id });
  return row;
}

/** @throws TillsyncError TUSN_INVALID, NOT_FOUND */
export async function verifyTerminal({ context }: Services, actor: Actor, text: string): Promise<Tusn> {
  const tusn = parseTusn(text);
  const [terminal] = await findTerminals(context.store, [tusn]);
  if (terminal === undefined || !isInScope(actor, terminal.merchantNumber)) {
    throw new TillsyncError("NOT_FOUND", { terminal: tusn });
  }
  return tusn;
}
