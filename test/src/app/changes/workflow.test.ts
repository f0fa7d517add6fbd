import { describe, expect, it } from "vitest";
import { signRelease } from "../../../../certs/release.ts";
import { toDigest } from "../../../../proto/bytes.ts";
import { parseReleaseFile, toReleaseFileBytes } from "../../../../proto/delivery.ts";
import { toErrorCode } from "../../../../proto/errors.ts";
import { amendChange, createChange, rejectChange, withdrawChange } from "../../../../src/app/changes/draft.ts";
import { previewChange, submitChange } from "../../../../src/app/changes/submit.ts";
import { doTask } from "../../../../src/app/changes/tasks.ts";
import { readRecord } from "../../../../src/app/records/read.ts";
import { openChangeDesk, toNewChange, toReplacement } from "../../../support/changes.ts";
import { MERCHANT, readLedgerKinds, TUSN_0 } from "../../../support/fleet-store.ts";

const DAY_S = 86_400;
const NEW_NAME = "福州市鼓楼区新茶庄";

function toCode(work: Promise<unknown>): Promise<unknown> {
  return work.then(() => "done", toErrorCode);
}

describe("the number of a change", () => {
  it("is never one that could be read as a card number, whatever is drawn", async () => {
    const { fleet } = await openChangeDesk(1);
    const drawn = ["622848040256489a", "0123456789abcdef"].map((hex) => Buffer.from(hex, "hex"));
    const unlucky = { ...fleet, randomBytes: (size: number) => drawn.shift() ?? fleet.randomBytes(size) };
    expect((await createChange(unlucky, toNewChange())).id).toBe("C0123456789abcdef");
    const never = { ...fleet, randomBytes: () => Buffer.from("622848040256489a", "hex") };
    expect(await toCode(createChange(never, toNewChange()))).toBe("INTERNAL");
  });
});

describe("a change of a merchant's name", () => {
  it("is written, handed in, signed by two people, taken by every terminal, and done", async () => {
    const { fleet, tools, runner, draft, sign, report, show } = await openChangeDesk();
    const id = await draft();
    const preview = await previewChange(fleet, tools, id);
    expect(preview).toMatchObject({ findings: [], terminals: { reached: 2, skipped: [] }, feeFen: 0 });
    await submitChange(fleet, tools, id, "li.mei");
    expect(await show(id)).toMatchObject({ state: "submitted", pack: "*/*@0" });
    await runner.poll();
    expect((await show(id)).state).toBe("submitted");

    await sign(id);
    await runner.poll();
    expect(await show(id)).toMatchObject({ state: "approved" });
    await runner.poll();
    expect(await show(id)).toMatchObject({
      state: "releasing",
      terminals: [{ state: "pending" }, { state: "pending" }],
    });

    await report();
    const done = await show(id);
    expect(done).toMatchObject({ state: "done", endedAt: fleet.at, code: "" });
    const events = ["created", "attached", "submit", "approve", "release", "published", "recorded", "conclude"];
    expect([...new Set(done.events.map(({ event }) => event))]).toEqual(events);
    expect((await readRecord(fleet.store, MERCHANT)).name).toBe(NEW_NAME);
    const kinds = await readLedgerKinds(fleet);
    expect(kinds.filter((kind) => kind.startsWith("change.")).map((kind) => kind.slice(7))).toEqual(
      done.events.map(({ event }) => event),
    );
  });

  it("fails where a terminal goes back, says so, and can be opened again", async () => {
    const { fleet, terminals, tools, runner, submit, sign, report, show } = await openChangeDesk();
    const [first, second] = terminals;
    const id = await submit();
    await sign(id);
    await runner.poll();
    await runner.poll();
    await report("committed", first === undefined ? [] : [first]);
    expect((await show(id)).state).toBe("releasing");
    await report("rolled_back", second === undefined ? [] : [second]);
    expect(await show(id)).toMatchObject({ state: "failed", code: "TEST_FAILED" });

    await amendChange(fleet, id, {}, "li.mei");
    await submitChange(fleet, tools, id, "li.mei");
    await sign(id);
    await runner.poll();
    await runner.poll();
    await report();
    expect(await show(id)).toMatchObject({ state: "done", code: "" });
  });

  it("sent back with a comment is amended and handed in again", async () => {
    const { fleet, tools, runner, submit, sign, report, show } = await openChangeDesk(1);
    const id = await submit();
    await rejectChange(fleet, id, "the licence is hard to read", "wang.jun");
    expect(await toCode(submitChange(fleet, tools, id, "li.mei"))).toBe("STATE_CONFLICT");
    await amendChange(fleet, id, { content: { patch: { name: "福州市鼓楼区大茶庄" } } }, "li.mei");
    await submitChange(fleet, tools, id, "li.mei");
    await sign(id);
    await runner.poll();
    await runner.poll();
    await report();
    expect((await readRecord(fleet.store, MERCHANT)).name).toBe("福州市鼓楼区大茶庄");
    const comments = (await show(id)).events.map(({ event, actor, comment }) => [event, actor, comment]);
    expect(comments).toContainEqual(["reject", "wang.jun", "the licence is hard to read"]);
  });
});

describe("a change", () => {
  it("keeps others of its group out, and lets them in when it is over", async () => {
    const { fleet, draft } = await openChangeDesk(1);
    const id = await draft();
    expect(await toCode(createChange(fleet, toNewChange()))).toBe("CHANGE_OPEN");
    await createChange(fleet, { ...toNewChange(), ...toReplacement() });
    await withdrawChange(fleet, id, "a mistake", "li.mei");
    expect(await toCode(createChange(fleet, toNewChange()))).toBe("done");
    expect(await toCode(amendChange(fleet, id, {}, "li.mei"))).toBe("STATE_CONFLICT");
  });

  it("begun by two people at once is begun by one of them", async () => {
    const { fleet } = await openChangeDesk(1);
    const both = await Promise.all([0, 1].map(() => toCode(createChange(fleet, toNewChange()))));
    expect(both.toSorted()).toEqual(["CHANGE_OPEN", "done"]);
  });

  it("in whose words a card number could stand is not even a draft", async () => {
    const { fleet, draft } = await openChangeDesk(1);
    const card = "6228480402564890018";
    const contact = { role: "shop", name: "林海", phone: "", email: `a${card}@example.cn` } as const;
    for (const change of [
      { content: { patch: { name: `茶庄${card}` } } },
      { kind: "contact", content: { patch: { contacts: [contact] } } },
      { kind: "contact", content: { patch: { contacts: [{ ...contact, email: "", phone: card }] } } },
      toReplacement({ holder: `林海 ${card}` }),
      { content: { patch: { principal: "cvv 123" } } },
    ] as const) {
      expect(await toCode(draft(change))).toMatch(/^(NAME_INVALID|PHONE_INVALID|EMAIL_INVALID|SENSITIVE_DATA)$/);
    }
    expect(await fleet.store.selectFrom("changes").selectAll().execute()).toEqual([]);
  });

  it("that failed is not opened again beside a newer one", async () => {
    const { fleet, runner, submit, sign, report, draft, show } = await openChangeDesk(1);
    const id = await submit();
    await sign(id);
    await runner.poll();
    await runner.poll();
    await report("refused");
    expect((await show(id)).state).toBe("failed");
    await draft();
    expect(await toCode(amendChange(fleet, id, {}, "li.mei"))).toBe("CHANGE_OPEN");
  });

  it("is not written over by somebody who has read an older revision", async () => {
    const { fleet, draft, show } = await openChangeDesk(1);
    const id = await draft();
    const { revision } = await show(id);
    await amendChange(fleet, id, { reason: "other words" }, "li.mei", revision);
    expect(await toCode(amendChange(fleet, id, { reason: "mine" }, "chen.bo", revision))).toBe("VERSION_CONFLICT");
    expect((await show(id)).reason).toBe("other words");
  });

  it("made for a record that has moved on since is not handed in before it is amended", async () => {
    const { fleet, tools, draft, runner, sign, report, submit } = await openChangeDesk(1);
    const stale = await draft({ ...toReplacement() });
    const id = await submit();
    await sign(id);
    await runner.poll();
    await runner.poll();
    await report();
    expect(await toCode(submitChange(fleet, tools, stale, "li.mei"))).toBe("VERSION_CONFLICT");
    await amendChange(fleet, stale, {}, "li.mei");
    expect(await toCode(submitChange(fleet, tools, stale, "li.mei"))).toBe("done");
  });

  it("needs its evidence, and says what is missing", async () => {
    const { fleet, tools, draft } = await openChangeDesk(1);
    const id = await draft(toReplacement(), ["bank_card"]);
    const { findings } = await previewChange(fleet, tools, id);
    expect(findings).toContainEqual({ weight: "refused", code: "EVIDENCE_MISSING", what: "identity_card" });
    expect(await toCode(submitChange(fleet, tools, id, "li.mei"))).toBe("EVIDENCE_MISSING");
  });

  it("is refused with the reason of every rule that its content breaks", async () => {
    const { fleet, tools, draft } = await openChangeDesk(1);
    const id = await draft({ content: { patch: { name: "茶".repeat(30), uscc: "91350100M000100Y44" } } });
    const codes = (await previewChange(fleet, tools, id)).findings.map(({ code }) => code);
    expect(codes).toEqual(expect.arrayContaining(["NAME_NOT_ENCODABLE", "USCC_INVALID"]));
  });

  it("tells in a dry run whom it would not reach, and why", async () => {
    const { fleet, tools, draft, submit, sign, runner } = await openChangeDesk(2);
    const id = await submit();
    await sign(id);
    await runner.poll();
    await runner.poll();
    const card = await draft(toReplacement());
    await fleet.store.updateTable("terminals").set({ verdict: "format-only" }).where("tusn", "=", TUSN_0).execute();
    const { terminals } = await previewChange(fleet, tools, card);
    expect(terminals).toMatchObject({ reached: 1, skipped: [{ reason: "tusn_unproven" }] });
  });

  it("signed by its requester as checker waits for another one", async () => {
    const { fleet, tools, runner, submit, sign, show } = await openChangeDesk(1);
    const id = await submit({ requester: "wang.jun" });
    expect(await toCode(sign(id))).toBe("SELF_APPROVAL");
    await runner.poll();
    expect((await show(id)).state).toBe("submitted");
    expect(await tools.desk.list()).toMatchObject([{ signedBy: [], missing: ["maker", "checker"] }]);
    expect(fleet.approvers.policy.persons.map(({ id: person }) => person)).toContain("wang.jun");
  });

  it("that lies on the desk with its requester's signature, however it came there, waits for another checker", async () => {
    const { fleet, tools, runner, submit, show } = await openChangeDesk(1);
    const id = await submit({ requester: "wang.jun" });
    const releaseId = Buffer.from((await show(id)).releaseId, "hex");
    const { maker, checker } = fleet.approvers;
    const signed = [maker, checker].reduce(signRelease, parseReleaseFile(await tools.desk.read(releaseId)));
    const file = toReleaseFileBytes(signed);
    await fleet.store
      .updateTable("drafts")
      .set({ file, fileDigest: toDigest(file) })
      .execute();
    expect(await tools.desk.list()).toMatchObject([{ missing: [] }]);
    await runner.poll();
    expect((await show(id)).state).toBe("submitted");
  });

  it("altered by somebody waits for another checker than him, too", async () => {
    const { fleet, tools, runner, submit, sign, show } = await openChangeDesk(1);
    const id = await submit();
    await rejectChange(fleet, id, "I shall mend it myself", "wang.jun");
    await amendChange(fleet, id, { content: { patch: { name: "福州市鼓楼区大茶庄" } } }, "wang.jun");
    await submitChange(fleet, tools, id, "li.mei");
    expect(await toCode(sign(id))).toBe("SELF_APPROVAL");
    await sign(id, [fleet.approvers.maker]);
    await runner.poll();
    expect((await show(id)).state).toBe("submitted");
  });

  it("that is sent back or given up leaves nothing on the desk to be signed", async () => {
    const { fleet, tools, submit, show } = await openChangeDesk(1);
    for (const give of [rejectChange, withdrawChange]) {
      const id = await submit();
      const { releaseId } = await show(id);
      await give(fleet, id, "no", "wang.jun");
      expect(await toCode(tools.desk.read(Buffer.from(releaseId, "hex")))).toBe("STATE_CONFLICT");
      expect(await tools.desk.list()).toEqual([]);
      if (give === rejectChange) await withdrawChange(fleet, id, "no", "li.mei");
    }
    expect(await readLedgerKinds(fleet)).toContain("draft.closed");
  });

  it("whose release has expired on the desk goes back", async () => {
    const { fleet, runner, submit, show } = await openChangeDesk(1);
    const id = await submit();
    fleet.at += 8 * DAY_S;
    await runner.poll();
    expect(await show(id)).toMatchObject({ state: "rejected", code: "EXPIRED" });
  });
});

describe("a policy that changes", () => {
  it("judges what waits for approval, and sends back what it forbids", async () => {
    const { runner, submit, sign, load, show } = await openChangeDesk(1);
    const id = await submit();
    await load({}, { fields: ["shortName"] });
    await sign(id);
    await runner.poll();
    expect(await show(id)).toMatchObject({ state: "rejected", code: "POLICY_FORBIDS" });
  });

  it("leaves alone what it allows", async () => {
    const { runner, submit, load, sign, show } = await openChangeDesk(1);
    const id = await submit();
    await load({ feeFen: 100 });
    await sign(id);
    await runner.poll();
    expect((await show(id)).state).toBe("approved");
  });

  it("with hours of rest holds a release until they are over", async () => {
    const { fleet, runner, submit, load, sign, show } = await openChangeDesk(1);
    const hour = Math.floor((fleet.at % DAY_S) / 3_600);
    const rest = { days: [1, 2, 3, 4, 5, 6, 7], from: hour * 60, until: (hour + 1) * 60 };
    await load({}, { timeZone: "UTC", blackouts: [rest] });
    const id = await submit();
    await sign(id);
    await runner.poll();
    await runner.poll();
    expect((await show(id)).state).toBe("approved");
    fleet.at += 3_600 - (fleet.at % 3_600);
    await runner.poll();
    expect((await show(id)).state).toBe("releasing");
  });
});

describe("a change of the settlement card", () => {
  it("brings the new account into force with the first terminal, and stays open until the contact is updated", async () => {
    const { fleet, runner, submit, sign, report, show } = await openChangeDesk();
    const [before] = (await readRecord(fleet.store, MERCHANT)).bindings;
    const id = await submit(toReplacement());
    await sign(id);
    await runner.poll();
    await runner.poll();
    const prepared = (await readRecord(fleet.store, MERCHANT)).bindings;
    expect(prepared.map(({ state }) => state)).toEqual(["in_force", "prepared"]);
    await report();
    const after = (await readRecord(fleet.store, MERCHANT)).bindings;
    expect(after).toMatchObject([{ state: "in_force", isPrimary: true, changeId: id }]);
    expect(after[0]?.id).not.toBe(before?.id);
    expect(await show(id)).toMatchObject({ state: "releasing", tasks: [{ kind: "update_contact", doneAt: null }] });
    await doTask(fleet, id, "update_contact", "called the owner", "li.mei");
    await runner.poll();
    expect((await show(id)).state).toBe("done");
  });

  it("that no terminal takes leaves the old account in force, alone", async () => {
    const { fleet, runner, submit, sign, report, show } = await openChangeDesk(1);
    const [before] = (await readRecord(fleet.store, MERCHANT)).bindings;
    const id = await submit(toReplacement());
    await sign(id);
    await runner.poll();
    await runner.poll();
    await report("rolled_back");
    expect(await show(id)).toMatchObject({ state: "failed", code: "TEST_FAILED" });
    expect((await readRecord(fleet.store, MERCHANT)).bindings).toMatchObject([{ id: before?.id, state: "in_force" }]);
  });

  it("that one terminal does not take is taken back from the others where the policy says so", async () => {
    const { fleet, terminals, runner, submit, sign, report, show } = await openChangeDesk();
    const rename = await submit();
    await sign(rename);
    await runner.poll();
    await runner.poll();
    await report();
    const [first, second] = terminals;
    const held = first?.current;
    const before = (await readRecord(fleet.store, MERCHANT)).bindings[0];
    const id = await submit(toReplacement());
    await sign(id);
    await runner.poll();
    await runner.poll();
    await report("committed", first === undefined ? [] : [first]);
    await report("rolled_back", second === undefined ? [] : [second]);
    expect((await show(id)).state).toBe("releasing");
    await report();
    expect(await show(id)).toMatchObject({ state: "failed", code: "TEST_FAILED" });
    expect(first?.current).toEqual(held);
    const [after] = (await readRecord(fleet.store, MERCHANT)).bindings;
    expect(after).toMatchObject({ last4: before?.last4, isPrimary: true, state: "in_force" });
  });

  it("may not come again within thirty days", async () => {
    const { fleet, tools, runner, submit, sign, report, draft } = await openChangeDesk(1);
    const id = await submit(toReplacement());
    await sign(id);
    await runner.poll();
    await runner.poll();
    await report();
    await doTask(fleet, id, "update_contact", "done", "li.mei");
    await runner.poll();
    const again = await draft(toReplacement());
    expect(await toCode(submitChange(fleet, tools, again, "li.mei"))).toBe("CHANGE_TOO_SOON");
  });

  it("whose present account is forgotten asks for more evidence, and is told apart", async () => {
    const { fleet, tools, draft, show } = await openChangeDesk(1);
    const id = await draft({ ...toReplacement(), isRecovery: true, reasonCode: "account_forgotten" }, [
      ...(["identity_card", "bank_card"] as const),
    ]);
    expect(await toCode(submitChange(fleet, tools, id, "li.mei"))).toBe("EVIDENCE_MISSING");
    expect(await show(id)).toMatchObject({ isRecovery: true });
    expect(await toCode(createChange(fleet, { ...toNewChange(), kind: "contact", isRecovery: true }))).toBe(
      "FIELD_INVALID",
    );
  });
});
