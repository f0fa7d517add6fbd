import { describe, expect, it } from "vitest";
import { verifyReceipt } from "../../../../../certs/receipt.ts";
import { parseTrustBundle } from "../../../../../proto/trust-bundle.ts";
import { withdrawChange } from "../../../../../src/app/changes/draft.ts";
import { ReceiptRunner } from "../../../../../src/app/receipts/runner.ts";
import { ask, openTestApi } from "../../../../support/api.ts";
import { holdOnline } from "../../../../support/attestation.ts";
import { MERCHANT } from "../../../../support/fleet-store.ts";

async function prepare() {
  const api = await openTestApi();
  const desk = api;
  const held = await holdOnline(desk.fleet);
  const receipts = new ReceiptRunner(desk.fleet, held.attestor);
  const end = async () => {
    const id = await desk.submit();
    await withdrawChange(desk.fleet, id, "never mind", "li.mei");
    return id;
  };
  return { api, desk, held, receipts, end, as: await api.as("auditor") };
}

describe("receipts over the API", () => {
  it("are listed in pages and handed out signed, as JSON and as PDF", async () => {
    const { api, desk, held, receipts, end, as } = await prepare();
    const [first, second] = [await end(), await end()];
    expect(await ask(api, `/changes/${second}/receipt`, { as })).toMatchObject({ status: 409, code: "STATE_CONFLICT" });
    await receipts.poll();
    const page = await ask(api, "/receipts?limit=1", { as });
    expect(page.json["items"]).toMatchObject([{ change: second, outcome: "withdrawn", state: "made" }]);
    const rest = await ask(api, `/receipts?limit=1&after=${page.json["next"]}`, { as });
    expect(rest.json).toMatchObject({ items: [{ change: first }], next: null });

    const signed = await ask(api, `/changes/${first}/receipt`, { as });
    const trust = { root: held.trust.root, policy: held.trust.policy, now: desk.fleet.at };
    expect(verifyReceipt(signed.bytes, trust).receipt.change).toBe(first);
    expect(signed.headers["content-disposition"]).toBe(`attachment; filename="receipt-${first}-withdrawn.json"`);
    const plain = await ask(api, `/changes/${first}/receipt?format=json`, { as });
    expect(plain.json).toMatchObject({ change: first, type: "tillsync-receipt" });
    const files = await ask(api, `/changes/${first}/receipt?format=trust`, { as });
    expect(parseTrustBundle(files.bytes).roots).toEqual(held.files.roots);
    const pdf = await ask(api, `/changes/${first}/receipt?format=pdf&lang=en`, { as });
    expect([pdf.headers["content-type"], pdf.bytes.subarray(0, 5).toString()]).toEqual(["application/pdf", "%PDF-"]);
  });

  it("of other merchants are not there for whoever has a scope", async () => {
    const { api, receipts, end } = await prepare();
    const id = await end();
    await receipts.poll();
    const [own, foreign] = [
      (await api.addPerson("sun", "agent", { merchants: [MERCHANT] })).token,
      (await api.addPerson("zhou", "agent", { merchants: ["822391058121071"] })).token,
    ];
    expect((await ask(api, "/receipts", { as: own })).json["items"]).toMatchObject([{ change: id }]);
    expect((await ask(api, "/receipts", { as: foreign })).json["items"]).toEqual([]);
    expect((await ask(api, `/changes/${id}/receipt`, { as: own })).status).toBe(200);
    const refused = await ask(api, `/changes/${id}/receipt`, { as: foreign });
    expect(refused).toMatchObject({ status: 404, code: "NOT_FOUND" });
    expect(await ask(api, `/receipts?merchant=${MERCHANT}`, { as: foreign })).toMatchObject({ status: 404 });
  });

  it("that nobody can name are refused by their form", async () => {
    const { api, as } = await prepare();
    for (const path of ["/changes/C1/receipt", "/changes/C0000000000000000/receipt?format=docx", "/receipts?after=x"]) {
      expect((await ask(api, path, { as })).status).toBeGreaterThanOrEqual(400);
    }
    expect(await ask(api, "/changes/C0000000000000000/receipt", { as })).toMatchObject({ status: 404 });
  });
});
