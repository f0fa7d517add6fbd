import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { toEncryptedPem } from "../../../../certs/keys/encrypted-key.ts";
import { verifyRequest } from "../../../../certs/request.ts";
import { toDigest, toHex, toUtf8 } from "../../../../proto/bytes.ts";
import { amendChange, type NewChange, rejectChange } from "../../../../src/app/changes/draft.ts";
import { submitChange } from "../../../../src/app/changes/submit.ts";
import { readRecord } from "../../../../src/app/records/read.ts";
import { findChange } from "../../../../src/store/changes.ts";
import { type ChangeDesk, openChangeDesk, toSettlement } from "../../../support/changes.ts";
import { ask, openTestDesk, type TestDesk } from "../../../support/desk-client.ts";
import { MERCHANT, makeFolder, readLedgerKinds } from "../../../support/fleet-store.ts";
import { CHEAP, PASSPHRASE, runSign, toRefusal } from "../../../support/sign.ts";

const CONTACTS = [{ role: "finance", name: "陈晨", phone: "13800138000", email: "" }] as const;
const CONTACT: Partial<NewChange> = {
  ...{ kind: "contact", reasonCode: "contact_changed", reason: "a new bookkeeper" },
  content: { patch: { contacts: CONTACTS } },
};

let work: ChangeDesk;
let desk: TestDesk;

beforeEach(async () => {
  work = await openChangeDesk(1);
  desk = await openTestDesk(work.fleet);
});

const digestOf = async (id: string) => {
  const { body } = await ask(desk, `/v1/changes/${id}`, { key: work.fleet.approvers.checker });
  return toHex(toDigest(body));
};
const say = (id: string, digest: string, key = work.fleet.approvers.checker) =>
  ask(desk, `/v1/changes/${id}/approval`, { method: "POST", key, body: toUtf8(JSON.stringify({ digest })) });

describe("a change that no terminal is given", () => {
  it("waits for a checker, who reads all of it and gives his word, and is carried out", async () => {
    const { fleet, runner, submit, show } = work;
    const id = await submit(CONTACT);
    await runner.poll();
    const { json } = await ask(desk, "/v1/changes", { key: fleet.approvers.checker });
    expect(json["changes"]).toMatchObject([{ id, merchant: MERCHANT, kind: "contact", requester: "li.mei" }]);
    const { body } = await ask(desk, `/v1/changes/${id}`, { key: fleet.approvers.checker });
    expect(JSON.parse(JSON.parse(body.toString()).at(-1))).toEqual({ patch: { contacts: CONTACTS } });

    expect((await say(id, await digestOf(id))).json).toEqual({ change: id, state: "approved" });
    await runner.poll();
    expect(await show(id)).toMatchObject({ state: "done", releaseId: "" });
    expect((await readRecord(fleet.store, MERCHANT)).contacts).toEqual(CONTACTS);
    expect(await readLedgerKinds(fleet)).toEqual(expect.arrayContaining(["change.approve", "merchant.changed"]));
  });

  it("keeps the signed word, which whoever has the policy can verify later", async () => {
    const { fleet, submit } = work;
    const id = await submit(CONTACT);
    await say(id, await digestOf(id));
    const { approval = "" } = (await findChange(fleet.store, id)) ?? {};
    const { authorization, method, path, body } = JSON.parse(approval);
    const request = { method, path, body: Buffer.from(body, "base64") };
    expect(verifyRequest(fleet.approvers.policy, authorization, request, fleet.at).id).toBe("wang.jun");
  });

  it("is approved twice by the same word without any harm", async () => {
    const { submit, show } = work;
    const id = await submit(CONTACT);
    const digest = await digestOf(id);
    for (const status of [200, 200]) expect((await say(id, digest)).status).toBe(status);
    expect((await show(id)).events.filter(({ event }) => event === "approve")).toHaveLength(1);
  });

  it("is not approved by a maker, by whoever asked for it, or by a stranger", async () => {
    const { fleet, submit, show } = work;
    const id = await submit({ ...CONTACT, requester: "wang.jun" });
    const digest = await digestOf(id);
    expect((await say(id, digest, fleet.approvers.maker)).json).toMatchObject({ code: "SIGNER_NOT_ALLOWED" });
    expect((await say(id, digest)).json).toMatchObject({ code: "SELF_APPROVAL" });
    expect((await ask(desk, `/v1/changes/${id}`)).json).toMatchObject({ code: "REQUEST_UNSIGNED" });
    expect((await show(id)).state).toBe("submitted");
  });

  it("that was amended since it was read is not approved", async () => {
    const { fleet, tools, submit } = work;
    const id = await submit(CONTACT);
    const digest = await digestOf(id);
    await amendByRejection(id);
    await submitChange(fleet, tools, id, "li.mei");
    expect((await say(id, digest)).json).toMatchObject({ code: "VERSION_CONFLICT" });
  });

  it("adds an account beside the one in use", async () => {
    const { fleet, runner, submit, show } = work;
    const content = { settlement: toSettlement() };
    const id = await submit({ kind: "settlement.add", reasonCode: "account_changed", reason: "a second", content });
    expect((await say(id, await digestOf(id))).status).toBe(200);
    await runner.poll();
    expect((await show(id)).state).toBe("done");
    const { bindings } = await readRecord(fleet.store, MERCHANT);
    expect(bindings.map(({ state, isPrimary }) => [state, isPrimary])).toEqual([
      ["in_force", true],
      ["in_force", false],
    ]);
  });

  it("is not found where terminals are given something: that is signed as a release", async () => {
    const { fleet, submit } = work;
    const id = await submit();
    expect((await ask(desk, "/v1/changes", { key: fleet.approvers.checker })).json).toEqual({ changes: [] });
    expect((await ask(desk, `/v1/changes/${id}`, { key: fleet.approvers.checker })).status).toBe(404);
    expect((await say(id, "0".repeat(64))).json).toMatchObject({ code: "STATE_CONFLICT" });
    for (const name of ["C0000000000000000", "nobody", "..%2f"]) {
      expect((await say(name, "0".repeat(64))).json).toMatchObject({ code: "NOT_FOUND" });
    }
  });
});

async function amendByRejection(id: string): Promise<void> {
  await rejectChange(work.fleet, id, "the phone is wrong", "wang.jun");
  const contacts = [{ ...CONTACTS[0], phone: "13900139000" }];
  await amendChange(work.fleet, id, { content: { patch: { contacts } } }, "li.mei");
}

describe("tillsync-sign, by which a checker gives his word", () => {
  async function prepare() {
    const { fleet, submit } = work;
    const folder = makeFolder();
    const files = {
      key: join(folder, "checker.pem"),
      passphrase: join(folder, "passphrase"),
      ca: join(folder, "ca.pem"),
    };
    writeFileSync(files.key, toEncryptedPem(fleet.approvers.checker, PASSPHRASE, CHEAP), { mode: 0o600 });
    writeFileSync(files.passphrase, PASSPHRASE, { mode: 0o600 });
    writeFileSync(files.ca, desk.authority);
    const to = ["--service", `https://127.0.0.1:${desk.port}`, "--ca", files.ca, "--key", files.key];
    const sign = (words: readonly string[], answers?: readonly string[]) =>
      runSign([...words, ...to, "--passphrase-file", files.passphrase], {
        now: fleet.at,
        ...(answers === undefined ? {} : { answers }),
      });
    return { id: await submit(CONTACT), sign };
  }

  it("lists what waits, and shows every member of what it approves before it asks", async () => {
    const { id, sign } = await prepare();
    expect(JSON.parse((await sign(["changes", "--json"])).stdout)).toMatchObject([{ id, kind: "contact" }]);
    const shown = await sign(["approve", id, "--lang", "en", "--yes"]);
    for (const words of [
      "patch.contacts.0.name: 陈晨",
      "patch.contacts.0.phone: 13800138000",
      "patch.contacts.0.email: ",
    ]) {
      expect(shown.stdout).toContain(words);
    }
    expect(shown.code).toBe(0);
    expect((await work.show(id)).state).toBe("approved");
  });

  it("gives none where the digits that are typed are not those of what was shown", async () => {
    const { id, sign } = await prepare();
    const result = await sign(["approve", id], ["000000"]);
    expect([result.code, toRefusal(result)]).toEqual([1, "NOT_CONFIRMED"]);
    expect((await work.show(id)).state).toBe("submitted");
  });

  it.each(["nobody", "C0000000000000000"])("says that there is no change %s", async (name) => {
    const { sign } = await prepare();
    expect(toRefusal(await sign(["approve", name, "--yes"]))).toBe("FETCH_FAILED");
  });
});
