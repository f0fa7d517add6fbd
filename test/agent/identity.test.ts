import { createPublicKey } from "node:crypto";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../agent/config.ts";
import { loadIdentity } from "../../agent/identity.ts";
import { createApproverKey } from "../../certs/keys.ts";
import { createCardKey, toRawCardKey } from "../../certs/seal.ts";
import { verifyMessage } from "../../certs/signatures.ts";
import { toCardKeyBytes } from "../../proto/card-key.ts";
import { PAYLOAD_TYPES } from "../../proto/dsse.ts";
import { install, makeFolder } from "../support/agent-process.ts";
import { TUSN_A, TUSN_B } from "../support/certificates.ts";

const { folder, remove } = makeFolder();
afterAll(remove);

const key = createCardKey();
const pem = key.export({ type: "pkcs8", format: "pem" }).toString();

async function load(cardKey?: string, mode = 0o600) {
  const request = { folder, tusn: TUSN_A, port: 1, root: Buffer.from("{}") };
  const { configFile } = await install(cardKey === undefined ? request : { ...request, cardKey });
  if (cardKey !== undefined) chmodSync(join(folder, "card.key"), mode);
  return loadIdentity(loadConfig(configFile));
}

describe("a card key", () => {
  it("is only there where the settings name one", async () => {
    expect((await load()).cardKey).toBeUndefined();
  });

  it("is vouched for by the device key, for this terminal and no other", async () => {
    const { cardKey, deviceKey } = await load(pem);
    expect(cardKey?.publicKey).toEqual(Buffer.from(toRawCardKey(key)));
    const proof = cardKey?.proof as Uint8Array;
    const verifying = (bytes: Uint8Array) => () =>
      verifyMessage(createPublicKey(deviceKey), PAYLOAD_TYPES.cardKey, bytes, proof);
    expect(verifying(toCardKeyBytes(TUSN_A, toRawCardKey(key)))).not.toThrow();
    const invalid = expect.objectContaining({ code: "SIGNATURE_INVALID" });
    expect(verifying(toCardKeyBytes(TUSN_B, toRawCardKey(key)))).toThrow(invalid);
    expect(verifying(toCardKeyBytes(TUSN_A, toRawCardKey(createCardKey())))).toThrow(invalid);
  });

  it("that others on the system may read, that is missing, or of another kind is refused", async () => {
    for (const mode of [0o640, 0o604, 0o620]) {
      await expect(load(pem, mode)).rejects.toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
    }
    const approver = createApproverKey().export({ type: "pkcs8", format: "pem" }).toString();
    for (const wrong of [approver, "no key"]) {
      await expect(load(wrong)).rejects.toThrow(expect.objectContaining({ code: "KEY_INVALID" }));
    }
    const { configFile } = await install({ folder, tusn: TUSN_A, port: 1, root: Buffer.from("{}"), cardKey: pem });
    const config = loadConfig(configFile);
    writeFileSync(join(folder, "card.key"), "");
    const missing = { ...config, cardKeyFile: join(folder, "nothing") };
    expect(() => loadIdentity(missing)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  });
});
