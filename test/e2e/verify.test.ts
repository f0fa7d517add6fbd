import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findDocumentType } from "../../certs/attestation/envelope.ts";
import { PAYLOAD_TYPES } from "../../proto/dsse.ts";
import { writeDemoTrust } from "../../src/app/demo-approvers.ts";
import { runTillsync } from "../support/cli.ts";
import { discard, makeScratch } from "../support/scratch.ts";
import { openShop, type Shop } from "../support/shop.ts";
import { toRefusal } from "../support/sign.ts";

const CARD = "6228480402564890018";

let shop: Shop;
let folder: string;

/** A shop whose terminals run what two people approved. */
beforeAll(async () => {
  folder = makeScratch("verify");
  shop = await openShop(CARD);
  const file = join(shop.folders.desk, "first.release");
  const { tillsync, sign, as, merchant } = shop;
  const done = async (result: Promise<{ code: number; stderr: string }>) => {
    const { code, stderr } = await result;
    if (code !== 0) throw new Error(stderr);
  };
  const settlement = join(shop.folders.maker, "settlement.json");
  const binding = join(shop.folders.maker, "binding");
  const content = { kind: "card", bank: "中国农业银行", cnaps: "103100000026", holder: "沈建国", accountNo: CARD };
  writeFileSync(settlement, JSON.stringify(content), { mode: 0o600 });
  await done(sign("binding", "--settlement", settlement, "--out", binding));
  const request = ["--merchant", merchant, "--reason", "a first profile", "--binding", binding];
  await done(tillsync("release", "build", ...request, "--out", file));
  await done(sign("seal", file, "--opening", `${binding}.opening.json`));
  const last4 = ["--last4", CARD.slice(-4), "--yes"];
  await done(sign("sign", file, ...as("wang.li"), ...last4));
  await done(sign("sign", file, ...as("chen.bo"), ...last4));
  await done(tillsync("release", "publish", file));
  await shop.untilCommitted(1);
}, 180_000);

afterAll(async () => {
  await shop?.stop();
  shop?.remove();
  discard(folder);
});

describe("tillsync verify", { timeout: 120_000 }, () => {
  it("writes what tillsync-sign proves off line, under a root that was pinned", async () => {
    const [tusn] = shop.tusns;
    const out = join(folder, "one.dsse.json");
    const { code, stdout } = await shop.tillsync("verify", tusn, "--out", out);
    const attestation = JSON.parse(stdout);
    expect([attestation.tusn, attestation.runs.sequence, attestation.approval.isApprovedToday]).toEqual([
      tusn,
      1,
      true,
    ]);
    expect(code).toBe(attestation.answer === "genuine" ? 0 : 3);
    expect(findDocumentType(readFileSync(out))).toBe(PAYLOAD_TYPES.attestation);

    const checked = await shop.sign("verify", out, "--json");
    expect([checked.code, checked.stderr]).toEqual([0, ""]);
    expect(JSON.parse(checked.stdout)).toMatchObject({
      isProven: true,
      proven: { isApproved: true, approvedBy: ["wang.li", "chen.bo"], unknownKeys: [], isKeyCurrent: true },
    });
    const shown = await shop.sign("verify", out, "--lang", "en", "--ca", join(shop.folders.data, "ca", "ca.pem"));
    expect(shown.stdout).toContain("PROVEN, without believing the service:");
    expect(shown.stdout).toContain("On the service's word only:");
    expect(shown.stdout + stdout).not.toContain(CARD);
  });

  it("is checked with a root and trust files from anywhere, and not with those of another service", async () => {
    const [tusn] = shop.tusns;
    const out = join(folder, "two.dsse.json");
    await shop.tillsync("verify", tusn, "--out", out);
    const trust = join(shop.folders.data, "trust");
    const held = await shop.sign("verify", out, "--root", join(trust, "root.1.json"), "--trust", trust);
    expect(held.code).toBe(0);
    const other = join(folder, "other");
    mkdirSync(other);
    await writeDemoTrust(other, Math.floor(Date.now() / 1_000));
    const foreign = join(other, "trust");
    const refused = await shop.sign("verify", out, "--root", join(foreign, "root.1.json"), "--trust", foreign);
    expect([refused.code, toRefusal(refused)]).toEqual([1, "ATTESTATION_INVALID"]);
    // A release is judged under the policy at home, whatever stands beside it.
    const first = join(shop.folders.desk, "first.release");
    const release = await shop.sign("verify", first, "--root", join(foreign, "root.1.json"), "--trust", foreign);
    expect([release.code, toRefusal(release)]).toEqual([1, "CONFIG_INVALID"]);
    const half = await shop.sign("verify", out, "--root", join(trust, "root.1.json"));
    expect([half.code, toRefusal(half)]).toEqual([1, "CONFIG_INVALID"]);
  });

  it("is refused off line with one character changed", async () => {
    const [tusn] = shop.tusns;
    const out = join(folder, "three.dsse.json");
    await shop.tillsync("verify", tusn, "--out", out);
    const envelope = JSON.parse(readFileSync(out, "utf8"));
    const payload = Buffer.from(envelope.payload, "base64").toString().replace('"isRecent":', '"isRecenT":');
    writeFileSync(out, JSON.stringify({ ...envelope, payload: Buffer.from(payload).toString("base64") }));
    const refused = await shop.sign("verify", out);
    expect([refused.code, toRefusal(refused)]).toEqual([1, "ATTESTATION_INVALID"]);
  });

  it("is checked by openssl alone, as docs/audit.md tells", async () => {
    const [tusn] = shop.tusns;
    const out = join(folder, "four.dsse.json");
    await shop.tillsync("verify", tusn, "--out", out);
    const { payload, signatures } = JSON.parse(readFileSync(out, "utf8"));
    const bytes = Buffer.from(payload, "base64");
    const type = PAYLOAD_TYPES.attestation;
    writeFileSync(
      join(folder, "pae"),
      Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${bytes.length} `), bytes]),
    );
    writeFileSync(join(folder, "sig"), Buffer.from(signatures[0].sig, "base64"));
    const root = JSON.parse(readFileSync(join(shop.folders.data, "trust", "root.json"), "utf8"));
    const { public: raw } = root.signed.keys[signatures[0].keyid].keyval;
    writeFileSync(join(folder, "key.der"), Buffer.from(`302a300506032b6570032100${raw}`, "hex"));
    const args = ["pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "key.der", "-rawin", "-in", "pae"];
    const said = execFileSync("openssl", [...args, "-sigfile", "sig"], { cwd: folder, encoding: "utf8" });
    expect(said).toContain("Signature Verified Successfully");
  });

  it("prints one page, and writes over no file that is there", async () => {
    const [tusn] = shop.tusns;
    const { stdout } = await runTillsync(shop.folders.data, "verify", tusn);
    for (const title of ["How we know", "The terminal", "Certificates", "What it runs", "Who approved it", "History"]) {
      expect(stdout).toContain(`== ${title}`);
    }
    const there = join(folder, "there");
    writeFileSync(there, "mine");
    expect((await shop.tillsync("verify", tusn, "--out", there)).code).toBe(1);
    expect(readFileSync(there, "utf8")).toBe("mine");
  });

  it("explains a wrong number, and repeats no card number", async () => {
    const [tusn] = shop.tusns;
    const wrong = await shop.tillsync("verify", tusn.slice(5));
    expect([wrong.code, JSON.parse(wrong.stdout)]).toEqual([
      3,
      expect.objectContaining({ answer: "malformed", slips: ["leading_zeros"], suggestion: tusn }),
    ]);
    const card = await shop.tillsync("verify", CARD);
    expect([card.code, card.stdout.includes(CARD), card.stderr.includes(CARD)]).toEqual([3, false, false]);
    expect((await shop.tillsync("verify")).code).toBe(1);
  });

  it("checks a file of numbers, and answers line by line", async () => {
    const [first, second] = shop.tusns;
    const [file, out] = [join(folder, "numbers.csv"), join(folder, "results.csv")];
    const many = Array.from({ length: 2_500 }, (_, n) => `shop,00000304N7NL8${String(n).padStart(7, "0")}`);
    const rows = [`a,${first}`, `b,${second}`, `c,${first.replace("0000030", "OOOOO3O")}`, `d,${CARD}`, ...many];
    writeFileSync(file, `place,tusn\n${rows.join("\n")}\n`);
    const { code, stdout } = await shop.tillsync("verify", "--file", file, "--out", out);
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ numbers: 2_504, answers: { unknown: 2_500, malformed: 2 } });
    const lines = readFileSync(out, "utf8").split("\n");
    expect(lines[0]).toBe("line,number,answer,verdict,proven_at,slips,suggestion");
    expect(lines[1]).toMatch(new RegExp(`^2,${first},(genuine|not_proven),`));
    expect(lines[3]).toBe(`4,,malformed,,,letter_o,${first}`);
    expect(lines[4]).toBe("5,,malformed,,,card_number,");
    expect(lines).toHaveLength(2_506);
    expect((await shop.tillsync("verify", "--file", join(folder, "nowhere"))).code).toBe(1);
    // Nothing asked is nothing found genuine; and the results never take the place of what was asked.
    writeFileSync(join(folder, "empty.csv"), "place,tusn\n\n");
    expect((await shop.tillsync("verify", "--file", join(folder, "empty.csv"))).code).toBe(1);
    const over = await shop.tillsync("verify", "--file", file, "--out", file, "--force");
    expect([over.code, over.stderr]).toEqual([1, expect.stringContaining("CONFIG_INVALID")]);
    expect(readFileSync(file, "utf8")).toContain(`b,${second}`);
  });

  it("is asked over HTTPS by an auditor whose key was shown once, until it is revoked", async () => {
    const [tusn] = shop.tusns;
    const { name, key } = JSON.parse((await shop.tillsync("auditors", "add", "he.lan", "--by", "chen.bo")).stdout);
    expect((await runTillsync(shop.folders.data, "auditors", "list")).stdout).not.toContain(key);
    const ca = readFileSync(join(shop.folders.data, "ca", "ca.pem"));
    const ask = (path: string, auth?: string) =>
      new Promise<{ status: number; text: string }>((resolve, reject) => {
        const options = {
          host: "127.0.0.1",
          port: shop.lookupPort,
          ca,
          path,
          agent: false,
          ...(auth === undefined ? {} : { auth }),
        };
        request(options, (answer) => {
          let text = "";
          answer.setEncoding("utf8").on("data", (part: string) => {
            text += part;
          });
          answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text }));
        })
          .on("error", reject)
          .end();
      });
    const signed = await ask(`/audit/v1/terminals/${tusn}?format=dsse`, `${name}:${key}`);
    const out = join(folder, "five.dsse.json");
    writeFileSync(out, signed.text);
    expect([signed.status, (await shop.sign("verify", out)).code]).toEqual([200, 0]);
    expect((await ask(`/genuine/v1/${tusn}`)).status).toBe(200);
    await shop.tillsync("auditors", "revoke", name);
    expect((await ask(`/audit/v1/terminals/${tusn}`, `${name}:${key}`)).status).toBe(401);
    const { entries } = JSON.parse((await shop.tillsync("ledger", "show", "--limit", "10")).stdout);
    expect(entries.map(({ kind, actor }: { kind: string; actor: string }) => `${kind} ${actor}`)).toEqual(
      expect.arrayContaining(["auditor.added chen.bo", "auditor.looked he.lan", "auditor.revoked operator"]),
    );
    expect(shop.said.filter((text) => text.includes(key))).toHaveLength(1);
  });
});
