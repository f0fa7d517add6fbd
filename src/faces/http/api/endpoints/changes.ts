import { Type } from "typebox";
import { TillsyncError, toErrorCode } from "../../../../../proto/errors.ts";
import { amendChange, createChange, rejectChange, withdrawChange } from "../../../../app/changes/draft.ts";
import { toPackNames } from "../../../../app/changes/packs.ts";
import { previewChange, submitChange } from "../../../../app/changes/submit.ts";
import { doTask } from "../../../../app/changes/tasks.ts";
import type { Context } from "../../../../app/context.ts";
import { type ChangeListQuery, showChange, viewChanges } from "../../../../app/queries/changes.ts";
import { isAllowed } from "../../../../domain/accounts/rights.ts";
import { CHANGE_STATES } from "../../../../domain/changes/change.ts";
import { EVIDENCE_KINDS, TASK_KINDS } from "../../../../domain/changes/pack.ts";
import { parseCursor, toPage } from "../cursor.ts";
import { type Endpoint, endpoint, type Services, toPerson } from "../endpoint.ts";
import { DEFAULT_PAGE, MAX_UPLOAD_BYTES } from "../limits.ts";
import { Because, ChangeId, Digest, Members, MerchantNumber, OneOf, PageOf, Paging, Reason } from "../schemas.ts";
import { readOwnChange, toMerchants, verifyMerchant } from "../scope.ts";
import { toChangeLine, toContent, toDifferences } from "./change-content.ts";
import { AmendmentBody, Attachment, Change, ChangeInFull, NewChangeBody, PreviewAnswer } from "./change-schemas.ts";

const group = "changes";
const READ = { method: "GET", right: "changes.read", reach: "scoped", group, status: 200 } as const;
const PROPOSE = { right: "changes.propose", reach: "scoped", group, changes: true } as const;
const ID = { id: ChangeId };
const params = Members(ID);
const revision = "revision";
const EVIDENCE_TYPES = ["application/pdf", "image/jpeg", "image/png"];
/** As its type tells, so that whoever saves it can open it. */
const ENDINGS: Readonly<Record<string, string>> = {
  "application/pdf": "pdf",
  "image/jpeg": "jpg",
  "image/png": "png",
};

export const CHANGE_ENDPOINTS: readonly Endpoint[] = [
  endpoint({
    ...{ ...READ, path: "/changes" },
    summary: "Changes, the newest first",
    query: Members({
      ...Paging,
      merchant: Type.Optional(MerchantNumber),
      state: Type.Optional(OneOf(CHANGE_STATES)),
    }),
    answer: PageOf(Change),
    handle: async ({ context }, { actor, query }) => {
      const { after, limit = DEFAULT_PAGE, merchant, state } = query;
      const [last] = after === undefined ? [] : parseCursor("changes", after, ["string"]);
      const merchants = toMerchants(actor);
      const rows = await readPage(context, {
        limit: limit + 1,
        ...(merchant === undefined ? {} : { merchant: verifyMerchant(actor, merchant) }),
        ...(merchants === undefined ? {} : { merchants }),
        ...(state === undefined ? {} : { state }),
        ...(last === undefined ? {} : { after: last }),
      });
      return toPage(
        "changes",
        rows,
        limit,
        ({ id }) => [id],
        (row) => row,
      );
    },
  }),
  endpoint({
    ...{ ...PROPOSE, method: "POST", path: "/changes", status: 201 },
    summary: "Begin a change of a merchant's data or settlement",
    tag: revision,
    body: NewChangeBody,
    answer: Change,
    handle: async ({ context }, { actor, body }) => {
      const { merchant, content, isRecovery = false, ...rest } = body;
      verifyMerchant(actor, merchant);
      const asked = { ...rest, merchant, isRecovery, content: toContent(content), requester: toPerson(actor) };
      return toChangeLine(await createChange(context, asked));
    },
  }),
  endpoint({
    ...{ ...READ, path: "/changes/{id}", params },
    summary: "A change with all that belongs to it",
    tag: revision,
    answer: ChangeInFull,
    handle: async (services, { actor, params }) => {
      const { id } = await readOwnChange(services, actor, params.id);
      const change = await showChange(services.context.store, id);
      // Who of the staff is told is no agent's business.
      return isAllowed(actor, "notices.read") ? change : { ...change, notices: [] };
    },
  }),
  endpoint({
    ...{ ...PROPOSE, method: "PATCH", path: "/changes/{id}", params, ifMatch: true, status: 200 },
    summary: "Amend a change that is being written, was rejected or failed",
    tag: revision,
    body: AmendmentBody,
    answer: Change,
    handle: async (services, { actor, params, body, seen }) => {
      const { id } = await readOwnChange(services, actor, params.id);
      const { content, reasonCode, reason } = body;
      const amendment = {
        ...(content === undefined ? {} : { content: toContent(content) }),
        ...(reasonCode === undefined ? {} : { reasonCode }),
        ...(reason === undefined ? {} : { reason }),
      };
      return toChangeLine(await amendChange(services.context, id, amendment, toPerson(actor), seen));
    },
  }),
  endpoint({
    ...{ ...READ, path: "/changes/{id}/preview", params },
    summary: "What submitting would do now, and all that speaks against it; changes nothing",
    answer: PreviewAnswer,
    handle: async (services, { actor, params }) => {
      const { id } = await readOwnChange(services, actor, params.id);
      const preview = await previewChange(services.context, services.tools, id);
      const { change, packs, feeFen, from, findings, terminals } = preview;
      return {
        ...{ change: toChangeLine(change), pack: toPackNames(packs), feeFen, from, findings },
        ...{ differences: toDifferences(preview), ...(terminals === undefined ? {} : { terminals }) },
      };
    },
  }),
  endpoint({
    ...{ ...PROPOSE, method: "POST", path: "/changes/{id}/submit", params, ifMatch: true, status: 200 },
    summary: "Hand a change in: its release goes to the desk, where approvers sign",
    tag: revision,
    answer: Change,
    handle: async (services, { actor, params, seen }) => {
      const { id } = await readOwnChange(services, actor, params.id);
      return toChangeLine(await submitChange(services.context, services.tools, id, toPerson(actor), seen));
    },
  }),
  endpoint({
    ...{ ...PROPOSE, right: "changes.decide", method: "POST", path: "/changes/{id}/reject", params, ifMatch: true },
    ...{ status: 200, tag: revision, body: Because, answer: Change },
    summary: "Send a change back with comments",
    handle: async (services, { actor, params, body, seen }) => {
      const { id } = await readOwnChange(services, actor, params.id);
      return toChangeLine(await rejectChange(services.context, id, body.reason, toPerson(actor), seen));
    },
  }),
  endpoint({
    ...{ ...PROPOSE, method: "POST", path: "/changes/{id}/withdraw", params, ifMatch: true },
    ...{ status: 200, tag: revision, body: Because, answer: Change },
    summary: "Give a change up",
    handle: async (services, { actor, params, body, seen }) => {
      const { id } = await readOwnChange(services, actor, params.id);
      return toChangeLine(await withdrawChange(services.context, id, body.reason, toPerson(actor), seen));
    },
  }),
  endpoint({
    ...{ ...PROPOSE, right: "changes.release", method: "POST", path: "/changes/{id}/tasks/{task}", status: 200 },
    summary: "Note that a follow-up task was done",
    tag: revision,
    params: Members({ ...ID, task: OneOf(TASK_KINDS) }),
    body: Members({ note: Reason }),
    answer: Change,
    handle: async (services, { actor, params, body }) => {
      const { id } = await readOwnChange(services, actor, params.id);
      return toChangeLine(await doTask(services.context, id, params.task, body.note, toPerson(actor)));
    },
  }),
  endpoint({
    ...{ ...PROPOSE, method: "POST", path: "/changes/{id}/attachments", params, status: 201 },
    summary: "Attach evidence: PDF, JPEG or PNG",
    query: Members({ kind: OneOf(EVIDENCE_KINDS), name: Type.String({ minLength: 1, maxLength: 120 }) }),
    bytes: { types: EVIDENCE_TYPES, maxBytes: MAX_UPLOAD_BYTES },
    answer: Attachment,
    handle: async (services, { actor, params, query, bytes }) => {
      const { id } = await readOwnChange(services, actor, params.id);
      return services.attachments.add(id, { ...query, bytes, actor: toPerson(actor) });
    },
  }),
  endpoint({
    ...{ ...READ, path: "/changes/{id}/attachments/{digest}", params: Members({ ...ID, digest: Digest }) },
    summary: "Evidence as it came",
    sends: "file",
    handle: async (services, { actor, params }) => {
      const { id } = await readOwnChange(services, actor, params.id);
      const type = await findType(services, id, params.digest);
      const bytes = await services.attachments.read(id, Buffer.from(params.digest, "hex"));
      return { bytes, type, name: `${params.digest.slice(0, 16)}.${ENDINGS[type] ?? "bin"}` };
    },
  }),
  endpoint({
    ...{ ...READ, path: "/changes/{id}/events", params, sends: "events" },
    summary: "What happens to a change, from its beginning on, as server-sent events",
    handle: async (services, { actor, params }) => {
      const { id } = await readOwnChange(services, actor, params.id);
      return { changeId: id, fromFirst: true };
    },
  }),
  endpoint({
    ...{ ...READ, path: "/events", sends: "events" },
    summary: "What happens to all changes in scope, from now on, as server-sent events",
    handle: async () => ({ fromFirst: false }),
  }),
];

/** A cursor names a change; changes are never removed. */
async function readPage({ store }: Context, query: ChangeListQuery) {
  try {
    return await viewChanges(store, query);
  } catch (error) {
    throw toErrorCode(error) === "NOT_FOUND" ? new TillsyncError("CURSOR_INVALID", {}, error) : error;
  }
}

/** @throws TillsyncError NOT_FOUND */
async function findType({ context }: Services, id: string, digest: string): Promise<string> {
  const { attachments } = await showChange(context.store, id);
  const found = attachments.find((one) => one.digest === digest);
  if (found === undefined) throw new TillsyncError("NOT_FOUND", { attachment: digest });
  return found.type;
}
