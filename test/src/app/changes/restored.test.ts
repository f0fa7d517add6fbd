import { beforeEach, describe, expect, it } from "vitest";
import { type ChangeService, openChangeService } from "../../../../src/app/changes/service.ts";
import { readNoticeSettings } from "../../../../src/app/notices/settings.ts";
import { readRecord } from "../../../../src/app/records/read.ts";
import { parseRelease } from "../../../../src/app/release/parse-release.ts";
import { addRestore } from "../../../../src/store/restores.ts";
import { transact } from "../../../../src/store/store.ts";
import { holdOnline } from "../../../support/attestation.ts";
import { type ChangeDesk, openChangeDesk, toReplacement } from "../../../support/changes.ts";
import { FakeAcquirer, toSealed } from "../../../support/fake-acquirer.ts";
import { FLEET_FIELDS } from "../../../support/fleet-fields.ts";
import { MERCHANT } from "../../../support/fleet-store.ts";

const DAY_S = 86_400;

let work: ChangeDesk;
let acquirer: FakeAcquirer;
let service: ChangeService;

beforeEach(async () => {
  work = await openChangeDesk(2);
  acquirer = new FakeAcquirer();
  const code = FLEET_FIELDS.acquirer;
  work.acquirers.set(code, acquirer);
  service = openChangeService(work.fleet, work.tools, {
    acquirers: new Map([[code, acquirer]]),
    notices: readNoticeSettings(work.folder),
    attestor: (await holdOnline(work.fleet)).attestor,
  });
  return () => service.close();
});

async function settle(): Promise<void> {
  for (let visit = 0; visit < 12; visit += 1) {
    await service.poll();
    work.fleet.at += 30;
  }
}

/** A card change whose acquirer has been asked and looks into it. */
async function openAudited(): Promise<string> {
  await work.load({ cutOver: "first", onFailure: "reverse", tasks: [] });
  const { content } = toReplacement();
  const { bindings } = await readRecord(work.fleet.store, MERCHANT);
  const sealed = toSealed(content?.settlement?.commitment);
  const sealedBefore = toSealed(bindings[0]?.commitment);
  const id = await work.submit({ ...toReplacement(), content: { ...content, sealed, sealedBefore } });
  await work.sign(id);
  acquirer.answer = "auditing";
  await settle();
  return id;
}

/** Terminals are past the sequences of the change's release: they were given it, or something else. */
async function replay(id: string): Promise<void> {
  const file = await work.tools.desk.read(Buffer.from((await work.show(id)).releaseId, "hex"));
  const { leaves } = parseRelease(file);
  for (const { directive } of leaves) {
    const { tusn, sequence: issuedSequence } = directive;
    await work.fleet.store.updateTable("terminals").set({ issuedSequence }).where("tusn", "=", tusn).execute();
  }
}

/** As it stands in the records of a service that was put back from a backup just now. */
async function noteRestore(): Promise<void> {
  const { at, store } = work.fleet;
  const facts = { ledgerSize: 1, ledgerRoot: Buffer.alloc(32), actor: "admin", reason: "the disk" };
  await transact(store, (tx) => addRestore(tx, { restoredAt: at, backupAt: at - 1, ...facts }));
}

describe("a change whose terminals are past its release", () => {
  it("takes its acquirer back, as nobody has it", async () => {
    const id = await openAudited();
    await replay(id);
    acquirer.answer = "succeeded";
    work.fleet.at += DAY_S / 2;
    await settle();
    expect(await work.show(id)).toMatchObject({
      ...{ state: "failed", code: "SEQUENCE_REPLAYED" },
      orders: [{ state: "confirmed" }, { purpose: "reversal", state: "confirmed" }],
    });
  });

  it("takes nothing back after a restore: the service that was lost may have given it to them", async () => {
    const id = await openAudited();
    await replay(id);
    await noteRestore();
    acquirer.answer = "succeeded";
    work.fleet.at += DAY_S / 2;
    await settle();
    expect(await work.show(id)).toMatchObject({
      ...{ state: "failed", code: "SEQUENCE_REPLAYED" },
      orders: [{ purpose: "change", state: "confirmed" }],
    });
  });
});
