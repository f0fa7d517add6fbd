import { describe, expect, it } from "vitest";
import { signRelease } from "../../../../certs/release.ts";
import { parseReleaseFile, type ReleaseFile, toReleaseFileBytes } from "../../../../proto/delivery.ts";
import { toErrorCode } from "../../../../proto/errors.ts";
import { amendChange, rejectChange, withdrawChange } from "../../../../src/app/changes/draft.ts";
import { submitChange } from "../../../../src/app/changes/submit.ts";
import { buildRelease } from "../../../../src/app/release/build.ts";
import { publishRelease } from "../../../../src/app/release/publish.ts";
import { type ChangeDesk, openChangeDesk } from "../../../support/changes.ts";
import { toRequest } from "../../../support/fleet-store.ts";

const toCode = (work: Promise<unknown>): Promise<unknown> => work.then(() => "done", toErrorCode);

/** The file of the release that a change has, signed by maker and checker as somebody may keep it for himself. */
async function toSignedCopy({ fleet, tools, show }: ChangeDesk, id: string): Promise<Uint8Array> {
  const file = parseReleaseFile(await tools.desk.read(Buffer.from((await show(id)).releaseId, "hex")));
  return toReleaseFileBytes(toSigned(fleet.approvers, file));
}

function toSigned({ maker, checker }: ChangeDesk["fleet"]["approvers"], file: ReleaseFile): ReleaseFile {
  return [maker, checker].reduce(signRelease, file);
}

function publish({ fleet, tools }: ChangeDesk, file: Uint8Array): Promise<unknown> {
  return toCode(publishRelease(fleet, file, tools.policy(), "somebody"));
}

async function countSent({ fleet }: ChangeDesk): Promise<number> {
  return (await fleet.store.selectFrom("deployments").selectAll().execute()).length;
}

describe("the release of a change", () => {
  it("lies on the desk once, whoever hands the change in at the same moment", async () => {
    const work = await openChangeDesk();
    const { fleet, tools, draft, show } = work;
    const id = await draft();
    const codes = await Promise.all(["li.mei", "wang.jun"].map((by) => toCode(submitChange(fleet, tools, id, by))));
    expect(codes.toSorted()).toEqual(["VERSION_CONFLICT", "done"]);
    expect((await tools.desk.list()).map((open) => open.id)).toEqual([(await show(id)).releaseId]);
  });

  it("is published from somebody's own copy while the change is under way", async () => {
    const work = await openChangeDesk();
    const id = await work.submit();
    expect(await publish(work, await toSignedCopy(work, id))).toBe("done");
    for (let polls = 0; polls < 3; polls++) await work.runner.poll();
    await work.report();
    expect((await work.show(id)).state).toBe("done");
  });

  it("that terminals may have already is given up by nobody, and by no policy of today", async () => {
    const work = await openChangeDesk();
    const { fleet, runner, show } = work;
    const id = await work.submit();
    expect(await publish(work, await toSignedCopy(work, id))).toBe("done");
    expect(await toCode(withdrawChange(fleet, id, "not now", "li.mei"))).toBe("STATE_CONFLICT");
    expect(await toCode(rejectChange(fleet, id, "another name", "wang.jun"))).toBe("STATE_CONFLICT");
    await work.load({ evidence: ["authorisation"] });
    for (let polls = 0; polls < 3; polls++) await runner.poll();
    await work.report();
    expect((await show(id)).state).toBe("done");
  });

  it("is not published where its checker wrote at the change", async () => {
    const work = await openChangeDesk();
    const id = await work.draft({ requester: "wang.jun" });
    await submitChange(work.fleet, work.tools, id, "li.mei");
    expect(await publish(work, await toSignedCopy(work, id))).toBe("SELF_APPROVAL");
    expect(await countSent(work)).toBe(0);
  });

  it.each([
    ["withdrawn", ({ fleet }: ChangeDesk, id: string) => withdrawChange(fleet, id, "not now", "li.mei")],
    ["rejected", ({ fleet }: ChangeDesk, id: string) => rejectChange(fleet, id, "another name", "wang.jun")],
  ])("is neither published nor put back on the desk once the change is %s", async (_state, giveUp) => {
    const work = await openChangeDesk();
    const id = await work.submit();
    const copy = await toSignedCopy(work, id);
    await giveUp(work, id);
    expect(await publish(work, copy)).toBe("STATE_CONFLICT");
    expect(await toCode(work.tools.desk.submit(copy))).toBe("STATE_CONFLICT");
    expect(await countSent(work)).toBe(0);
  });

  it("is not published once the change was amended and has another one", async () => {
    const work = await openChangeDesk();
    const { fleet, tools, runner } = work;
    const id = await work.submit();
    const copy = await toSignedCopy(work, id);
    await rejectChange(fleet, id, "another name", "wang.jun");
    await amendChange(fleet, id, { reason: "the sign says so" }, "li.mei");
    await submitChange(fleet, tools, id, "li.mei");
    expect(await publish(work, copy)).toBe("STATE_CONFLICT");
    await runner.poll();
    expect((await work.show(id)).state).toBe("submitted");
  });

  it("is none that merely says so: it is taken neither by the desk nor for the terminals", async () => {
    const work = await openChangeDesk();
    const { fleet, tools } = work;
    const id = await work.submit();
    const policy = tools.policy();
    const { file } = await buildRelease(fleet, { ...toRequest(), reason: `${id}: the shop has a new sign`, policy });
    const copy = toReleaseFileBytes(toSigned(fleet.approvers, file));
    expect(await toCode(tools.desk.submit(copy))).toBe("STATE_CONFLICT");
    expect(await publish(work, copy)).toBe("STATE_CONFLICT");
    expect(await countSent(work)).toBe(0);
  });
});
