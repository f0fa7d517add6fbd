import { createPublicKey, randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Account } from "../../../sim/acquirers/books.ts";
import type { AcquirerConfig } from "../../../sim/acquirers/control.ts";
import { type AcquirerProcess, openAcquirerProcess } from "../../../sim/acquirers/process.ts";
import { loadSharedKeys } from "../shared-keys.ts";

const MAIN = fileURLToPath(new URL("../../../dist/sim/acquirers/main.js", import.meta.url));
const KEY_ID = "PUB_KEY_ID_01";
const MCHID = "1900000001";
/** What WeChat Pay calls the shop's merchant. */
const SUB_MCHID = "1900006491";

export type ShopScheme = "webhook" | "wechatpay";

/** Where the shop's merchant settles, as a process of its own. */
export interface ShopAcquirer {
  readonly scheme: ShopScheme;
  readonly process: AcquirerProcess;
  /** The options by which an approver seals to it: scheme, its public key, and that key's id. */
  readonly sealing: readonly string[];
  /** The account that it pays to now. */
  account(): Promise<Account>;
}

export interface AcquirerRequest {
  readonly scheme: ShopScheme;
  /** Institution code, as terminals' records have it. */
  readonly code: string;
  readonly merchant: string;
  /** What it pays to at first. */
  readonly account: Account;
  readonly data: string;
  /** The maker's own machine: the simulator's keys lie there, and the public one that approvers seal with. */
  readonly maker: string;
}

/** Starts it, and writes `acquirers.json` of the data folder with the keys that it names. */
export async function openShopAcquirer(request: AcquirerRequest): Promise<ShopAcquirer> {
  const { scheme, code, merchant, account, data, maker } = request;
  const { deviceKeys } = await loadSharedKeys();
  const [partner, platform, otherKey] = deviceKeys;
  const secret = randomBytes(32).toString("hex");
  const there = scheme === "wechatpay" ? SUB_MCHID : merchant;
  const config: AcquirerConfig = {
    ...{ scheme, port: 0, accounts: { [there]: account }, secret, otherKey },
    asker: { id: scheme === "wechatpay" ? MCHID : "k1", serial: "ASKER01", key: toPublicPem(partner) },
    platform: { serial: KEY_ID, key: platform },
  };
  const configFile = join(maker, "acquirer-simulator.json");
  writeFileSync(configFile, JSON.stringify(config), { mode: 0o600 });
  const simulator = await openAcquirerProcess(MAIN, configFile);

  const keys = join(data, "keys");
  mkdirSync(keys, { recursive: true, mode: 0o700 });
  writeFileSync(join(keys, "partner.pem"), partner, { mode: 0o600 });
  writeFileSync(join(keys, "acquirer.hex"), `${secret}\n`, { mode: 0o600 });
  const sealKey = join(maker, "platform.pem");
  for (const file of [join(keys, "platform.pem"), sealKey]) writeFileSync(file, toPublicPem(platform));
  const url = `http://127.0.0.1:${simulator.port}`;
  const settings =
    scheme === "wechatpay"
      ? {
          ...{ adapter: scheme, url, mchid: MCHID, serial: "ASKER01", keyFile: "keys/partner.pem" },
          ...{ platformKeys: { [KEY_ID]: "keys/platform.pem" }, merchants: { [merchant]: SUB_MCHID } },
          ...{ banks: { "102": "工商银行", "103": "农业银行" }, areas: { "*": "350100" } },
        }
      : { adapter: scheme, url, algorithm: "hmac-sha256", keyId: "k1", keyFile: "keys/acquirer.hex" };
  writeFileSync(join(data, "acquirers.json"), JSON.stringify({ [code]: settings }));
  return {
    ...{ scheme, process: simulator },
    sealing: ["--scheme", scheme, "--acquirer-key", sealKey, "--key-id", KEY_ID],
    account: async () => {
      const { accounts } = await simulator.command({ type: "look" });
      const found = accounts[there];
      if (found === undefined) throw new Error(`the acquirer has no account of ${there}`);
      return found;
    },
  };
}

function toPublicPem(key: string): string {
  return createPublicKey(key).export({ type: "spki", format: "pem" }).toString();
}
