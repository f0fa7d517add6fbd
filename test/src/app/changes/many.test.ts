import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import type { Tusn } from "../../../../proto/tusn.ts";
import { listWaitingChanges } from "../../../../src/app/changes/approve.ts";
import { findAcquirer } from "../../../../src/app/changes/judge.ts";
import { previewChange, submitChange } from "../../../../src/app/changes/submit.ts";
import { findChange } from "../../../../src/store/changes.ts";
import type { ChangeRow } from "../../../../src/store/changes-schema.ts";
import { type ChangeDesk, openChangeDesk } from "../../../support/changes.ts";
import { toContactChange } from "../../../support/receipts.ts";

/** As many as one poll of the runner visits, and as many as approvers are listed. */
const VISITED = 500;
const LISTED = 200;

async function read({ fleet }: ChangeDesk, id: string): Promise<ChangeRow> {
  const row = await findChange(fleet.store, id);
  if (row === undefined) throw new Error("no such change");
  return row;
}

/** Changes of other merchants that wait as this one does, and have for longer. */
async function crowd(
  { fleet }: ChangeDesk,
  row: ChangeRow,
  count: number,
  toOwn: (n: number) => Partial<ChangeRow>,
): Promise<void> {
  await sql.raw("pragma foreign_keys = off").execute(fleet.store);
  for (let n = 0; n < count; n += 1) {
    const id = `C${String(n).padStart(16, "0")}`;
    const other = { id, merchant: String(100_000_000_000_000 + n), updatedAt: row.updatedAt - 10 };
    await fleet.store
      .insertInto("changes")
      .values({ ...row, ...other, ...toOwn(n) })
      .execute();
  }
}

describe("a change among many", () => {
  it("goes on though a whole page of others waits for signatures, and has for longer", async () => {
    const work = await openChangeDesk();
    const id = await work.submit();
    await crowd(work, await read(work, id), VISITED, () => ({ releaseId: null }));
    await work.sign(id);
    for (let polls = 0; polls < 2; polls += 1) await work.runner.poll();
    expect((await work.show(id)).state).toBe("approved");
    for (let polls = 0; polls < 2; polls += 1) await work.runner.poll();
    expect((await work.show(id)).state).toBe("releasing");
  });

  it("is shown to checkers though as many others as are listed wait for a release's signatures", async () => {
    const work = await openChangeDesk();
    const id = await work.submit(toContactChange());
    await crowd(work, await read(work, id), LISTED, (n) => ({ releaseId: Buffer.from(String(n).padStart(16, "x")) }));
    expect((await listWaitingChanges(work.fleet)).map((one) => one.id)).toEqual([id]);
  });
});

describe("a merchant's terminal that is out of service", () => {
  const retire = ({ fleet }: ChangeDesk, tusns: readonly Tusn[], acquirer: string) =>
    fleet.store.updateTable("terminals").set({ life: "retired", acquirer }).where("tusn", "in", tusns).execute();

  it("does not say which acquirer is asked", async () => {
    const work = await openChangeDesk(2);
    const [first] = work.terminals.map(({ tusn }) => tusn);
    const id = await work.draft();
    const asked = await findAcquirer(work.fleet, await read(work, id));
    await retire(work, first === undefined ? [] : [first], "48229999");
    expect(await findAcquirer(work.fleet, await read(work, id))).toBe(asked);
  });

  it("is given nothing: a merchant that has no other changes its data by a checker's word", async () => {
    const work = await openChangeDesk(2);
    await retire(
      work,
      work.terminals.map(({ tusn }) => tusn),
      "48229999",
    );
    const id = await work.draft();
    expect(await previewChange(work.fleet, work.tools, id)).not.toHaveProperty("terminals");
    await submitChange(work.fleet, work.tools, id, "li.mei");
    expect((await listWaitingChanges(work.fleet)).map((one) => one.id)).toEqual([id]);
  });
});
