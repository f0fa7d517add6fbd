import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { signMessage } from "../../certs/signatures.ts";
import { isEqual } from "../../proto/bytes.ts";
import { PAYLOAD_TYPES, type PayloadType } from "../../proto/dsse.ts";
import { parseEnvelope, parseReport, toEnvelopeBytes, toReportBytes } from "../../proto/terminal-messages.ts";
import { listLedger } from "../../src/app/queries/ledger.ts";
import { flipBit, mutate } from "../support/red-team-bytes.ts";
import { createRandom } from "../support/red-team-random.ts";
import { openReleased } from "../support/test-intake.ts";
import { readDelivery, TestTerminal } from "../support/test-terminal.ts";

type Released = Awaited<ReturnType<typeof openReleased>>;

/** Everything that a report can change. */
async function readRecords({ fleet: { store } }: Released) {
  const [reports, deployments, outbox, ledger, reported, merchants] = await Promise.all([
    store.selectFrom("reports").selectAll().execute(),
    store.selectFrom("deployments").selectAll().orderBy("tusn").execute(),
    store.selectFrom("outbox").selectAll().orderBy("tusn").execute(),
    store.selectFrom("ledger").selectAll().execute(),
    store.selectFrom("reported").selectAll().orderBy("tusn").execute(),
    store.selectFrom("merchants").selectAll().execute(),
  ]);
  return { reports, deployments, outbox, ledger, reported, merchants };
}

describe("row 6: a broker that forges answers", () => {
  it("has none of them recorded: invented, by another key, as another kind, cut short or altered", async () => {
    const released = await openReleased(2);
    const { terminals, deliveries, intake, receipts } = released;
    const [victim, other] = terminals as [TestTerminal, TestTerminal];
    const [delivery, others] = deliveries as [Uint8Array, Uint8Array];
    const before = await readRecords(released);

    const report = victim.toReport("committed", readDelivery(delivery).directive);
    const payload = toReportBytes(report);
    const { privateKey: stranger } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
    const { privateKey: curve } = generateKeyPairSync("ed25519");
    const sign = (key: typeof stranger, type: PayloadType) =>
      toEnvelopeBytes({ payload, signature: signMessage(key, type, payload) });
    const genuine = sign(victim.deviceKey, PAYLOAD_TYPES.report);
    const forged: Uint8Array[] = [
      toEnvelopeBytes({ payload, signature: new Uint8Array(256) }),
      toEnvelopeBytes({ payload, signature: Uint8Array.of(1) }),
      sign(stranger, PAYLOAD_TYPES.report),
      sign(victim.deviceKey, PAYLOAD_TYPES.hello),
      sign(victim.deviceKey, PAYLOAD_TYPES.statement),
      toEnvelopeBytes({ payload, signature: curve.export({ format: "der", type: "pkcs8" }) }),
      ...Array.from({ length: genuine.length }, (_, length) => genuine.subarray(0, length)),
      ...Array.from({ length: 600 }, (_, n) => flipBit(genuine, (n * 7) % (genuine.length * 8))),
    ];
    for (const bytes of forged) await intake.receive({ tusn: victim.tusn, kind: "report", payload: bytes });
    // What another terminal really said, handed over as this one's; and as a message of another kind.
    const foreign = other.report(others, "committed");
    await intake.receive({ tusn: victim.tusn, kind: "report", payload: foreign });
    await intake.receive({ tusn: victim.tusn, kind: "hello", payload: genuine });
    expect(await readRecords(released)).toEqual(before);
    expect(receipts).toEqual([]);
  }, 60_000);

  it("has no change of bytes recorded", async () => {
    const released = await openReleased();
    const { terminal, delivery, intake, receipts } = released;
    const genuine = terminal.report(delivery, "committed");
    const before = await readRecords(released);
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const random = createRandom(seed);
        const altered = mutate(genuine, random);
        if (isEqual(altered, genuine)) return;
        await intake.receive({ tusn: terminal.tusn, kind: "report", payload: altered });
      }),
      { numRuns: 400 },
    );
    expect(await readRecords(released)).toEqual(before);
    expect(receipts).toEqual([]);
  });

  it("has every real one recorded once, with its bytes, and played back it changes nothing", async () => {
    const released = await openReleased(3);
    const { terminals, deliveries, intake, receipts, fleet } = released;
    const sent = terminals.flatMap((terminal, n) => {
      const delivery = deliveries[n] as Uint8Array;
      return (["verified", "applied", "committed"] as const).map((kind) => {
        return { tusn: terminal.tusn, payload: terminal.report(delivery, kind) };
      });
    });
    for (const { tusn, payload } of sent) await intake.receive({ tusn, kind: "report", payload });
    const recorded = await fleet.store.selectFrom("reports").selectAll().orderBy("tusn").orderBy("counter").execute();
    expect(recorded.map(({ payload, signature }) => toEnvelopeBytes({ payload, signature }))).toEqual(
      sent.map(({ payload }) => Buffer.from(payload)),
    );
    const states = await fleet.store.selectFrom("deployments").select("state").execute();
    expect(states.map(({ state }) => state)).toEqual(["committed", "committed", "committed"]);

    const before = await readRecords(released);
    const random = createRandom(6);
    for (const { tusn, payload } of [...random.shuffle(sent), ...random.shuffle(sent)]) {
      await intake.receive({ tusn, kind: "report", payload });
    }
    expect(await readRecords(released)).toEqual(before);
    // A receipt that got lost is given again.
    expect(receipts).toHaveLength(27);
  });

  it("raises the alarm over two different reports under one counter, and keeps the first", async () => {
    const released = await openReleased();
    const { terminal, delivery, intake, fleet } = released;
    const first = terminal.report(delivery, "committed");
    const { counter } = parseReport(parseEnvelope(first).payload);
    await intake.receive({ tusn: terminal.tusn, kind: "report", payload: first });
    const twin = new TestTerminal(terminal.tusn, terminal.deviceKey);
    const second = twin.report(delivery, "rolled_back", { counter });
    await intake.receive({ tusn: terminal.tusn, kind: "report", payload: second });
    const reports = await fleet.store.selectFrom("reports").select(["counter", "kind"]).execute();
    expect(reports).toEqual([{ counter, kind: "committed" }]);
    const states = await fleet.store.selectFrom("deployments").select("state").execute();
    expect(states.map(({ state }) => state)).toEqual(["committed"]);
    const { entries } = await listLedger(fleet.store, 0, 1_000);
    expect(entries.map(({ kind }) => kind)).toContain("alarm.report_conflict");
  });
});
