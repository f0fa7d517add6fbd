import { verifyRequest } from "../../../certs/request.ts";
import type { Person, Policy } from "../../../certs/trust/policy.ts";
import { isEqual, toDigest, toHex, toUtf8 } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { toRedacted } from "../../../proto/redaction.ts";
import { checkNotSensitive } from "../../../proto/sensitive.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import { closeUnbindings, listUnbindings, putUnbinding } from "../../store/enrolments.ts";
import { findMerchants, findTerminals } from "../../store/fleet.ts";
import type { TerminalRow, UnbindingRow } from "../../store/schema.ts";
import { type Tx, transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { noteHappenings } from "../identity/history.ts";
import { part } from "./part.ts";
import { parseUnbindingBody, type SignedEvidence, toEvidence, type UnbindingBody } from "./unbinding-body.ts";

/** One person's word waits so long for another's. In seconds. */
export const UNBINDING_LIFE_S = 7 * 86_400;

/** What came of it. */
export interface UnbindingState {
  readonly tusn: Tusn;
  /** `waiting` for the second person, or `done`. */
  readonly state: "waiting" | "done";
  /** Who asked for it. */
  readonly persons: readonly string[];
}

/** What a person has to know before he asks. */
export interface UnbindingView {
  readonly tusn: Tusn;
  /** SHA-256 of the SubjectPublicKeyInfo, hexadecimal; empty where none is enrolled. */
  readonly deviceKey: string;
  readonly merchant: string;
  readonly place: string;
  readonly life: string;
  readonly asked: readonly {
    readonly person: string;
    readonly reason: string;
    readonly merchant: string;
    readonly at: number;
  }[];
}

/** @throws TillsyncError NOT_FOUND */
export async function showUnbinding({ store, now }: Context, tusn: Tusn): Promise<UnbindingView> {
  const terminal = await readTerminal(store, tusn);
  const { merchantNumber: merchant, place, life } = terminal;
  const deviceKey = terminal.deviceKey === null ? undefined : toDigest(terminal.deviceKey);
  const rows = deviceKey === undefined ? [] : await listUnbindings(store, tusn, deviceKey);
  const asked = rows
    .filter((row) => isWaiting(row, now()))
    .flatMap(({ person, reason, at, evidence }) => {
      const body = readBody(evidence);
      return body === undefined ? [] : [{ person, reason, merchant: body.merchant, at }];
    });
  return { tusn, deviceKey: deviceKey === undefined ? "" : toHex(deviceKey), merchant, place, life, asked };
}

/**
 * Takes one person's signed word that a terminal shall be parted from its device key. With that of a second person, one of
 * them a maker and the other one a checker, it is done: see `part`. The words are verified again then, under the policy
 * of that moment: rows in a database are nobody's word. The same request twice changes nothing.
 *
 * @throws TillsyncError SIGNER_NOT_ALLOWED, NOT_FOUND, SENSITIVE_DATA, FIELD_INVALID, TERMINAL_RETIRED; STATE_CONFLICT where
 *   another key is enrolled, or none
 */
export async function askUnbinding(
  context: Context,
  policy: Policy,
  person: Person,
  tusn: Tusn,
  signed: SignedEvidence,
): Promise<UnbindingState> {
  const body = parseUnbindingBody(signed.body);
  checkNotSensitive(body.reason);
  // What was signed is kept as it is: no number in it could be hidden.
  if (toRedacted(body.reason) !== body.reason) throw new TillsyncError("SENSITIVE_DATA");
  if (!toRoles(person).length) throw new TillsyncError("SIGNER_NOT_ALLOWED", { expected: "maker or checker" });
  return await transact(context.store, async (tx) => {
    const now = context.now();
    const terminal = await readTerminal(tx, tusn);
    const known = await listUnbindings(tx, tusn, body.deviceKey);
    // An old request once more, after it has taken effect.
    const done = known.filter(({ doneAt }) => doneAt !== null);
    if (done.some((row) => row.person === person.id)) return { tusn, state: "done", persons: done.map(toPersonId) };
    await checkAskable(tx, terminal, body);
    const { reason } = body;
    const own = { tusn, deviceKey: body.deviceKey, person: person.id, reason, evidence: toEvidence(signed), at: now };
    const isNew = !known.some((row) => row.evidence === own.evidence);
    if (isNew) {
      await putUnbinding(tx, { ...own, doneAt: null });
      const detail = { reason, merchant: body.merchant };
      await noteHappenings(tx, now, [
        { tusn, kind: "unbinding_asked", actor: person.id, digest: toDigest(toUtf8(own.evidence)), detail },
      ]);
    }
    const words = (await listUnbindings(tx, tusn, body.deviceKey)).filter((row) => isWaiting(row, now));
    const others = words.filter((row) => row.person !== person.id && isSameWord(policy, row, body));
    const second = others.find((row) => makesTwo(policy, row.person, person));
    if (second === undefined) return { tusn, state: "waiting", persons: words.map(toPersonId) };
    const actors = [second.person, person.id];
    await part(tx, now, terminal, { actor: actors.join("+"), merchant: body.merchant, reason });
    await closeUnbindings(tx, tusn, body.deviceKey, now);
    return { tusn, state: "done", persons: actors };
  });
}

async function checkAskable(tx: Tx, { tusn, deviceKey, life }: TerminalRow, body: UnbindingBody): Promise<void> {
  if (life === "retired" || life === "replaced") throw new TillsyncError("TERMINAL_RETIRED", { terminal: tusn });
  const isItsKey = deviceKey !== null && isEqual(toDigest(deviceKey), body.deviceKey);
  if (!isItsKey) throw new TillsyncError("STATE_CONFLICT", { expected: "the key that is enrolled" });
  if (body.merchant === "") return;
  const [merchant] = await findMerchants(tx, [body.merchant]);
  if (merchant === undefined) throw new TillsyncError("NOT_FOUND", { merchant: body.merchant });
}

/** Whether a stored word is really that person's, and about the same thing. */
function isSameWord(policy: Policy, row: UnbindingRow, { deviceKey, merchant }: UnbindingBody): boolean {
  try {
    const { authorization, method, path, body } = JSON.parse(row.evidence) as Record<string, string>;
    const bytes = Buffer.from(String(body), "base64");
    const said = parseUnbindingBody(bytes);
    const request = { method: String(method), path: String(path), body: bytes };
    const asker = verifyRequest(policy, authorization, request, row.at);
    const isHere = request.path === `/v1/terminals/${row.tusn}/unbinding` && asker.id === row.person;
    return isHere && isEqual(said.deviceKey, deviceKey) && said.merchant === merchant;
  } catch {
    return false;
  }
}

/** One of them as maker and the other one as checker. */
function makesTwo({ persons }: Policy, first: string, second: Person): boolean {
  const one = persons.find(({ id }) => id === first);
  if (one === undefined || one.id === second.id) return false;
  const isPair = (a: Person, b: Person) => a.roles.includes("maker") && b.roles.includes("checker");
  return isPair(one, second) || isPair(second, one);
}

function toRoles({ roles }: Person) {
  return roles.filter((role) => role === "maker" || role === "checker");
}

function isWaiting({ doneAt, at }: UnbindingRow, now: number): boolean {
  return doneAt === null && now - at <= UNBINDING_LIFE_S;
}

function toPersonId({ person }: UnbindingRow): string {
  return person;
}

function readBody(evidence: string): UnbindingBody | undefined {
  try {
    const { body } = JSON.parse(evidence) as Record<string, unknown>;
    return parseUnbindingBody(Buffer.from(String(body), "base64"));
  } catch {
    return undefined;
  }
}

async function readTerminal(db: Tx | Context["store"], tusn: Tusn): Promise<TerminalRow> {
  const [terminal] = await findTerminals(db, [tusn]);
  if (terminal === undefined) throw new TillsyncError("NOT_FOUND", { terminal: tusn });
  return terminal;
}
