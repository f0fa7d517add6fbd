import { describe, expect, it } from "vitest";
import { parseAttestation } from "../../../../certs/attestation/format.ts";
import { verifyAttestation } from "../../../../certs/attestation.ts";
import { parseLedgerEntry } from "../../../../proto/ledger-entry.ts";
import { revokeAuditor } from "../../../../src/app/attestation/auditors.ts";
import { listEntries } from "../../../../src/store/ledger.ts";
import { openAttested } from "../../../support/attestation.ts";
import { TUSN_0 } from "../../../support/fleet-store.ts";
import { addTestAuditor, look, openTestLookup, submit } from "../../../support/lookup-client.ts";

const PAGE = `/audit/v1/terminals/${TUSN_0}`;

async function prepare() {
  const attested = await openAttested(2);
  const lookup = await openTestLookup(attested);
  const as = await addTestAuditor(attested);
  return { ...attested, lookup, as };
}

async function readLooks(attested: Awaited<ReturnType<typeof prepare>>) {
  const rows = await listEntries(attested.fleet.store, 0, 10_000);
  return rows.map(({ bytes }) => parseLedgerEntry(bytes)).filter(({ kind }) => kind === "auditor.looked");
}

/** The statuses of so many requests, one after the other. */
async function askAgain(times: number, ask: (n: number) => ReturnType<typeof look>): Promise<readonly number[]> {
  const statuses: number[] = [];
  for (let n = 0; n < times; n += 1) statuses.push((await ask(n)).status);
  return statuses;
}

describe("the look-up for auditors", () => {
  it("gives the page about a terminal as JSON, and tells the ledger who looked", async () => {
    const prepared = await prepare();
    const { status, headers, text } = await look(prepared.lookup, PAGE, { as: prepared.as });
    expect([status, headers["content-type"]]).toEqual([200, "application/json; charset=utf-8"]);
    const attestation = parseAttestation(Buffer.from(text));
    expect([attestation.tusn, attestation.answer, attestation.runs?.settlement]).toEqual([
      TUSN_0,
      "genuine",
      expect.stringMatching(/^\d{6}\*{6}\d{4}$/),
    ]);
    const [entry] = await readLooks(prepared);
    expect([entry?.actor, entry?.subject, entry?.detail]).toEqual(["he.lan", TUSN_0, '{"found":true}']);
    const line = prepared.fleet.lines.find(({ msg }) => msg === "auditor looked");
    expect(line).toMatchObject({ auditor: "he.lan", terminal: TUSN_0, found: true });
  });

  it("gives it signed, and that holds under the root", async () => {
    const { lookup, as, trust, fleet } = await prepare();
    const { headers, text } = await look(lookup, `${PAGE}?format=dsse`, { as });
    expect(headers["content-type"]).toContain("application/vnd.dsse.envelope.v1+json");
    expect(headers["content-disposition"]).toBe(`attachment; filename="${TUSN_0}.dsse.json"`);
    const verified = verifyAttestation(Buffer.from(text), { root: trust.root, policy: trust.policy, now: fleet.at });
    expect([verified.attestation.tusn, verified.isProven]).toEqual([TUSN_0, true]);
  });

  it("gives it as a page without a script to whoever wants one, in his language", async () => {
    const { lookup, as } = await prepare();
    const english = await look(lookup, PAGE, { as, headers: { accept: "text/html,*/*" } });
    expect(english.headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(english.headers["content-security-policy"]).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; form-action/,
    );
    expect(english.headers["cache-control"]).toBe("no-store");
    expect(english.text).toContain("GENUINE");
    expect(english.text).not.toMatch(/<script|style=|onload/);
    const chinese = await look(lookup, PAGE, { as, headers: { accept: "text/html", "accept-language": "zh-CN,en" } });
    expect(chinese.text).toContain("终端证明书");
    expect((await look(lookup, `${PAGE}?format=html&lang=zh`, { as })).text).toContain("终端证明书");
  });

  it.each([
    ["nobody", undefined],
    ["a wrong key", ["he.lan", "x"]],
    ["another name", ["he.lam", "KEY"]],
    ["a name that can be none", ["../he.lan", "KEY"]],
    ["no name", ["", "KEY"]],
  ] as const)("is closed to %s", async (_who, as) => {
    const prepared = await prepare();
    const credentials = as?.map((word) => (word === "KEY" ? prepared.as[1] : word)) as [string, string] | undefined;
    const answer = await look(prepared.lookup, PAGE, credentials === undefined ? {} : { as: credentials });
    expect([answer.status, answer.json["code"]]).toEqual([401, "NOT_AUTHORIZED"]);
    expect(answer.headers["www-authenticate"]).toContain("Basic");
    expect(answer.text).not.toContain(TUSN_0);
    expect(await readLooks(prepared)).toEqual([]);
  });

  it("is closed to an auditor who was revoked, from then on", async () => {
    const { lookup, as, fleet } = await prepare();
    expect((await look(lookup, PAGE, { as })).status).toBe(200);
    await revokeAuditor(fleet, "he.lan", "operator");
    expect((await look(lookup, PAGE, { as })).status).toBe(401);
  });

  it("looks at no key after too many wrong ones from an address, and again some minutes later", async () => {
    const { lookup, as, fleet } = await prepare();
    const all = await askAgain(12, (n) => look(lookup, PAGE, { as: ["he.lan", `guess ${n}`] }));
    expect(all).toEqual([...Array<number>(10).fill(401), 429, 429]);
    expect((await look(lookup, PAGE, { as })).status).toBe(429);
    fleet.at += 200;
    expect((await look(lookup, PAGE, { as })).status).toBe(200);
  });

  it("counts no right key as a try", async () => {
    const { lookup, as } = await prepare();
    const all = await askAgain(15, () => look(lookup, PAGE, { as }));
    expect(new Set(all)).toEqual(new Set([200]));
  });

  it("bounds what one auditor may ask, and so what he writes into the ledger", async () => {
    const prepared = await prepare();
    const { lookup, as, fleet } = prepared;
    const ask = () => look(lookup, "/audit/v1/checks", { method: "POST", body: `${TUSN_0}\n`, as });
    const all = await askAgain(8, ask);
    expect(all).toEqual([200, 200, 200, 200, 200, 200, 429, 429]);
    expect(await readLooks(prepared)).toHaveLength(6);
    fleet.at += 60;
    expect((await ask()).status).toBe(200);
  });

  it("tells of a number that is not on record what is likely wrong with it", async () => {
    const prepared = await prepare();
    const { lookup, as } = prepared;
    const unknown = await look(lookup, "/audit/v1/terminals/00000304N7NLO19OO000", { as });
    expect([unknown.status, unknown.json["fields"]]).toEqual([
      404,
      { kind: "tusn", slips: "letter_o", suggestion: "00000304N7NL01900000" },
    ]);
    const malformed = await look(lookup, "/audit/v1/terminals/304N7NL01900000", { as });
    expect([malformed.status, malformed.json["code"], malformed.json["fields"]]).toEqual([
      400,
      "TUSN_INVALID",
      { kind: "malformed", slips: "leading_zeros", suggestion: "00000304N7NL01900000" },
    ]);
    expect((await readLooks(prepared)).map(({ detail }) => detail)).toEqual(['{"found":false}']);
  });

  it.each(["?format=xml", "?lang=fr", "?x=1", "?format=json&format=html"])("refuses %s", async (query) => {
    const { lookup, as } = await prepare();
    expect((await look(lookup, `${PAGE}${query}`, { as })).json["code"]).toBe("FIELD_INVALID");
  });

  it("checks many numbers at once under one entry, and repeats none that is malformed", async () => {
    const prepared = await prepare();
    const body = `${TUSN_0}\r\n00000304N7NL01999999\n6228480402564890018\n\n`;
    const { status, json, text } = await look(prepared.lookup, "/audit/v1/checks", {
      ...{ method: "POST", body, as: prepared.as },
    });
    expect(status).toBe(200);
    expect(json["checks"]).toEqual([
      expect.objectContaining({ line: 1, number: TUSN_0, answer: "genuine", verdict: "verified-crypto" }),
      expect.objectContaining({ line: 2, answer: "unknown", verdict: "", provenAt: null }),
      expect.objectContaining({ line: 3, number: "", answer: "malformed", slips: ["card_number"] }),
      expect.objectContaining({ line: 4, number: "", answer: "malformed", slips: ["empty"] }),
    ]);
    expect(text).not.toContain("6228480402564890018");
    const [entry] = await readLooks(prepared);
    expect([entry?.subject, entry?.detail]).toEqual(["terminals", '{"known":1,"numbers":4}']);
    expect(entry?.digest).toHaveLength(32);
  });

  it("takes no more numbers, and no larger body, than its bounds", async () => {
    const { lookup, as } = await prepare();
    const post = (body: string) => look(lookup, "/audit/v1/checks", { method: "POST", body, as });
    expect((await post("1\n".repeat(10_001))).status).toBe(413);
    expect((await post("1".repeat(1_048_577))).status).toBe(413);
    expect((await post("")).status).toBe(400);
  });

  it("asks for the key before it takes a body", async () => {
    const { lookup } = await prepare();
    const answer = await look(lookup, "/audit/v1/checks", { method: "POST", body: "1".repeat(2_000_000) });
    expect(answer.status).toBe(401);
  });
});

describe("the public page", () => {
  it("has a form in Chinese and English, and no script", async () => {
    const { lookup } = await prepare();
    const { status, headers, text } = await look(lookup, "/");
    expect([status, headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
    expect(text).toContain("我的机器是真的吗");
    expect(text).toContain("Is my machine genuine?");
    expect(text).toContain('<form method="post" action="/genuine"');
    expect(text).not.toContain("<script");
    expect(headers["strict-transport-security"]).toBeDefined();
    expect(headers["set-cookie"]).toBeUndefined();
  });

  it("answers by form, by link and as JSON", async () => {
    const { lookup } = await prepare();
    expect((await submit(lookup, TUSN_0)).text).toContain("是真机");
    expect((await look(lookup, `/genuine?number=${TUSN_0}`)).text).toContain("Genuine");
    expect((await look(lookup, `/genuine/v1/${TUSN_0}`)).json).toMatchObject({
      ...{ answer: "genuine", number: TUSN_0, makerCode: "000003", deviceType: "smart POS", slips: [] },
    });
  });

  it("explains a slip, and offers the number that was meant", async () => {
    const { lookup } = await prepare();
    const { text } = await submit(lookup, "sn: 304 n7nl 0190 0000");
    expect(text).toContain("Zeros at the beginning are missing");
    expect(text).toContain("<bdi>00000304N7NL01900000</bdi>");
    const { json } = await look(lookup, "/genuine/v1/00000304n7nl01900000");
    expect(json).toMatchObject({ answer: "malformed", suggestion: TUSN_0, number: "" });
  });

  it("takes whatever its form takes, and says that a label proves no machine", async () => {
    const { lookup } = await prepare();
    const { status, text } = await submit(lookup, "终".repeat(128));
    expect([status, text]).toEqual([200, expect.stringContaining("这不是终端序列号")]);
    expect((await submit(lookup, TUSN_0)).text).toContain("A label can be copied");
  });

  it("tells nothing of merchant, place, model, life and dates", async () => {
    const { lookup, fleet } = await prepare();
    await fleet.store.updateTable("terminals").set({ model: "N910 PRO", maker: "Newland" }).execute();
    const { merchantNumber, model, place, terminalNo, maker } = await fleet.store
      .selectFrom("terminals")
      .selectAll()
      .where("tusn", "=", TUSN_0)
      .executeTakeFirstOrThrow();
    const answers = [await submit(lookup, TUSN_0), await look(lookup, `/genuine/v1/${TUSN_0}`)];
    for (const { text } of answers) {
      for (const secret of [merchantNumber, model, place, terminalNo, maker, "active", "verified", "2027", "20260"]) {
        expect(text).not.toContain(secret);
      }
    }
  });

  it("does not tell why a terminal is not confirmed", async () => {
    const { lookup, fleet } = await prepare();
    const toSaid = async () => (await look(lookup, `/genuine/v1/${TUSN_0}`)).text;
    const put = (values: object) =>
      fleet.store.updateTable("terminals").set(values).where("tusn", "=", TUSN_0).execute();
    const said = new Set<string>();
    for (const life of ["suspended", "retired", "replaced"]) {
      await put({ life });
      said.add(await toSaid());
    }
    await put({ life: "active", provenAt: 5 });
    said.add(await toSaid());
    await put({ provenAt: fleet.at, verdict: "format-only" });
    said.add(await toSaid());
    expect(said.size).toBe(1);
    expect(JSON.parse([...said][0] ?? "")).toMatchObject({ answer: "not_proven" });
    await put({ verdict: "mismatch" });
    expect(JSON.parse(await toSaid())).toMatchObject({ answer: "not_genuine" });
  });

  it("serves nothing else", async () => {
    const { lookup } = await prepare();
    for (const path of ["/audit", "/audit/v1", "/genuine/v1", "/v1/releases", "/.env"]) {
      expect((await look(lookup, path)).status, path).toBe(404);
    }
  });
});
