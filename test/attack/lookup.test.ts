import { connect } from "node:tls";
import { describe, expect, it } from "vitest";
import { parseTusn } from "../../proto/tusn.ts";
import { addAuditor } from "../../src/app/attestation/auditors.ts";
import { openAttested } from "../support/attestation.ts";
import { TUSN_0 } from "../support/fleet-store.ts";
import { look, openTestLookup, submit, type TestLookup } from "../support/lookup-client.ts";

const UNKNOWN = parseTusn("00000304N7NL01999999");
const CARD = "6228480402564890018";
const HOSTILE = "</bdi><script>alert(1)</script>\u202eevil\u0000\"'&";

async function prepare() {
  const attested = await openAttested();
  const lookup = await openTestLookup(attested);
  const { key } = await addAuditor(attested.fleet, "he.lan", "operator");
  return { ...attested, lookup, as: ["he.lan", key] as const };
}

/** Names of all members and headers, and the statements that the database ran. */
function toShape({ status, headers, json }: Awaited<ReturnType<typeof look>>) {
  const names = Object.keys(headers).filter((name) => name !== "date");
  return { status, headers: names.toSorted(), members: Object.keys(json) };
}

/** Sends bytes as they are, and gives all that comes back. */
function sendRaw(lookup: TestLookup, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port: lookup.port, ca: lookup.ca }, () => void socket.write(text));
    let said = "";
    socket.on("data", (part: Buffer) => {
      said += part.toString("latin1");
    });
    socket.on("error", () => undefined);
    socket.once("close", () => resolve(said));
  });
}

describe("whoever wants to know the fleet", () => {
  it("gets the same shape for a number that is on record and one that is not", async () => {
    const { lookup, fleet } = await prepare();
    const known = toShape(await look(lookup, `/genuine/v1/${TUSN_0}`));
    expect(toShape(await look(lookup, `/genuine/v1/${UNKNOWN}`))).toEqual(known);
    await fleet.store.updateTable("terminals").set({ life: "retired" }).execute();
    expect(toShape(await look(lookup, `/genuine/v1/${TUSN_0}`))).toEqual(known);
    expect(toShape(await look(lookup, "/genuine/v1/nonsense!"))).toEqual(known);
  });

  it("costs the database the same for each of them", async () => {
    const { lookup, fleet } = await prepare();
    const ran: string[] = [];
    const store = fleet.store.withPlugin({
      transformQuery: ({ node }) => {
        ran.push(node.kind);
        return node;
      },
      transformResult: async ({ result }) => result,
    });
    const counted = await openTestLookup({
      fleet: { ...fleet, now: fleet.now, store },
      attestor: (await openAttested()).attestor,
    });
    const counts: number[] = [];
    for (const number of [TUSN_0, UNKNOWN, "SN123456789", "nonsense!"]) {
      ran.length = 0;
      await look(counted, `/genuine/v1/${encodeURIComponent(number)}`);
      counts.push(ran.length);
    }
    expect(counts).toEqual([3, 3, 3, 3]);
    expect(lookup.port).not.toBe(counted.port);
  });

  it("is stopped after a handful of questions, and all are after their share", async () => {
    const { lookup, fleet } = await prepare();
    const statuses: number[] = [];
    for (let n = 0; n < 13; n += 1) statuses.push((await look(lookup, `/genuine/v1/${TUSN_0}`)).status);
    expect(statuses).toEqual([...Array<number>(10).fill(200), 429, 429, 429]);
    // By whatever way it is asked.
    expect((await submit(lookup, TUSN_0)).status).toBe(429);
    expect((await look(lookup, `/genuine?number=${TUSN_0}`)).status).toBe(429);
    expect((await look(lookup, "/")).status).toBe(200);
    // And told for how long.
    expect((await look(lookup, `/genuine/v1/${TUSN_0}`)).headers["retry-after"]).toBe("3");
    expect((await submit(lookup, TUSN_0)).headers["retry-after"]).toBe("3");
    fleet.at += 3;
    expect((await look(lookup, `/genuine/v1/${TUSN_0}`)).status).toBe(200);
    expect((await look(lookup, `/genuine/v1/${TUSN_0}`)).status).toBe(429);
  });

  it("is counted by his address, whatever his headers say", async () => {
    const { lookup } = await prepare();
    const statuses: number[] = [];
    for (let n = 0; n < 12; n += 1) {
      const headers = { "x-forwarded-for": `10.0.0.${n}`, forwarded: `for=10.0.0.${n}`, "x-real-ip": `10.0.0.${n}` };
      statuses.push((await look(lookup, `/genuine/v1/${TUSN_0}`, { headers })).status);
    }
    expect(statuses.slice(10)).toEqual([429, 429]);
  });
});

describe("a hostile text", () => {
  it("in the records is a text on the auditor's page, with every unseen character shown", async () => {
    const { lookup, fleet, as } = await prepare();
    await fleet.store.updateTable("terminals").set({ place: HOSTILE, maker: HOSTILE, model: HOSTILE }).execute();
    await fleet.store.updateTable("releases").set({ reason: HOSTILE }).execute();
    for (const lang of ["zh", "en"]) {
      const { text } = await look(lookup, `/audit/v1/terminals/${TUSN_0}?format=html&lang=${lang}`, { as: [...as] });
      expect(text).not.toMatch(/<script|\u202e|\u0000|alert\(1\)<\/script>/);
      expect(text).toContain("&lt;/bdi&gt;&lt;script&gt;");
      expect(text).toContain("&lt;U+202E&gt;evil&lt;U+0000&gt;&quot;&#39;&amp;");
    }
  });

  it("in a question is never repeated", async () => {
    const { lookup, fleet } = await prepare();
    const answers = [
      await submit(lookup, HOSTILE),
      await look(lookup, `/genuine?number=${encodeURIComponent(HOSTILE)}`),
      await look(lookup, `/genuine/v1/${encodeURIComponent("<b>x")}`),
      await look(lookup, "/genuine/v1/%00%0d%0aset-cookie:x=1"),
      await look(lookup, `/genuine?number=${TUSN_0}%0d%0aset-cookie:%20x=1`),
    ];
    for (const { text, headers } of answers) {
      expect(text).not.toMatch(/<script|alert|<b>|evil|set-cookie/);
      expect(headers["set-cookie"]).toBeUndefined();
    }
    expect(JSON.stringify(fleet.lines)).not.toMatch(/script|evil|set-cookie/);
  });

  it.each(["%", "%zz", "%e0%80", "%ff", "..%2f..%2fetc%2fpasswd", "a".repeat(65), "x".repeat(8_000)])(
    "in the path is refused or answered, and breaks nothing: %s",
    async (text) => {
      const { lookup } = await prepare();
      const { status } = await look(lookup, `/genuine/v1/${text}`);
      expect(status).toBeLessThan(500);
      expect((await look(lookup, "/")).status).toBe(200);
    },
  );

  it("twice, as a list, or in a body too large is refused", async () => {
    const { lookup } = await prepare();
    expect((await look(lookup, "/genuine?number=1&number=2")).status).toBe(400);
    expect((await submit(lookup, "x".repeat(2_000))).status).toBe(413);
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    expect((await look(lookup, "/genuine", { method: "POST", body: "number=1&number=2", headers })).status).toBe(400);
    expect((await look(lookup, "/genuine", { method: "POST", body: "", headers })).status).toBe(400);
  });

  it("in headers ends no header and reaches no answer", async () => {
    const { lookup } = await prepare();
    const said = await sendRaw(
      lookup,
      `GET /genuine/v1/${TUSN_0}\r\nx: y HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n`,
    );
    expect(said).not.toContain("evil.example");
    const huge = `GET / HTTP/1.1\r\nhost: a\r\nx: ${"y".repeat(20_000)}\r\nconnection: close\r\n\r\n`;
    expect(await sendRaw(lookup, huge)).not.toMatch(/^HTTP\/1.1 200/);
  });
});

describe("a card number that was pasted by mistake", () => {
  const writings = [
    CARD,
    "6228 4804 0256 4890 018",
    "6228-4804-0256-4890-018",
    `SN:${CARD}`,
    "６２２８４８０４０２５６４８９００１８",
  ];

  it.each(writings)("is never repeated, logged or stored: %s", async (text) => {
    const { lookup, fleet, as } = await prepare();
    const auditor = { as: [...as] as [string, string] };
    const answers = [
      await submit(lookup, text),
      await look(lookup, `/genuine?number=${encodeURIComponent(text)}`),
      await look(lookup, `/genuine/v1/${encodeURIComponent(text)}`),
      await look(lookup, `/audit/v1/terminals/${encodeURIComponent(text)}`, auditor),
      await look(lookup, "/audit/v1/checks", { ...auditor, method: "POST", body: text }),
    ];
    for (const answer of answers) {
      expect(answer.status).toBeLessThan(500);
      expect(toDigits(answer.text + JSON.stringify(answer.headers))).not.toContain(CARD);
      expect(answer.text).not.toContain(text);
    }
    expect(answers[0]?.text).toContain("card number");
    expect(JSON.stringify(fleet.lines)).not.toContain(text);
    expect(toDigits(JSON.stringify(fleet.lines))).not.toContain(CARD);
    const ledger = await fleet.store.selectFrom("ledger").select("bytes").execute();
    for (const { bytes } of ledger) expect(Buffer.from(bytes).toString("latin1")).not.toContain(CARD);
  });
});

/** Digits with what people write between them left out. */
function toDigits(text: string): string {
  return text.normalize("NFKC").replace(/(?<=\d)[ -](?=\d)/g, "");
}
