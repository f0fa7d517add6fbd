import { type KeyObject, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEncryptedPem, toEncryptedPem } from "../../certs/keys/encrypted-key.ts";
import type { ScryptCost } from "../../certs/keys/pbes2.ts";
import { createApproverKey, toPrivateKeyPem, toPublicKey } from "../../certs/keys.ts";
import { createTrust } from "../../certs/trust/create.ts";
import { ALLOWED, DEFAULT_CAPS, type Policy, type Role } from "../../certs/trust/policy.ts";
import { initMetadataFolder } from "../../certs/tuf/folder.ts";
import { toHex } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { writeFileDurably } from "./durable-file.ts";
import { writeTrust } from "./trust-files.ts";

// The approvers of a demonstration: key files like everyone's, `<id>.pem` and `<id>.pem.pub`, with the passphrase beside
// them in `<id>.passphrase`, and one home for both of them, which `tillsync-sign --home` takes. Real approvers have none
// of this on a server.

/** An eighth of what people's own keys cost: the passphrase lies beside it anyway. */
const DEMO_COST: ScryptCost = { n: 2 ** 14, r: 8, p: 1 };
const PASSPHRASE_BYTES = 16;
const OWNER_ONLY = 0o700;
const SECRET = 0o600;
const PUBLIC = 0o644;

/** Who they are. Both of them together hold the root, too. */
export const DEMO_APPROVERS: readonly {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly Role[];
}[] = [
  { id: "wang.li", name: "王丽", roles: ["maker", "parameters"] },
  { id: "chen.bo", name: "陈波", roles: ["checker"] },
];

/** Fills `trust` and `approvers` of a data folder that is being made. `now` in seconds. */
export async function writeDemoTrust(folder: string, now: number): Promise<void> {
  const approvers = DEMO_APPROVERS.map((person) => ({ ...person, key: createApproverKey() }));
  const keys = approvers.map(({ key }) => key);
  const online = createApproverKey();
  const policy: Policy = {
    version: 1,
    persons: approvers.map(({ id, name, roles, key }) => ({ id, name, roles, keys: [toPublicKey(key)] })),
    thresholds: { binding: ["maker", "checker"], merchant: ["maker", "checker"], parameters: ["parameters"] },
    caps: DEFAULT_CAPS,
    ...ALLOWED,
  };
  const bundle = createTrust({ root: keys, targets: keys, snapshot: keys, timestamp: [online] }, policy, now);
  await writeTrust(join(folder, "trust"), bundle, toPrivateKeyPem(online));
  const home = join(folder, "approvers");
  mkdirSync(home, { mode: OWNER_ONLY });
  for (const { id, key } of approvers) await writeKeyFiles(home, id, key);
  initMetadataFolder(join(home, "trust"), bundle.root).update(bundle);
}

/**
 * The private key of a demo approver.
 *
 * @param approvers the folder `approvers` of a data folder
 * @throws TillsyncError DATA_FOLDER_INVALID where its files are not there, KEY_INVALID, PASSPHRASE_WRONG
 */
export function readDemoKey(approvers: string, id: string): KeyObject {
  return parseEncryptedPem(readText(approvers, `${id}.pem`), readText(approvers, `${id}.passphrase`).trimEnd());
}

async function writeKeyFiles(home: string, id: string, key: KeyObject): Promise<void> {
  const passphrase = randomBytes(PASSPHRASE_BYTES).toString("base64url");
  const { raw, id: keyId } = toPublicKey(key);
  await writeFileDurably(join(home, `${id}.pem`), toEncryptedPem(key, passphrase, DEMO_COST), SECRET);
  await writeFileDurably(join(home, `${id}.pem.pub`), `${toHex(raw)} ${keyId} ${id}\n`, PUBLIC);
  await writeFileDurably(join(home, `${id}.passphrase`), `${passphrase}\n`, SECRET);
}

function readText(folder: string, file: string): string {
  try {
    return readFileSync(join(folder, file), "utf8");
  } catch (cause) {
    throw new TillsyncError("DATA_FOLDER_INVALID", { file: join("approvers", file) }, cause);
  }
}
