import type { Mutant } from "./mutant.ts";

const WORKFLOW = ["test/src/app/changes/workflow.test.ts"];
const PROGRESS = ["test/src/domain/changes/progress.test.ts"];
const CUT_OVER = ["test/src/app/changes/cut-over.test.ts"];
const CARRY_OUT = ["test/src/app/changes/carry-out.test.ts"];
const REVIEWS = ["test/src/app/reviews/csv.test.ts", "test/src/domain/reviews/merchant-rows.test.ts"];
const DESK = ["test/src/faces/http/desk-changes.test.ts"];
const RESTORED = ["test/attack/restored-backup.test.ts"];

/** Checks of operators' changes and of restores, broken. */
export const CHANGES: readonly Mutant[] = [
  {
    name: "whoever wrote a change counts as its checker",
    file: "src/app/changes/release-owner.ts",
    find: "authors.has(person.id) ? withoutChecking(person) : person",
    replace: "authors.has(person.id) ? person : person",
    tests: WORKFLOW,
  },
  {
    name: "the desk takes a checker's signature from whoever wrote the change",
    file: "src/app/changes/authors.ts",
    find: "if (!demanded.some((role) => roles.includes(role))) throw",
    replace: "if (!demanded.some((role) => roles.includes(role) || role !== null)) throw",
    tests: WORKFLOW,
  },
  {
    name: "a change's number that looks like a card number",
    file: "src/app/changes/draft.ts",
    find: "if (toRedacted(id) === id) return id;",
    replace: 'if (toRedacted(id) !== "") return id;',
    tests: WORKFLOW,
  },
  {
    name: "a formula in a review's file",
    file: "src/app/reviews/csv.ts",
    find: "FORMULA.test(text) ?",
    replace: "FORMULA.test(text) && text.length > 100_000 ?",
    tests: REVIEWS,
  },
  {
    name: "an acquirer's other account is nobody's concern",
    file: "src/domain/reviews/find-acquirer-rows.ts",
    find: "return isUnderWay ? [] :",
    replace: "return isUnderWay || at > 0 ? [] :",
    tests: REVIEWS,
  },
  {
    name: "a word about other content approves",
    file: "src/app/changes/approve.ts",
    find: "if (!isEqual(seen, toContentDigest(row)))",
    replace: "if (seen.length !== toContentDigest(row).length)",
    tests: DESK,
  },
  {
    name: "a maker's word is a checker's",
    file: "src/app/changes/approve.ts",
    find: 'if (!roles.includes("checker")) throw',
    replace: "if (roles.length === 0) throw",
    tests: DESK,
  },
  {
    name: "a release published in the name of a change that gave it up",
    file: "src/app/release/publish.ts",
    find: "    await verifyOwn(tx);",
    replace: "    if (people.approvers.length > 99) await verifyOwn(tx);",
    tests: ["test/src/app/changes/releases.test.ts"],
  },
  {
    name: "a change done though its terminals were ordered back",
    file: "src/domain/changes/progress.ts",
    find: "if (progress.ordered > 0) return toReturn(progress);",
    replace: "if (progress.ordered > 99) return toReturn(progress);",
    tests: PROGRESS,
  },
  {
    name: "what waits is looked at in one order for ever",
    file: "src/app/changes/runner.ts",
    find: 'this.#after = rows.length < MAX_VISITED ? "" : (rows.at(-1)?.id ?? "");',
    replace: 'this.#after = "";',
    tests: ["test/src/app/changes/many.test.ts"],
  },
  {
    name: "a change for a record that has moved on",
    file: "src/app/changes/judge.ts",
    find: "row.baseVersion !== record.version\n",
    replace: "row.baseVersion > record.version\n",
    tests: WORKFLOW,
  },
  {
    name: "a policy of today that judges nothing that is pending",
    file: "src/app/changes/runner.ts",
    find: "if (toPackNames(packs) !== row.pack && (await this.#bar(row))) return;",
    replace: 'if (row.pack === "" && (await this.#bar(row))) return;',
    tests: WORKFLOW,
  },
  {
    name: "done without the acquirer's own record",
    file: "src/domain/changes/progress.ts",
    find: 'if (cutOver === "last" && acquirer !== "confirmed") {',
    replace: 'if (cutOver === "last" && acquirer === "unasked") {',
    tests: PROGRESS,
  },
  {
    name: "done while terminals have not answered",
    file: "src/domain/changes/progress.ts",
    find: 'if (waiting > 0) return "wait";',
    replace: 'if (waiting > 9) return "wait";',
    tests: PROGRESS,
  },
  {
    name: "done where no terminal was sent anything",
    file: "src/domain/changes/progress.ts",
    find: "(hasTerminals && committed === 0)",
    replace: "(hasTerminals && committed < 0)",
    tests: PROGRESS,
  },
  {
    name: "failed while a terminal may still take it",
    file: "src/domain/changes/progress.ts",
    find: 'return waiting > 0 ? "wait" : toReturn(progress);',
    replace: "return toReturn(progress);",
    tests: PROGRESS,
  },
  {
    name: "whatever the desk has closed was published",
    file: "src/app/changes/carry-out.ts",
    find: "if ((await findReleases(store, [releaseId])).length > 0) return undefined;",
    replace: "if ((await findReleases(store, [releaseId])).length >= 0) return undefined;",
    tests: CARRY_OUT,
  },
  {
    name: "an acquirer asked for what no terminal can be sent any more",
    file: "src/app/changes/carry-out.ts",
    find: 'if (purpose === "change" && row.releaseId !== null) await',
    replace: 'if (purpose === "change" && row.releaseId === null) await',
    tests: CUT_OVER,
  },
  {
    name: "a failed change that leaves its acquirer where it is",
    file: "src/app/changes/carry-out.ts",
    find: "decideNext({ ...progress, isFailing: true, ...given });",
    replace: 'decideNext({ ...progress, isFailing: true, onFailure: "keep" });',
    tests: CUT_OVER,
  },
  {
    name: "a change carried out by the policy of today",
    file: "src/app/changes/runner.ts",
    find: "carryOut(this.#context, this.#tools, row, await readPackOf(store, row));",
    replace: "carryOut(this.#context, this.#tools, row, (await findPacksFor(store, row.merchant))[0]);",
    tests: CUT_OVER,
  },
  {
    name: "an account prepared that is in force already",
    file: "src/app/changes/carry-out.ts",
    find: "const isDue = settlement !== undefined && !isInForce(bindings, settlement);",
    replace: "const isDue = settlement !== undefined;",
    tests: CARRY_OUT,
  },
  {
    name: "an account that stays prepared when its change is done",
    file: "src/app/changes/carry-out.ts",
    find: 'if (changeId !== row.id || state !== "prepared") continue;',
    replace: 'if (changeId !== row.id || state === "prepared") continue;',
    tests: CARRY_OUT,
  },
  {
    name: "a rejected release that stays to be signed",
    file: "src/app/changes/act.ts",
    find: "await takeOffDesk(tx, now, row, event);\n  return moveChange(tx, now, row, event, act, { ...progress, releaseId: null });",
    replace: "return moveChange(tx, now, row, event, act, { ...progress, releaseId: null });",
    tests: WORKFLOW,
  },
  {
    name: "what was sealed for an acquirer, kept",
    file: "src/app/changes/act.ts",
    find: 'const content = event === "fail" ? row.content : toOpenText(row.content);',
    replace: "const content = row.content;",
    tests: CUT_OVER,
  },
  {
    name: "a restore that leaves no gap",
    file: "src/domain/restore.ts",
    find: "RESTORE_GAP = 256",
    replace: "RESTORE_GAP = 0",
    tests: RESTORED,
  },
];
