import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { toDigest, toHex } from "../../../../proto/bytes.ts";
import { toErrorCode } from "../../../../proto/errors.ts";
import {
  type Attachments,
  MAX_ATTACHMENT_BYTES,
  MAX_ATTACHMENTS,
  type NewAttachment,
  openAttachments,
} from "../../../../src/app/changes/attachments.ts";
import { withdrawChange } from "../../../../src/app/changes/draft.ts";
import { listAttachments } from "../../../../src/store/changes.ts";
import { type ChangeDesk, openChangeDesk, PDF, toReplacement } from "../../../support/changes.ts";

const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]);
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0]);

let work: ChangeDesk;
let attachments: Attachments;
let id: string;

beforeEach(async () => {
  work = await openChangeDesk(1);
  attachments = openAttachments(work.fleet, work.folder);
  id = await work.draft({}, []);
});

const add = (change: Partial<NewAttachment> = {}, to = id) =>
  attachments.add(to, { kind: "licence", name: "licence.pdf", bytes: PDF, actor: "li.mei", ...change });
const codeOf = (doing: Promise<unknown>) => doing.then(() => "done", toErrorCode);
const files = () => {
  try {
    return readdirSync(join(work.folder, "attachments"));
  } catch {
    return [];
  }
};

describe("evidence", () => {
  it("lies outside the database under its digest, for its owner only, and comes back as it was", async () => {
    for (const bytes of [PDF, JPEG, PNG]) {
      const { digest, type } = await add({ bytes });
      expect(Buffer.from(await attachments.read(id, digest))).toEqual(bytes);
      expect(statSync(join(work.folder, "attachments", toHex(digest))).mode & 0o777).toBe(0o600);
      expect(type).toMatch(/pdf|jpeg|png/);
    }
    expect(files()).toHaveLength(3);
    expect(readFileSync(work.fleet.file).includes(PDF)).toBe(false);
  });

  it("that comes twice is kept once", async () => {
    await add();
    const again = await add({ name: "another.pdf", kind: "other" });
    expect(again).toMatchObject({ name: "licence.pdf", kind: "licence" });
    expect([await listAttachments(work.fleet.store, id), files()]).toMatchObject([[{}], [{}]]);
  });

  it.each<[string, Partial<NewAttachment>]>([
    ["a script", { bytes: Buffer.from("#!/bin/sh") }],
    ["nothing", { bytes: Buffer.alloc(0) }],
    ["HTML that calls itself PDF", { bytes: Buffer.from("<html>%PDF-1.7") }],
    ["too many bytes", { bytes: Buffer.concat([PDF, Buffer.alloc(MAX_ATTACHMENT_BYTES)]) }],
    ["a name of two lines", { name: "a\nb" }],
    ["a name without end", { name: "a".repeat(121) }],
  ])("that is %s is not kept", async (_, change) => {
    expect(await codeOf(add(change))).toBe("ATTACHMENT_INVALID");
    expect([await listAttachments(work.fleet.store, id), files()]).toEqual([[], []]);
  });

  it("whose name is a path is kept under its digest all the same", async () => {
    await add({ name: "../../etc/passwd" });
    expect(files()).toEqual([toHex(toDigest(PDF))]);
  });

  it("is bounded in number", async () => {
    for (let n = 0; n < MAX_ATTACHMENTS; n += 1) await add({ bytes: Buffer.concat([PDF, Buffer.from([n])]) });
    for (const bytes of [JPEG, PNG]) expect(await codeOf(add({ bytes }))).toBe("STATE_CONFLICT");
    expect(files()).toHaveLength(MAX_ATTACHMENTS);
    expect(await codeOf(add({ bytes: Buffer.concat([PDF, Buffer.from([0])]) }))).toBe("done");
  });

  it("leaves no file where it was refused, however many come at once", async () => {
    const all = Array.from({ length: MAX_ATTACHMENTS + 8 }, (_, n) =>
      codeOf(add({ bytes: Buffer.concat([PDF, Buffer.from([n])]) })),
    );
    const codes = await Promise.all(all);
    const held = await listAttachments(work.fleet.store, id);
    expect(codes.filter((code) => code !== "done")).toEqual(Array(8).fill("STATE_CONFLICT"));
    expect(files().toSorted()).toEqual(held.map(({ digest }) => toHex(digest)).toSorted());
    expect(held).toHaveLength(MAX_ATTACHMENTS);
  });

  it("that comes to two changes at once is kept for both, and stays where one of them refuses it", async () => {
    const other = await work.draft(toReplacement(), []);
    for (let n = 0; n < 8; n += 1) {
      const bytes = Buffer.concat([PDF, Buffer.alloc(100_000, n)]);
      const both = await Promise.all([add({ bytes }), add({ bytes }, other)]);
      for (const { changeId, digest } of both) {
        expect(Buffer.from(await attachments.read(changeId, digest))).toEqual(bytes);
      }
    }
    await withdrawChange(work.fleet, other, "over", "li.mei");
    const both = [add({ bytes: PNG }), add({ bytes: PNG }, other)].map(codeOf);
    expect([await Promise.all(both), files().length]).toEqual([["done", "STATE_CONFLICT"], 9]);
    expect(Buffer.from(await attachments.read(id, toDigest(PNG)))).toEqual(PNG);
  });

  it("that was damaged since is whole again once it comes again", async () => {
    const { digest } = await add();
    writeFileSync(join(work.folder, "attachments", toHex(digest)), "%PDF-1.7 forged");
    await add();
    expect(Buffer.from(await attachments.read(id, digest))).toEqual(PDF);
  });

  it("that cannot be written is on no record", async () => {
    mkdirSync(join(work.folder, "attachments", toHex(toDigest(PNG)), "in the way"), { recursive: true });
    expect(await codeOf(add({ bytes: PNG }))).toBe("DATA_FOLDER_INVALID");
    expect([await listAttachments(work.fleet.store, id), files()]).toEqual([[], [toHex(toDigest(PNG))]]);
  });

  it("that somebody has altered, or taken away, is not given out", async () => {
    const { digest } = await add();
    writeFileSync(join(work.folder, "attachments", toHex(digest)), "%PDF-1.7 forged");
    expect(await codeOf(attachments.read(id, digest))).toBe("ATTACHMENT_INVALID");
    expect(await codeOf(attachments.read(id, toDigest(JPEG)))).toBe("NOT_FOUND");
  });

  it("of another change is not given out, and no change that has ended takes any", async () => {
    const { digest } = await add();
    const other = await work.draft({ kind: "contact", content: { patch: { contacts: [] } } }, []);
    expect(await codeOf(attachments.read(other, digest))).toBe("NOT_FOUND");
    await withdrawChange(work.fleet, id, "over", "li.mei");
    expect(await codeOf(add({ bytes: PNG }))).toBe("STATE_CONFLICT");
    expect(await codeOf(add({}, "C0000000000000000"))).toBe("NOT_FOUND");
  });
});
