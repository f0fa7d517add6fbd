import { describe, expect, it } from "vitest";
import type { Behaviour } from "../../sim/acquirers/behaviour.ts";
import type { Look } from "../../sim/acquirers/control.ts";
import type { SettlementOrder } from "../../src/app/acquirers/acquirer.ts";
import { compareRecord } from "../../src/domain/acquirers/on-record.ts";
import { MERCHANT, NEW_NUMBER, OLD_NUMBER, OTHER_MERCHANT, type Settling, toCard } from "../support/acquirers.ts";

export interface AcquirerTraits {
  /** Whether the acquirer knows our numbers, so that a request that is sent again is one change still. */
  readonly knowsNumbers: boolean;
  /** How often a request goes out by itself before its failure is told. */
  readonly attempts: number;
  readonly open: () => Promise<Settling>;
}

/** What every adapter of the acquirer port does that speaks over a socket. */
export function describeAcquirer(name: string, { knowsNumbers, attempts, open }: AcquirerTraits): void {
  const look = ({ sim }: Settling): Look => sim.apply({ type: "look" });
  const script = ({ sim }: Settling, ...behaviours: readonly Behaviour[]) =>
    void sim.apply({ type: "script", behaviours });
  const settle = ({ sim }: Settling, decision: Parameters<typeof sim.apply>[0] & { type: "settle" }) =>
    void sim.apply(decision);

  /** Asks and gives the order with the acquirer's reference in it. */
  async function ask(settling: Settling, order = settling.order()): Promise<SettlementOrder> {
    const told = await settling.acquirer.request(order);
    expect(told.state).not.toBe("absent");
    return { ...order, reference: "reference" in told ? told.reference : "" };
  }

  /** Nothing that the service wrote, said or stored tells the number. */
  function expectSilence({ fleet }: Settling, ...said: readonly unknown[]): void {
    const texts = said.map((one) => `${String(one)} ${JSON.stringify(one)} ${one instanceof Error ? one.stack : ""}`);
    const all = JSON.stringify(fleet.lines) + texts.join("\n");
    for (const number of [NEW_NUMBER, OLD_NUMBER]) expect(all).not.toContain(number.slice(6, -4));
  }

  describe(`the acquirer contract, ${name}`, () => {
    it("asks for exactly the account that was sealed, follows it, and shows it on record when it is done", async () => {
      const settling = await open();
      const { acquirer } = settling;
      const order = await ask(settling);
      expect(order.reference).not.toBe("");
      expect(await acquirer.follow(order)).toMatchObject({ state: "auditing", reference: order.reference });
      const [change] = look(settling).changes;
      expect(change?.account).toMatchObject({
        kind: "card",
        number: NEW_NUMBER,
        holder: "张伟",
        cnaps: "103100000026",
      });
      const { wanted, before } = order;
      const held = await acquirer.query(MERCHANT);
      expect(compareRecord(held, wanted, before)).toBe("before");
      settling.sim.apply({ type: "decide", id: change?.id ?? "", decision: { state: "succeeded" } });
      expect(await acquirer.follow(order)).toMatchObject({ state: "succeeded", reference: order.reference });
      const now = await acquirer.query(MERCHANT);
      expect(compareRecord(now, wanted, before)).toBe("wanted");
      expectSilence(settling, held, now);
    });

    it("tells that the acquirer found it wanting, with its reason and no number", async () => {
      const settling = await open();
      settle(settling, {
        type: "settle",
        decision: { state: "failed", code: "AUDIT_FAIL", words: `账号${NEW_NUMBER}与户名不符` },
      });
      const order = await ask(settling);
      const told = await settling.acquirer.follow(order);
      expect(told).toMatchObject({ state: "failed", words: expect.stringContaining("户名不符") });
      expectSilence(settling, told);
    });

    it("tells a refusal, with the acquirer's own code", async () => {
      const settling = await open();
      script(settling, { kind: "refuse", status: 400, code: "PARAM_ERROR", words: `no such bank for ${NEW_NUMBER}` });
      const error = await settling.acquirer.request(settling.order()).catch((caught) => caught);
      expect(error).toMatchObject({ code: "ACQUIRER_REFUSED", fields: { acquirer: "PARAM_ERROR" } });
      expect(look(settling).changes).toEqual([]);
      expectSilence(settling, error);
    });

    it("never takes a lost answer for a refusal, and finds out what came of it", async () => {
      for (const kind of ["drop", "silence"] as const) {
        const settling = await open();
        const { acquirer } = settling;
        script(settling, ...Array.from({ length: attempts }, () => ({ kind })));
        const order = settling.order();
        const error = await acquirer.request(order).catch((caught) => caught);
        expect(error, kind).toMatchObject({ code: "ACQUIRER_FAILED" });
        expect(error.fields.sent, kind).not.toBe(false);
        const again = await acquirer.request(order);
        expect(again.state).toBe("auditing");
        expect(look(settling).changes, kind).toHaveLength(knowsNumbers ? 1 : 2);
        expectSilence(settling, error);
      }
    });

    it("says so where nothing can have arrived", async () => {
      const settling = await open();
      await settling.sim.close();
      const error = await settling.acquirer.request(settling.order()).catch((caught) => caught);
      expect(error).toMatchObject({ code: "ACQUIRER_FAILED", fields: { what: "network", sent: false } });
    });

    it("waits for a late answer, as long as its bound allows", async () => {
      const settling = await open();
      script(settling, { kind: "late", ms: 200 });
      expect((await ask(settling)).reference).not.toBe("");
    });

    it("believes nothing that is not signed by the acquirer's key, lately", async () => {
      const settling = await open();
      const order = await ask(settling);
      settle(settling, { type: "settle", decision: { state: "succeeded" } });
      const forged: readonly Behaviour[] = [
        { kind: "sign_wrongly" },
        { kind: "unsigned" },
        { kind: "sign_at", aheadS: -400 },
        { kind: "sign_at", aheadS: 400 },
        { kind: "status", status: 404 },
        { kind: "status", status: 400 },
      ];
      for (const behaviour of forged) {
        for (const act of [
          () => settling.acquirer.follow(order),
          () => settling.acquirer.query(MERCHANT),
          () => settling.acquirer.request(order),
        ]) {
          script(settling, behaviour);
          await expect(act(), behaviour.kind).rejects.toMatchObject({ code: "ACQUIRER_UNSIGNED" });
        }
      }
      await settling.acquirer.check();
    });

    it("takes no answer twice", async () => {
      const settling = await open();
      const order = await ask(settling);
      expect((await settling.acquirer.follow(order)).state).toBe("auditing");
      script(settling, { kind: "replay" });
      await expect(settling.acquirer.follow(order)).rejects.toMatchObject({ code: "ACQUIRER_UNSIGNED" });
      expect((await settling.acquirer.follow(order)).state).toBe("auditing");
    });

    it("takes nothing from an answer outside the contract", async () => {
      const settling = await open();
      const order = await ask(settling);
      const odd: readonly Behaviour[] = [
        { kind: "body", body: "" },
        { kind: "body", body: "<html>ok</html>", type: "text/html" },
        { kind: "body", body: "[]" },
        { kind: "body", body: '"succeeded"' },
        { kind: "body", body: "{}" },
        {
          kind: "body",
          body: '{"state":"succeeded","verify_result":"AUDIT_SUCCESS","retCode":"000000"}',
          type: "text/plain",
        },
        { kind: "body", body: '{"state":{},"verify_result":7,"retCode":[]}' },
        { kind: "oversized", bytes: 2_000_000 },
      ];
      for (const [n, behaviour] of odd.entries()) {
        script(settling, behaviour);
        const error = await settling.acquirer.follow(order).catch((caught) => caught);
        expect(error, String(n)).toMatchObject({ code: "ACQUIRER_FAILED" });
        expectSilence(settling, error);
      }
    });

    it("is reached again after faults of what stands before the acquirer", async () => {
      const settling = await open();
      const order = await ask(settling);
      script(settling, { kind: "status", status: 503 }, { kind: "close" });
      expect((await settling.acquirer.follow(order)).state).toBe("auditing");
    });

    it("refuses an order that lacks what the acquirer needs before anything is said", async () => {
      const settling = await open();
      const good = settling.order();
      const { sealed } = good;
      if (sealed === undefined) throw new Error("not sealed");
      const other = toCard(OLD_NUMBER).binding.commitment;
      for (const bad of [
        { ...good, sealed: undefined },
        { ...good, sealed: { ...sealed, commitment: Buffer.from(other).toString("hex") } },
        {
          ...good,
          sealed: { ...sealed, scheme: sealed.scheme === "webhook" ? ("wechatpay" as const) : ("webhook" as const) },
        },
      ]) {
        await expect(settling.acquirer.request(bad)).rejects.toMatchObject({ code: "FIELD_INVALID" });
      }
      expect(look(settling).requests).toEqual([]);
    });

    it("knows merchants that are mapped to it, or says that it does not", async () => {
      const settling = await open();
      const held = settling.acquirer.query(OTHER_MERCHANT);
      if (settling.acquirer.adapter === "webhook") expect(await held).toBeUndefined();
      else await expect(held).rejects.toMatchObject({ code: "NOT_FOUND" });
    });

    it("signs each request with a time and nonce of its own, which the acquirer takes once", async () => {
      const settling = await open();
      const order = await ask(settling);
      for (const _ of [1, 2, 3]) await settling.acquirer.follow(order);
      const signed = look(settling).requests.map(({ headers }) => headers.authorization ?? headers["tillsync-nonce"]);
      expect(new Set(signed).size).toBe(4);
      expect(JSON.stringify(look(settling).requests)).not.toContain(NEW_NUMBER);
    });
  });
}
