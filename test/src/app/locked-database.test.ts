import { sql } from "kysely";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { planProof } from "../../../src/app/proof/plan.ts";
import { JUDGING_S } from "../../../src/domain/proof.ts";
import { openStore, transact } from "../../../src/store/store.ts";
import type { TestFleet } from "../../support/fleet-store.ts";
import { SOON_MS } from "../../support/patience.ts";
import { openProver, readProof, readVerdict, TestVerifier, toProof } from "../../support/proving.ts";
import { openDispatch, readOutbox, readStates } from "../../support/test-dispatch.ts";
import { openIntake } from "../../support/test-intake.ts";

/** What a statement waits for the lock here, so that a test does not wait long. */
const BUSY_MS = 50;
const REFUSED = expect.objectContaining({ code: "STORE_FAILED", fields: { sqlite: "SQLITE_BUSY" } });

/** Another process writes, as an import of a large file does, until the function that this gives is called. */
async function lock({ store, file }: TestFleet): Promise<() => Promise<void>> {
  const other = await openStore(file);
  onTestFinished(() => other.destroy());
  await sql`pragma busy_timeout = ${sql.raw(String(BUSY_MS))}`.execute(store);
  await sql`begin immediate`.execute(other);
  return async () => {
    await sql`commit`.execute(other);
  };
}

describe("while another process writes for longer than anybody waits", () => {
  it("a terminal's message is refused, not lost: it is stored when it comes again", async () => {
    const { fleet, terminal, receive, hellos } = await openIntake();
    const unlock = await lock(fleet);
    const hello = terminal.hello();
    await expect(receive(terminal, "hello", hello)).rejects.toThrow(REFUSED);
    await unlock();
    await receive(terminal, "hello", hello);
    expect(hellos).toHaveLength(1);
  });

  it("a directive that was sent and could not be noted is sent once more", async () => {
    const { fleet, dispatch, sent, tusn } = await openDispatch();
    const unlock = await lock(fleet);
    await dispatch.poll();
    expect([sent.length, await readStates(fleet)]).toEqual([1, ["pending"]]);
    await unlock();
    await dispatch.poll();
    expect(sent).toEqual(Array(2).fill({ tusn, sequence: 1 }));
    expect([await readStates(fleet), await readOutbox(fleet)]).toMatchObject([["sent"], [{ sends: 1 }]]);
  });

  it("an answer that cannot be written down proves and refutes nothing, and its terminal is asked again", async () => {
    const { fleet, tusn } = await openDispatch();
    await fleet.store.updateTable("terminals").set({ verdict: "format-only", provenAt: null }).execute();
    await transact(fleet.store, (tx) => planProof(tx, tusn, fleet.at, "demand"));
    const verifier = new TestVerifier();
    const { prover, sent } = openProver(fleet, [verifier]);
    await prover.poll([tusn]);
    const answer = verifier.hold();
    const [{ challenge }] = sent as [(typeof sent)[0]];
    prover.take(toProof(tusn, challenge));
    await vi.waitFor(() => expect(verifier.claims).toHaveLength(1), SOON_MS);
    const unlock = await lock(fleet);
    answer();
    // Neither the verdict nor that there is none.
    const count = () => fleet.lines.filter(({ msg }) => msg === "proof not judged").length;
    await vi.waitFor(() => expect(count()).toBe(2), SOON_MS);
    await unlock();
    fleet.at += JUDGING_S;
    await prover.poll([tusn]);
    expect(await readProof(fleet, tusn)).toMatchObject({ failures: 0, lockedAt: null });
    prover.take(toProof(tusn, (sent[1] as (typeof sent)[0]).challenge));
    await prover.close();
    expect(await readVerdict(fleet, tusn)).toMatchObject({ verdict: "verified-crypto" });
  });
});
