import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { toEncryptedPem } from "../../../certs/keys/encrypted-key.ts";
import { createApproverKey, toPrivateKeyPem, toPublicKey } from "../../../certs/keys.ts";
import { createTrust } from "../../../certs/trust/create.ts";
import { ALLOWED, MOST, type Policy } from "../../../certs/trust/policy.ts";
import { initMetadataFolder } from "../../../certs/tuf/folder.ts";
import { DEMO_APPROVERS, readDemoKey } from "../../../src/app/demo-approvers.ts";
import { writeTrust } from "../../../src/app/trust-files.ts";
import { discard } from "../scratch.ts";

/** The least that is accepted: the passphrase lies beside the key. */
const CHEAP = { n: 2 ** 14, r: 8, p: 1 };
const SECRET = 0o600;

/** A checker beside those of the demonstration. */
export const SECOND_CHECKER = "zhao.min";

/**
 * Trust of the shop's own in the place of the demonstration's: a second checker, and as many card changes a day as a
 * terminal ever takes, so that several stories fit into one day.
 *
 * @param data a data folder that no service has opened yet
 */
export async function writeShopTrust(data: string): Promise<void> {
  const now = Math.floor(Date.now() / 1_000);
  const home = join(data, "approvers");
  const second = createApproverKey();
  const people = [
    ...DEMO_APPROVERS.map((person) => ({ ...person, key: readDemoKey(home, person.id) })),
    { id: SECOND_CHECKER, name: "赵敏", roles: ["checker"] as const, key: second },
  ];
  const keys = people.map(({ key }) => key);
  const online = createApproverKey();
  const policy: Policy = {
    version: 1,
    persons: people.map(({ id, name, roles, key }) => ({ id, name, roles, keys: [toPublicKey(key)] })),
    thresholds: { binding: ["maker", "checker"], merchant: ["maker", "checker"], parameters: ["parameters"] },
    caps: MOST,
    ...ALLOWED,
  };
  const bundle = createTrust({ root: keys, targets: keys, snapshot: keys, timestamp: [online] }, policy, now);
  for (const folder of [join(data, "trust"), join(home, "trust")]) discard(folder);
  await writeTrust(join(data, "trust"), bundle, toPrivateKeyPem(online));
  initMetadataFolder(join(home, "trust"), bundle.root).update(bundle);
  const passphrase = randomBytes(16).toString("base64url");
  const write = (ending: string, text: string) =>
    writeFileSync(join(home, `${SECOND_CHECKER}.${ending}`), text, { mode: SECRET });
  write("pem", toEncryptedPem(second, passphrase, CHEAP));
  write("passphrase", `${passphrase}\n`);
}
