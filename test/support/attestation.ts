import type { KeyObject } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { signAttestation } from "../../certs/attestation/envelope.ts";
import { type Attestation, toAttestationBytes } from "../../certs/attestation/format.ts";
import { createApproverKey, toPrivateKeyPem } from "../../certs/keys.ts";
import { createTrust, type NewTrust } from "../../certs/trust/create.ts";
import { type Trust, verifyTrust } from "../../certs/trust/verify.ts";
import { toErrorCode } from "../../proto/errors.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { type Attestor, attest } from "../../src/app/attestation/issue.ts";
import { giveVerdict } from "../../src/app/identity/verdicts.ts";
import type { ReceiptAttestor } from "../../src/app/receipts/runner.ts";
import { transact } from "../../src/store/store.ts";
import { loadCertificates } from "./certificates.ts";
import { commitAll } from "./committed.ts";
import { enrolFleet, makeFolder, openTestFleet, release, type TestFleet, TUSN_0 } from "./fleet-store.ts";
import type { TestTerminal } from "./test-terminal.ts";

/** A fleet whose terminals run what two people approved, and whoever attests it. */
export interface AttestedFleet {
  readonly fleet: TestFleet;
  readonly terminals: readonly TestTerminal[];
  readonly attestor: Attestor;
  /** The key that signs timestamps, and so attestations. */
  readonly online: KeyObject;
  readonly trust: Trust;
  /** Trust files as a service has them, by name. */
  readonly files: NewTrust;
  attest(tusn?: Tusn): Promise<Attestation>;
  /** As the service signs it. */
  sign(attestation: Attestation): Uint8Array;
}

/** Proven by its cryptogram at the fleet's present. */
export async function prove(fleet: TestFleet, tusn: Tusn): Promise<void> {
  const evidence = { kcv: "2B4459DE", factor: "0001270260" };
  await transact(fleet.store, (tx) =>
    giveVerdict(tx, fleet.at, fleet.identity, {
      ...{ tusn, verdict: "verified-crypto", source: "local_keys", evidence, actor: "service" },
    }),
  );
}

export async function openAttested(count = 1, start?: number): Promise<AttestedFleet> {
  const fleet = await openTestFleet(start, "attested");
  const terminals = await enrolFleet(fleet, count);
  for (const { tusn } of terminals) await prove(fleet, tusn);
  await release(fleet);
  await commitAll(fleet, terminals);
  const held = await holdOnline(fleet);
  const { attestor } = held;
  return {
    ...{ fleet, terminals, ...held },
    attest: async (tusn = TUSN_0) => (await attest(fleet, attestor, tusn)) as Attestation,
    sign: (attestation) => signAttestation(held.online, toAttestationBytes(attestation)),
  };
}

/** Trust whose online key is at hand, over the fleet's own policy. */
export async function holdOnline(fleet: TestFleet) {
  const [offline, online] = [createApproverKey(), createApproverKey()];
  const signers = { root: [offline], targets: [offline], snapshot: [offline], timestamp: [online] };
  const files = createTrust(signers, fleet.approvers.policy, fleet.at);
  const trust = verifyTrust(files.root, files);
  const trustFolder = join(makeFolder(), "trust");
  mkdirSync(trustFolder);
  writeFileSync(join(trustFolder, "online.pem"), toPrivateKeyPem(online), { mode: 0o600 });
  const { authority } = await loadCertificates();
  const holder = { trust: () => trust, bundlesAfter: () => [files] };
  const attestor: ReceiptAttestor = { trust: holder, trustFolder, authority: authority.certificate };
  return { online, files, trust, attestor };
}

/** The code that it is refused with; empty where it is not. */
export async function toCode(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
    return "";
  } catch (error) {
    return toErrorCode(error);
  }
}
