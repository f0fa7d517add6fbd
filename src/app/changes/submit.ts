import { verifyReleaseFile } from "../../../certs/release.ts";
import type { Policy } from "../../../certs/trust/policy.ts";
import { toHex } from "../../../proto/bytes.ts";
import { toReleaseFileBytes } from "../../../proto/delivery.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { parseStatement } from "../../../proto/statement.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import { type Deferral, findDeferral } from "../../domain/changes/deferral.ts";
import type { Finding } from "../../domain/changes/judge.ts";
import { findOpenTime } from "../../domain/changes/windows.ts";
import type { ProfileDefaults, ProfilePatch } from "../../domain/next-profile.ts";
import type { ChangeRow } from "../../store/changes-schema.ts";
import { listInService } from "../../store/fleet.ts";
import { findReported } from "../../store/reported.ts";
import { type Tx, transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import type { Desk } from "../desk/desk.ts";
import { parseActor } from "../registry/act.ts";
import { type BuiltRelease, buildRelease, type ReleaseRequest } from "../release/build.ts";
import { checkRevision, moveChange, readChange, toReleaseReason } from "./act.ts";
import { type Acquirers, type JudgedChange, judge } from "./judge.ts";
import { type Packs, toPackNames } from "./packs.ts";

const HOUR_S = 3_600;
/** Looks for an hour that all packs leave open: each round gets past the hours of each pack once. */
const MAX_ROUNDS = 16;

/** What judging and submitting changes needs beside the records. */
export interface ChangeTools {
  readonly desk: Desk;
  /** The policy of now: who may sign what. */
  policy(): Policy;
  /** For terminals that hold no profile yet. */
  readonly defaults: ProfileDefaults;
  readonly acquirers: Acquirers;
}

/** What a change would do, and everything that speaks against it. */
export interface Preview extends Pick<JudgedChange, "record" | "content" | "findings" | "pack" | "packs"> {
  readonly change: ChangeRow;
  readonly feeFen: number;
  /** Terminals that it would reach, and those that it would not, with the reason; absent where none is concerned. */
  readonly terminals?: Pick<BuiltRelease, "skipped" | "superseding"> & {
    readonly reached: number;
    /** Those that would be reached later than the others by what they said last, with the second in which they were heard of last; null for never. */
    readonly deferred: readonly { readonly tusn: Tusn; readonly reason: Deferral; readonly lastSeen: number | null }[];
  };
  /** When terminals would be offered it: the first second outside the hours that the policy keeps free. */
  readonly from: number;
}

/** A dry run: what submitting would do now. Stores nothing. @throws TillsyncError NOT_FOUND, PACK_INVALID, STORE_FAILED */
export async function previewChange(context: Context, tools: ChangeTools, id: string): Promise<Preview> {
  const change = await readChange(context.store, id);
  const judged = await judge(context, change, tools.acquirers);
  const { pack, packs, record, content, patch } = judged;
  const from = toFrom(packs, context.now());
  const findings = [...judged.findings];
  const preview = { change, record, content, pack, packs, feeFen: toFee(packs, change), from };
  if (patch === undefined || !(await hasTerminals(context, change))) return { ...preview, findings };
  try {
    const { file, skipped, superseding } = await build(context, tools, change, packs, patch);
    const reached = verifyReleaseFile(file).leaves.filter(({ isReserve }) => !isReserve).length;
    const deferred = await findDeferred(context, change, new Set(skipped.map(({ tusn }) => tusn)));
    return { ...preview, findings, terminals: { reached, skipped, superseding, deferred } };
  } catch (error) {
    if (!(error instanceof TillsyncError) || error.code === "STORE_FAILED") throw error;
    const { reasons = "release" } = error.fields;
    findings.push({ weight: "refused", code: error.code, what: String(reasons) });
    return { ...preview, findings };
  }
}

/**
 * Hands a change in: judged once more, built as a release where terminals are concerned, and put on the desk, where
 * approvers find it. The approval is their signature on that very release.
 *
 * @param seen revision that the person has read; unchecked where absent
 * @throws TillsyncError NOT_FOUND, STATE_CONFLICT, VERSION_CONFLICT; the code of the first finding that refuses it; what
 *   `buildRelease` and the desk throw
 */
export async function submitChange(
  context: Context,
  tools: ChangeTools,
  id: string,
  by: string,
  seen?: number,
): Promise<ChangeRow> {
  const actor = parseActor(by);
  const row = await readChange(context.store, id);
  checkRevision(row, seen);
  if (row.state !== "draft") throw new TillsyncError("STATE_CONFLICT", { state: row.state, event: "submit" });
  const { findings, packs, patch } = await judge(context, row, tools.acquirers);
  const refusing = toRefusing(findings);
  const [first] = refusing;
  if (first !== undefined) {
    const { code, what, until } = first;
    throw new TillsyncError(code, { what, findings: refusing.length, ...(until === undefined ? {} : { until }) });
  }
  const isReleased = patch !== undefined && (await hasTerminals(context, row));
  const built = isReleased ? await build(context, tools, row, packs, patch) : undefined;
  const releaseId = built === undefined ? null : parseStatement(built.file.statement).releaseId;
  const move = (tx: Tx) => {
    const now = context.now();
    const act = { actor, comment: releaseId === null ? "" : `release ${toHex(releaseId)}` };
    const judged = { pack: toPackNames(packs), feeFen: toFee(packs, row), submittedAt: now };
    return moveChange(tx, now, row, "submit", act, { ...judged, code: "", approval: "", releaseId });
  };
  if (built === undefined) return transact(context.store, move);
  // In one transaction: a release on the desk that no change has would be signed and published in its name.
  await tools.desk.submit(toReleaseFileBytes(built.file), actor, move);
  return readChange(context.store, id);
}

export function toRefusing(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(({ weight }) => weight === "refused");
}

async function hasTerminals({ store }: Context, { merchant }: ChangeRow): Promise<boolean> {
  return (await listInService(store, merchant)).length > 0;
}

/** The highest of any model's. */
function toFee(packs: Packs, { kind }: Pick<ChangeRow, "kind">): number {
  return Math.max(...packs.map((pack) => pack.kinds[kind]?.feeFen ?? 0));
}

/** The first second that no pack keeps free; `now` where there is none within their bounds. */
function toFrom(packs: Packs, now: number): number {
  let from = now;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const next = packs.reduce((at, { blackouts, timeZone }) => findOpenTime(blackouts, timeZone, at) ?? at, from);
    if (next === from) return from;
    from = next;
  }
  return from;
}

async function findDeferred({ store, now }: Context, { merchant }: ChangeRow, skipped: ReadonlySet<Tusn>) {
  const tusns = (await listInService(store, merchant)).map(({ tusn }) => tusn).filter((tusn) => !skipped.has(tusn));
  const heard = new Map((await findReported(store, tusns)).map((row) => [row.tusn, row]));
  return tusns.flatMap((tusn) => {
    const said = heard.get(tusn);
    const reason = findDeferral(said, now());
    return reason === undefined ? [] : [{ tusn, reason, lastSeen: said?.lastSeen ?? null }];
  });
}

/** One release for all terminals of the merchant, with the way back in it where the policy may want it. */
function build(
  context: Context,
  tools: ChangeTools,
  row: ChangeRow,
  packs: Packs,
  patch: ProfilePatch,
): Promise<BuiltRelease> {
  const rules = packs[0].kinds[row.kind];
  const from = toFrom(packs, context.now());
  const isSuspending = rules?.onFailure === "suspend";
  const request: ReleaseRequest = {
    ...{ merchant: row.merchant, patch, reason: toReleaseReason(row), policy: tools.policy() },
    ...{ onFail: isSuspending ? "suspend" : "rollback", withRollback: !isSuspending },
    ...{ validityS: (rules?.validityH ?? 1) * HOUR_S, defaults: tools.defaults },
    ...(from > context.now() ? { notBefore: from } : {}),
  };
  return buildRelease(context, request);
}
