import { X509Certificate } from "node:crypto";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { EmbeddedBus } from "../../../../broker/embedded.ts";
import { generateRsaKey } from "../../../../certs/x509/rsa-key.ts";
import { parseChallenge, toProofBytes } from "../../../../proto/challenge.ts";
import { DOWN_KINDS, toUpTopic } from "../../../../proto/topics.ts";
import type { Tusn } from "../../../../proto/tusn.ts";
import { openFleetService } from "../../../../src/app/fleet-service.ts";
import { planProof } from "../../../../src/app/proof/plan.ts";
import { transact } from "../../../../src/store/store.ts";
import { loadCertificates } from "../../../support/certificates.ts";
import { openTestBus } from "../../../support/embedded-bus.ts";
import { enrolFleet, openTestFleet, type TestFleet } from "../../../support/fleet-store.ts";
import { connectTerminal, endTerminals } from "../../../support/mqtt-terminal.ts";
import { countVerdicts, readProof, readVerdict, TestVerifier, toProof } from "../../../support/proving.ts";
import { TestTerminal } from "../../../support/test-terminal.ts";

const PATIENCE = { timeout: 90_000 };
const WAIT = { timeout: 40_000 };

afterEach(() => endTerminals());

/** A service over a real bus, with terminals that are to prove themselves. */
async function open(count: number) {
  const fleet = await openTestFleet(Math.floor(Date.now() / 1_000));
  const terminals = await enrolFleet(fleet, count, false);
  for (const { tusn } of terminals) await transact(fleet.store, (tx) => planProof(tx, tusn, fleet.at, "enrolment"));
  const { authority } = await loadCertificates();
  const opened: EmbeddedBus[] = [];
  const service = await openFleetService({
    ...{ ...fleet, now: fleet.now, authority, verifiers: [new TestVerifier()] },
    openBus: async (handlers) => {
      const { bus } = await openTestBus(handlers);
      opened.push(bus);
      return bus;
    },
  });
  onTestFinished(() => service.close());
  return { fleet, terminals, service, address: { host: "127.0.0.1", port: opened[0]?.port ?? 0 } };
}

/** PEM of the certificate that the terminal was enrolled with. */
async function readCertificate({ store }: TestFleet, tusn: Tusn): Promise<string> {
  const { bytes } = await store
    .selectFrom("certificates")
    .selectAll()
    .where("tusn", "=", tusn)
    .executeTakeFirstOrThrow();
  return new X509Certificate(bytes).toString();
}

describe("a proof over mutual TLS", () => {
  it("is asked for, signed by the device key, judged and written down", PATIENCE, async () => {
    const { fleet, terminals, address } = await open(1);
    const [terminal] = terminals as [TestTerminal];
    const { tusn } = terminal;
    const { client, messages, subscribe } = await connectTerminal(address, tusn, {
      cert: await readCertificate(fleet, tusn),
    });
    await subscribe(...DOWN_KINDS);
    await vi.waitFor(() => expect(messages.map(({ kind }) => kind)).toContain("challenge"), WAIT);
    const challenge = parseChallenge(messages.find(({ kind }) => kind === "challenge")?.payload ?? Buffer.alloc(0));
    const proof = toProofBytes(toProof(tusn, challenge));

    // Whoever has the cryptogram but not the device key is not heard.
    const stranger = new TestTerminal(tusn, await generateRsaKey());
    await client.publishAsync(toUpTopic(tusn, "proof"), Buffer.from(stranger.sign("proof", proof)), { qos: 1 });
    expect((await readProof(fleet, tusn)).factor).toBe(challenge.factor);
    await client.publishAsync(toUpTopic(tusn, "proof"), Buffer.from(terminal.sign("proof", proof)), { qos: 1 });
    await vi.waitFor(async () => expect(await countVerdicts(fleet)).toBe(1), WAIT);
    expect(await readVerdict(fleet, tusn)).toMatchObject({ verdict: "verified-crypto", life: "verified" });
  });

  it("counts only by the connection of the terminal that it names", PATIENCE, async () => {
    const { fleet, terminals, address } = await open(2);
    const [a, b] = terminals as [TestTerminal, TestTerminal];
    const ofB = await connectTerminal(address, b.tusn, { cert: await readCertificate(fleet, b.tusn) });
    await ofB.subscribe(...DOWN_KINDS);
    const ofA = await connectTerminal(address, a.tusn, { cert: await readCertificate(fleet, a.tusn) });
    await ofA.subscribe(...DOWN_KINDS);
    await vi.waitFor(() => expect(ofA.messages.map(({ kind }) => kind)).toContain("challenge"), WAIT);
    const challenge = parseChallenge(ofA.messages.find(({ kind }) => kind === "challenge")?.payload ?? Buffer.alloc(0));
    // The very answer of A, signed with the very key of A, by another terminal's certificate.
    const envelope = Buffer.from(a.sign("proof", toProofBytes(toProof(a.tusn, challenge))));
    await ofB.client.publishAsync(toUpTopic(b.tusn, "proof"), envelope, { qos: 1 });
    expect((await readProof(fleet, a.tusn)).factor).toBe(challenge.factor);
    expect(await countVerdicts(fleet)).toBe(0);
    expect(fleet.lines.map((line) => line["code"])).toContain("WRONG_TERMINAL");
  });
});
