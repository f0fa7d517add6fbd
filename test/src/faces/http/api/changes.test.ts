import { describe, expect, it } from "vitest";
import { type ApiAsking, ask, openTestApi, type TestApi } from "../../../../support/api.ts";
import { PDF, toNewChange } from "../../../../support/changes.ts";
import { MERCHANT } from "../../../../support/fleet-store.ts";

const { requester: _, ...CHANGE } = toNewChange();
const CARD = "6228480402564890018";

async function prepare() {
  const api = await openTestApi();
  const as = (await api.addPerson("zhao", "operator", { person: "zhao.min" })).token;
  const begin = async (body: object = CHANGE) => String((await ask(api, "/changes", { as, body })).json["id"]);
  return { api, as, begin };
}

/** A PDF that is evidence of that kind. */
const attach = (api: TestApi, id: string, as: string, kind: string, bytes = PDF) =>
  ask(api, `/changes/${id}/attachments?kind=${kind}&name=scan.pdf`, {
    ...{ as, method: "POST", body: bytes, headers: { "content-type": "application/pdf" } },
  });

describe("a change over the API", () => {
  it("is drafted, looked over, handed in with evidence, rejected, amended and withdrawn", async () => {
    const { api, as } = await prepare();
    const begun = await ask(api, "/changes", { as, body: CHANGE });
    const id = String(begun.json["id"]);
    // The person of the trust policy, so that he can never be the one who checks it.
    expect(begun).toMatchObject({ status: 201, json: { state: "draft", requester: "zhao.min", revision: 1 } });
    const early = await ask(api, `/changes/${id}/preview`, { as });
    expect(early.json["findings"]).toMatchObject([{ weight: "refused", code: "EVIDENCE_MISSING", what: "licence" }]);
    expect(early.json["differences"]).toMatchObject([{ field: "name", after: "福州市鼓楼区新茶庄" }]);
    const submit = (tag: string) =>
      ask(api, `/changes/${id}/submit`, { as, method: "POST", headers: { "if-match": tag } });
    expect(await submit('"1"')).toMatchObject({ status: 422, code: "EVIDENCE_MISSING" });

    const attached = await attach(api, id, as, "licence");
    expect(attached).toMatchObject({
      status: 201,
      json: { kind: "licence", type: "application/pdf", actor: "zhao.min" },
    });
    const back = await ask(api, `/changes/${id}/attachments/${attached.json["digest"]}`, { as });
    expect([back.bytes, back.headers["content-type"], back.headers["content-disposition"]]).toEqual([
      PDF,
      "application/pdf",
      `attachment; filename="${String(attached.json["digest"]).slice(0, 16)}.pdf"`,
    ]);

    const shown = await ask(api, `/changes/${id}`, { as });
    expect([shown.headers.etag, shown.json["revision"]]).toEqual([expect.stringMatching(/^"2\./), 2]);
    const preview = await ask(api, `/changes/${id}/preview`, { as });
    expect(preview.json).toMatchObject({ feeFen: 0, findings: [], terminals: { reached: 1, skipped: [] } });
    // The tag of what was read counts by its version: what is told beside the change may move on meanwhile.
    const submitted = await submit(String(shown.headers.etag));
    expect(submitted).toMatchObject({ status: 200, json: { state: "submitted", revision: 3 } });
    const desk = await ask(api, "/desk", { as });
    expect(desk.json).toMatchObject({ items: [{ missing: ["maker", "checker"] }] });

    const checker = await api.as("checker");
    const because = { reason: "the licence is not readable" };
    const decide = (asking: ApiAsking) => ask(api, `/changes/${id}/reject`, { body: because, ...asking });
    expect((await decide({ as, headers: { "if-match": '"3"' } })).code).toBe("ROLE_NOT_ALLOWED");
    const rejected = await decide({ as: checker, headers: { "if-match": '"3"' } });
    expect(rejected).toMatchObject({ status: 200, json: { state: "rejected", revision: 4 } });
    const amended = await ask(api, `/changes/${id}`, {
      ...{ as, method: "PATCH", body: { reason: "a better scan" }, headers: { "if-match": '"4"' } },
    });
    expect(amended).toMatchObject({ status: 200, json: { state: "draft", reason: "a better scan" } });
    const withdrawn = await ask(api, `/changes/${id}/withdraw`, { as, body: because, headers: { "if-match": '"5"' } });
    expect(withdrawn.json).toMatchObject({ state: "withdrawn", revision: 6 });
    const { events } = (await api.show(id)) as { events: readonly { event: string; actor: string }[] };
    expect(events.map(({ event }) => event)).toEqual(["created", "attached", "submit", "reject", "amend", "withdraw"]);
  });

  it("is published from the desk once people have signed, and taken back by the ways back that they signed with it", async () => {
    const { api, as } = await prepare();
    await api.load({ onFailure: "reverse" });
    const id = await api.submit();
    const [open] = (await ask(api, "/desk", { as })).json["items"] as { id: string }[];
    const path = `/releases/${open?.id}`;
    expect((await ask(api, `${path}/publish`, { as, method: "POST" })).code).toBe("STATEMENT_UNSIGNED");
    await api.sign(id);
    expect((await ask(api, `${path}/publish`, { as, method: "POST" })).json).toMatchObject({
      deployments: 1,
      already: false,
    });
    expect((await ask(api, path, { as })).json).toMatchObject({ id: open?.id, states: { pending: 1 } });
    expect((await ask(api, `/deployments?release=${open?.id}`, { as })).json).toMatchObject({
      items: [{}, {}].slice(0, 1),
    });
    const rollback = await ask(api, `${path}/rollback`, { as, body: { reason: "wrong sign" } });
    expect(rollback.code).toBe("NOTHING_TO_RELEASE");
  });

  it("is done only for the revision that was read", async () => {
    const { api, as, begin } = await prepare();
    const id = await begin();
    const amend = (headers: Record<string, string>, reason = "another") =>
      ask(api, `/changes/${id}`, { as, method: "PATCH", body: { reason }, headers });
    for (const headers of [{}, { "if-match": "*" }]) {
      expect(await amend(headers as Record<string, string>)).toMatchObject({
        status: 428,
        code: "PRECONDITION_REQUIRED",
      });
    }
    for (const tag of ['"2"', 'W/"1"', "1", '"1", "2"', '"x"', '"99999999999"']) {
      expect(await amend({ "if-match": tag }), tag).toMatchObject({ status: 412, code: "PRECONDITION_FAILED" });
    }
    expect((await api.show(id)).revision).toBe(1);
    const answers = await Promise.all(["a", "b", "c", "d"].map((reason) => amend({ "if-match": '"1"' }, reason)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 412, 412, 412]);
    const won = answers.find(({ status }) => status === 200);
    expect([won?.headers.etag, (await api.show(id)).reason]).toEqual(['"2"', won?.json["reason"]]);
  });

  it("tells an agent nothing but of his merchants, and lets him propose", async () => {
    const { api } = await prepare();
    const as = await api.as("agent");
    const begun = await ask(api, "/changes", { as, body: CHANGE });
    expect(begun.status).toBe(201);
    const listed = await ask(api, `/changes?merchant=${MERCHANT}`, { as });
    expect(listed.json).toMatchObject({ items: [{ id: begun.json["id"] }] });
    expect((await ask(api, "/changes?merchant=822391058121071", { as })).code).toBe("NOT_FOUND");
  });

  it("has one open change of a group", async () => {
    const { api, as, begin } = await prepare();
    await begin();
    expect(await ask(api, "/changes", { as, body: CHANGE })).toMatchObject({ status: 409, code: "CHANGE_OPEN" });
  });

  it("takes no card number in any word, and no evidence of another kind than it says", async () => {
    const { api, as, begin } = await prepare();
    const settlement = {
      ...{ kind: "card", bank: "中国农业银行", cnaps: "102100099996", holder: "林秀英", bin: "622848", last4: "0018" },
      ...{ commitment: "01".repeat(32), validFrom: null, validUntil: null },
    };
    const replace = { ...CHANGE, kind: "settlement.replace", reasonCode: "account_changed" };
    for (const [content, code] of [
      [{ patch: { name: `shop ${CARD}` } }, "NAME_INVALID"],
      [{ patch: { principal: CARD } }, "NAME_INVALID"],
      [{ patch: { contacts: [{ role: "owner", name: "x", phone: CARD, email: "" }] } }, "PHONE_INVALID"],
      [{ patch: { contacts: [{ role: "owner", name: "x", phone: "", email: `${CARD}@x.cn` }] } }, "EMAIL_INVALID"],
      [{ settlement: { ...settlement, holder: CARD } }, "NAME_INVALID"],
      [{ settlement: { ...settlement, last4: CARD } }, "FIELD_INVALID"],
      [{ settlement: { ...settlement, number: CARD } }, "FIELD_INVALID"],
      [{ settlement: { ...settlement, cvv2: "123" } }, "SENSITIVE_DATA"],
    ] as const) {
      const answer = await ask(api, "/changes", { as, body: { ...replace, content } });
      expect(answer.code, JSON.stringify(content)).toBe(code);
      expect(answer.bytes.toString()).not.toContain(CARD);
    }
    const id = await begin({ ...replace, reason: `from ${CARD}`, content: { settlement } });
    const shown = await ask(api, `/changes/${id}`, { as });
    expect(shown.json).toMatchObject({
      content: { settlement: { number: "622848******0018" } },
      reason: "from 622848*********0018",
    });
    expect(shown.bytes.toString()).not.toMatch(/commitment|0101/);
    expect((await attach(api, id, as, "licence", Buffer.from("<html>"))).code).toBe("ATTACHMENT_INVALID");
    expect(JSON.stringify(api.fleet.lines)).not.toContain(CARD);
  });
});
