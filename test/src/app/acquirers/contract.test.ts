import { describe, expect, it } from "vitest";
import { describeAcquirer } from "../../../contract/acquirer.ts";
import { MERCHANT, openSettling } from "../../../support/acquirers.ts";

describeAcquirer("WeChat Pay for partners", {
  knowsNumbers: false,
  attempts: 1,
  open: () => openSettling("wechatpay"),
});
describeAcquirer("Lakala's open platform", { knowsNumbers: true, attempts: 1, open: () => openSettling("lakala") });
describeAcquirer("a signed webhook, HMAC-SHA256", {
  knowsNumbers: true,
  attempts: 3,
  open: () => openSettling("webhook"),
});
describeAcquirer("a signed webhook, Ed25519", {
  knowsNumbers: true,
  attempts: 3,
  open: () => openSettling("webhook", { algorithm: "ed25519" }),
});

describe("WeChat Pay", () => {
  it("is asked no more often than it takes a day, and that it takes no more is no refusal for good", async () => {
    const { acquirer, order } = await openSettling("wechatpay");
    const one = order();
    for (const _ of [1, 2, 3, 4, 5]) await acquirer.request(one);
    await expect(acquirer.request(one)).rejects.toMatchObject({
      code: "ACQUIRER_FAILED",
      fields: { status: 429, acquirer: "FREQUENCY_LIMITED", sent: false },
    });
  });

  it("is asked about an order whose answer was lost by its record", async () => {
    const { acquirer, order, sim } = await openSettling("wechatpay");
    const lost = order();
    sim.apply({ type: "script", behaviours: [{ kind: "drop" }] });
    await expect(acquirer.request(lost)).rejects.toMatchObject({ code: "ACQUIRER_FAILED" });
    expect(await acquirer.follow(lost)).toEqual({ state: "unknown" });
    const [change] = sim.apply({ type: "look" }).changes;
    sim.apply({ type: "decide", id: change?.id ?? "", decision: { state: "succeeded", credit: "pending" } });
    expect(await acquirer.follow(lost)).toMatchObject({ state: "succeeded" });
    expect(await acquirer.query(MERCHANT)).toMatchObject({ masked: "62***18", credit: "pending" });
  });
});

describe("a webhook acquirer", () => {
  it("puts back what was before under the number of another order", async () => {
    const { acquirer, order, sim } = await openSettling("webhook");
    sim.apply({ type: "settle", decision: { state: "succeeded" } });
    const told = await acquirer.request(order());
    expect((await acquirer.query(MERCHANT))?.masked).toBe("622848***0018");
    const reverses = "reference" in told ? told.reference : "";
    expect(await acquirer.reverse?.({ ...order(), reverses })).toMatchObject({ state: "succeeded" });
    expect((await acquirer.query(MERCHANT))?.masked).toBe("622202***5702");
    await expect(acquirer.reverse?.({ ...order(), reverses: "R00000099" })).rejects.toMatchObject({
      code: "ACQUIRER_REFUSED",
      fields: { acquirer: "nothing_to_reverse" },
    });
    await expect(acquirer.reverse?.(order())).rejects.toMatchObject({ code: "FIELD_INVALID" });
  });

  it("takes no answer that is about another order", async () => {
    const { acquirer, order, sim } = await openSettling("webhook");
    const body = JSON.stringify({ requestNo: "CHG99999999", reference: "R1", state: "succeeded", code: "", words: "" });
    sim.apply({ type: "script", behaviours: [{ kind: "body", body }] });
    await expect(acquirer.request(order())).rejects.toMatchObject({ code: "ACQUIRER_FAILED" });
  });
});
