import { createHmac } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { toErrorCode } from "../../../../proto/errors.ts";
import { amendChange, rejectChange, withdrawChange } from "../../../../src/app/changes/draft.ts";
import { submitChange } from "../../../../src/app/changes/submit.ts";
import { NoticeRunner } from "../../../../src/app/notices/runner.ts";
import { readNoticeSettings } from "../../../../src/app/notices/settings.ts";
import { MAX_ATTEMPTS } from "../../../../src/domain/notices/plan.ts";
import { listNotices, listUndelivered } from "../../../../src/store/notices.ts";
import { loadCertificates } from "../../../support/certificates.ts";
import { type ChangeDesk, openChangeDesk, toReplacement } from "../../../support/changes.ts";
import { readLedgerKinds } from "../../../support/fleet-store.ts";
import { type MailServer, openMailServer } from "../../../support/mail-server.ts";

const SECRET = "ab".repeat(32);
const LOGIN = { user: "tillsync", pass: "a mail password" };
const DAY_S = 86_400;
const CONTACT = { role: "owner", name: "林秀英", phone: "" } as const;

interface Hook {
  readonly url: string;
  readonly received: { readonly headers: Record<string, unknown>; readonly body: string }[];
  status: number;
  onTaken(): void;
}

async function openHook(): Promise<Hook> {
  const hook: Hook = { url: "", received: [], status: 204, onTaken: () => undefined };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      hook.received.push({ headers: request.headers, body: Buffer.concat(chunks).toString("utf8") });
      hook.onTaken();
      response.writeHead(hook.status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return Object.assign(hook, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` });
}

async function openNotices() {
  const work = await openChangeDesk(1);
  const { authority } = await loadCertificates();
  const [mail, hook] = [await openMailServer(LOGIN), await openHook()];
  const write = (name: string, text: string, mode = 0o600) => {
    writeFileSync(join(work.folder, name), text, { mode });
    return name;
  };
  write("ca.pem", authority.certificate);
  const settings = {
    ...{ language: "en", sales: ["sales@op.example"], finance: ["money@op.example"] },
    smtp: {
      ...{ host: "localhost", port: mail.port, from: "tillsync@op.example", user: LOGIN.user, caFile: "ca.pem" },
      passwordFile: write("mail.password", `${LOGIN.pass}\n`),
    },
    webhooks: [{ name: "erp", url: hook.url, secretFile: write("hook.secret", SECRET) }],
  };
  write("notices.json", JSON.stringify(settings));
  const runner = new NoticeRunner(work.fleet, readNoticeSettings(work.folder));
  return { work, mail, hook, runner, write, settings };
}

/** A merchant that has a contact on record. */
async function giveContact({ fleet }: ChangeDesk, email: string): Promise<void> {
  const contacts = JSON.stringify([{ ...CONTACT, email }]);
  await fleet.store.updateTable("merchantDetails").set({ contacts }).execute();
}

const toPeople = ({ mails }: MailServer) => mails.map(({ to }) => to).toSorted();

describe("people concerned", () => {
  it("are told of a settlement change over SMTP with TLS: staff, and the merchant's contact", async () => {
    const { work, mail, hook, runner } = await openNotices();
    await giveContact(work, "owner@shop.example");
    const id = await work.submit(toReplacement());
    await runner.poll();
    expect(toPeople(mail)).toEqual(["money@op.example", "owner@shop.example", "sales@op.example"]);
    const ids = new Set(mail.mails.map(({ raw }) => /^Message-ID: (<notice-\d+@op\.example>)/im.exec(raw)?.[1]));
    expect(ids.size).toBe(3);
    expect(hook.received).toHaveLength(1);
    const { notices } = await work.show(id);
    expect(notices.map(({ deliveredAt }) => deliveredAt)).toEqual(Array(4).fill(work.fleet.at));
    for (const { raw } of mail.mails) expect(raw).not.toContain("6228480402564890018");
  });

  it("include the old contact and the new one where the contact itself is changed", async () => {
    const { work, mail, runner } = await openNotices();
    await giveContact(work, "old@shop.example");
    const contacts = [{ ...CONTACT, email: "new@shop.example" }];
    const id = await work.submit({ kind: "contact", content: { patch: { contacts } } });
    await runner.poll();
    expect(toPeople(mail)).toEqual(["new@shop.example", "old@shop.example", "sales@op.example"]);
    // By the time it is done the old one is on no record any more, and is told all the same.
    await giveContact(work, "new@shop.example");
    await rejectChange(work.fleet, id, "not readable", "wang.jun");
    await runner.poll();
    expect(toPeople(mail).filter((to) => to === "old@shop.example")).toHaveLength(2);
  });

  it("are told nothing of what was withdrawn before it was handed in, nor is whomever its writer named", async () => {
    const { work, mail, hook, runner } = await openNotices();
    await giveContact(work, "owner@shop.example");
    const contacts = [{ ...CONTACT, email: "stranger@elsewhere.example" }];
    const id = await work.draft({ kind: "contact", content: { patch: { contacts } } });
    await withdrawChange(work.fleet, id, "no", "li.mei");
    await runner.poll();
    expect(await listNotices(work.fleet.store, id)).toEqual([]);
    expect([toPeople(mail), hook.received]).toEqual([[], []]);
  });

  it("are told how it ends who were told of it, and not who was named after it came back", async () => {
    const { work, mail, runner } = await openNotices();
    const name = (email: string) => ({ patch: { contacts: [{ ...CONTACT, email }] } });
    const id = await work.submit({ kind: "contact", content: name("new@shop.example") });
    await runner.poll();
    await rejectChange(work.fleet, id, "not readable", "wang.jun");
    await amendChange(work.fleet, id, { content: name("stranger@elsewhere.example") }, "li.mei");
    await runner.poll();
    await withdrawChange(work.fleet, id, "no", "li.mei");
    await runner.poll();
    const people = [...Array(3).fill("new@shop.example"), ...Array(3).fill("sales@op.example")];
    expect(toPeople(mail)).toEqual(people);
  });

  it("are told once of each event, however often it is looked at", async () => {
    const { work, mail, runner } = await openNotices();
    const id = await work.submit();
    for (let time = 0; time < 3; time += 1) await runner.poll();
    expect(mail.mails).toHaveLength(1);
    await rejectChange(work.fleet, id, "no", "wang.jun");
    await amendChange(work.fleet, id, {}, "li.mei");
    await submitChange(work.fleet, work.tools, id, "li.mei");
    await runner.poll();
    expect(mail.mails).toHaveLength(3);
  });
});

describe("a program", () => {
  it("gets JSON that is signed with its secret, the time in it", async () => {
    const { work, hook, runner } = await openNotices();
    const id = await work.submit();
    await runner.poll();
    const [{ headers, body } = { headers: {}, body: "" }] = hook.received;
    const { t = "", v1 = "" } = Object.fromEntries(
      String(headers["tillsync-signature"])
        .split(",")
        .map((part) => part.split("=")),
    );
    expect(v1).toBe(createHmac("sha256", Buffer.from(SECRET, "hex")).update(`${t}.${body}`).digest("hex"));
    expect(Number(t)).toBe(work.fleet.at);
    expect(JSON.parse(body)).toMatchObject({ change: id, event: "submit", kind: "merchant" });
    expect(String(JSON.parse(body).id)).toBe(headers["tillsync-notice"]);
  });

  it("that fails is asked again later, and given up with an alarm", async () => {
    const { work, hook, runner } = await openNotices();
    hook.status = 500;
    const id = await work.submit();
    for (let attempt = 0; attempt < MAX_ATTEMPTS + 2; attempt += 1) {
      await runner.poll();
      work.fleet.at += DAY_S;
    }
    expect(hook.received).toHaveLength(MAX_ATTEMPTS);
    expect(new Set(hook.received.map(({ headers }) => headers["tillsync-notice"])).size).toBe(1);
    expect(await listUndelivered(work.fleet.store, { limit: 10 })).toMatchObject([
      { changeId: id, code: "NOTICE_FAILED" },
    ]);
    expect(await readLedgerKinds(work.fleet)).toContain("alarm.notice_undelivered");
  });
});

describe("a mail server that is slow", () => {
  it("keeps nothing else waiting for more than the mails under way, and gets the rest later, none counted as tried", async () => {
    const { work, mail, hook, write, settings } = await openNotices();
    const sales = Array.from({ length: 12 }, (_, n) => `sales${n}@op.example`);
    write("notices.json", JSON.stringify({ ...settings, sales, finance: [] }));
    const runner = new NoticeRunner(work.fleet, readNoticeSettings(work.folder));
    const id = await work.submit();
    mail.onMail = () => {
      work.fleet.at += 20;
    };
    await runner.poll();
    expect(mail.mails.length).toBeLessThan(sales.length);
    expect(hook.received).toHaveLength(1);
    const waiting = (await listNotices(work.fleet.store, id)).filter(({ deliveredAt }) => deliveredAt === null);
    expect(waiting).toHaveLength(sales.length - mail.mails.length);
    expect(waiting.every(({ attempts }) => attempts === 0)).toBe(true);
    mail.onMail = () => undefined;
    work.fleet.at += 60;
    await runner.poll();
    expect(mail.mails).toHaveLength(sales.length);
  });
});

describe("a runner that is closed", () => {
  it("waits for what is under way, and leaves the rest to the next one", async () => {
    const { work, hook, write, settings } = await openNotices();
    const [one] = settings.webhooks;
    const webhooks = Array.from({ length: 12 }, (_, n) => ({ ...one, name: `erp${n}` }));
    write("notices.json", JSON.stringify({ webhooks }));
    const runner = new NoticeRunner(work.fleet, readNoticeSettings(work.folder));
    const id = await work.submit();
    hook.onTaken = () => void runner.close();
    await runner.poll();
    await runner.close();
    const sent = (await listNotices(work.fleet.store, id)).filter(({ deliveredAt }) => deliveredAt !== null);
    expect(sent).toHaveLength(hook.received.length);
    expect(sent.length).toBeLessThan(webhooks.length);
    await new NoticeRunner(work.fleet, readNoticeSettings(work.folder)).poll();
    expect(hook.received).toHaveLength(webhooks.length);
  });
});

describe("a mail server", () => {
  it("that is busy gets the very same message later", async () => {
    const { work, mail, runner } = await openNotices();
    mail.refuse(1);
    const id = await work.submit();
    await runner.poll();
    expect(mail.mails).toHaveLength(0);
    expect((await listNotices(work.fleet.store, id)).map(({ code }) => code)).toContain("NOTICE_FAILED");
    work.fleet.at += 60;
    await runner.poll();
    expect(mail.mails).toHaveLength(1);
  });

  it("that shows no certificate of ours, or asks for another password, gets nothing", async () => {
    const { work, mail, write, settings } = await openNotices();
    await work.submit();
    const { foreignAuthority } = await loadCertificates();
    write("other.pem", foreignAuthority.certificate);
    write("wrong.password", "wrong");
    for (const change of [{ caFile: "other.pem" }, { passwordFile: "wrong.password" }]) {
      write("notices.json", JSON.stringify({ ...settings, webhooks: [], smtp: { ...settings.smtp, ...change } }));
      await new NoticeRunner(work.fleet, readNoticeSettings(work.folder)).poll();
      work.fleet.at += 3_600;
    }
    expect(mail.mails).toHaveLength(0);
    expect(work.fleet.lines.some((line) => JSON.stringify(line).includes(LOGIN.pass))).toBe(false);
  });
});

describe("settings of notices", () => {
  it("tell nobody where there are none", async () => {
    const work = await openChangeDesk(1);
    const id = await work.submit();
    await new NoticeRunner(work.fleet, readNoticeSettings(work.folder)).poll();
    expect(await listNotices(work.fleet.store, id)).toEqual([]);
  });

  it("are refused whole where one of them is wrong", async () => {
    const { work, write, settings } = await openNotices();
    const { smtp } = settings;
    for (const wrong of [
      "{",
      { ...settings, more: 1 },
      { ...settings, language: "de" },
      { ...settings, contacts: "yes" },
      { ...settings, sales: ["nobody"] },
      { ...settings, sales: "sales@op.example" },
      { ...settings, webhooks: [{ name: "erp", url: "ftp://x", secretFile: "s" }] },
      { ...settings, webhooks: [...settings.webhooks, ...settings.webhooks] },
      { ...settings, smtp: { ...smtp, port: 0 } },
      { ...settings, smtp: { ...smtp, host: "a b" } },
      { ...settings, smtp: { ...smtp, from: "x" } },
      { ...settings, smtp: { ...smtp, secure: 1 } },
    ]) {
      write("notices.json", typeof wrong === "string" ? wrong : JSON.stringify(wrong));
      expect(() => readNoticeSettings(work.folder)).toThrow(expect.objectContaining({ code: "DATA_FOLDER_INVALID" }));
    }
  });

  it("name secrets that others may read in vain", async () => {
    const { work, write } = await openNotices();
    write("open.secret", SECRET, 0o644);
    const webhooks = [{ name: "erp", url: "http://127.0.0.1:1/", secretFile: "open.secret" }];
    write("notices.json", JSON.stringify({ webhooks }));
    const open = async () => new NoticeRunner(work.fleet, readNoticeSettings(work.folder));
    expect(await open().catch(toErrorCode)).toBe("DATA_FOLDER_INVALID");
  });
});
