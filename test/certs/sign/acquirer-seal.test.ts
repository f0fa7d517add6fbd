import { createPublicKey, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { parseSealedAccount } from "../../../certs/acquirer/seal.ts";
import { toHex } from "../../../proto/bytes.ts";
import { parseBindingJson } from "../../../proto/settlement.ts";
import { loadSharedKeys } from "../../support/shared-keys.ts";
import { createCompany, runSign, toRefusal } from "../../support/sign.ts";
import { NEW_CARD } from "../../support/sign-sample.ts";

const company = createCompany(1_800_000_000);
afterAll(() => company.remove());

const path = (name: string) => join(company.folder, name);
let made = 0;

async function bind(): Promise<string> {
  made += 1;
  const out = path(`binding-${made}.json`);
  const settlement = { kind: "card", bank: "中国农业银行", cnaps: "103100000026", holder: "张伟", accountNo: NEW_CARD };
  writeFileSync(path(`settlement-${made}.json`), JSON.stringify(settlement));
  expect((await runSign(["binding", "--settlement", path(`settlement-${made}.json`), "--out", out])).code).toBe(0);
  return out;
}

async function seal(binding: string, out: string, ...more: readonly string[]) {
  const keys = ["--acquirer-key", path("platform.pem"), "--key-id", "PUB_KEY_ID_1"];
  const files = ["--opening", `${binding}.opening.json`, "--binding", binding, "--out", out];
  return runSign(["acquirer-seal", "--scheme", "wechatpay", ...keys, ...files, ...more]);
}

it("tillsync-sign acquirer-seal makes what the service passes on, and shows the number to nobody", async () => {
  const [pem] = (await loadSharedKeys()).deviceKeys;
  writeFileSync(path("platform.pem"), createPublicKey(pem).export({ type: "spki", format: "pem" }));
  const binding = await bind();
  const result = await seal(binding, path("sealed.json"));
  expect(result.code).toBe(0);
  const text = readFileSync(path("sealed.json"), "utf8");
  const { commitment } = parseBindingJson(readFileSync(binding));
  expect(parseSealedAccount(Buffer.from(text))).toMatchObject({
    ...{ scheme: "wechatpay", key: "PUB_KEY_ID_1", request: "", commitment: toHex(commitment) },
  });
  expect(text + result.stdout + result.stderr).not.toContain(NEW_CARD);

  // Never over a file that is there, never for another binding, never with facts that nobody asks for.
  expect(toRefusal(await seal(binding, path("sealed.json")))).toBe("CONFIG_INVALID");
  const other = await bind();
  expect(toRefusal(await seal(binding, path("other.json"), "--opening", `${other}.opening.json`))).toBe("SEAL_INVALID");
  expect(toRefusal(await seal(binding, path("other.json"), "--facts", "x"))).toBe("CONFIG_INVALID");

  // Lakala: the SM4 key is a secret of the approver's, the facts are the service's.
  const facts = {
    ...{ request: "CHG00000001", organisation: "1", member: "merCupNo", merchant: "82258405511" },
    ...{ callback: "https://tillsync.example/x", clearingBank: "", settlePeriod: "", timestamp: "1800000000000" },
  };
  writeFileSync(path("facts.json"), JSON.stringify(facts));
  writeFileSync(path("open.key"), randomBytes(16).toString("base64"), { mode: 0o644 });
  writeFileSync(path("sm4.key"), `${randomBytes(16).toString("base64")}\n`, { mode: 0o600 });
  const lakala = (key: string, ...more: readonly string[]) =>
    seal(binding, path("lakala.json"), "--scheme", "lakala", "--acquirer-key", path(key), ...more);
  expect(toRefusal(await lakala("sm4.key"))).toBe("CONFIG_INVALID");
  expect(toRefusal(await lakala("open.key", "--facts", path("facts.json")))).toBe("KEY_INVALID");
  expect((await lakala("sm4.key", "--facts", path("facts.json"))).code).toBe(0);
  expect(parseSealedAccount(readFileSync(path("lakala.json"))).request).toBe("CHG00000001");
});
