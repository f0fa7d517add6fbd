import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { ChangeFacts } from "../../certs/acquirer/lakala-body.ts";
import { type SealedAccount, sealAccount } from "../../certs/acquirer/seal.ts";
import { parseRsaKey } from "../../certs/x509/rsa-key.ts";
import { SALT_BYTES } from "../../proto/bytes.ts";
import type { Binding } from "../../proto/profile.ts";
import { toBinding } from "../../proto/settlement.ts";
import type { Account } from "../../sim/acquirers/books.ts";
import { type AcquirerConfig, openAcquirer, type SimulatedAcquirer } from "../../sim/acquirers/control.ts";
import type { Acquirer, SettlementOrder } from "../../src/app/acquirers/acquirer.ts";
import { type OpenOptions, openAcquirers } from "../../src/app/acquirers/open.ts";
import { toBindingFacts } from "../../src/app/acquirers/orders.ts";
import { type AcquirerSettings, readAcquirerSettings } from "../../src/app/acquirers/settings.ts";
import { makeFolder, openTestFleet, type TestFleet } from "./fleet-store.ts";
import { loadSharedKeys } from "./shared-keys.ts";

export const MERCHANT = "822584055110042";
export const OTHER_MERCHANT = "822584055110099";
/** A genuine-looking card number that must be read nowhere but at the acquirer. */
export const NEW_NUMBER = "6228480402564890018";
export const OLD_NUMBER = "6222021001116245702";
export const SCHEMES = ["wechatpay", "lakala", "webhook"] as const;
export type SchemeName = (typeof SCHEMES)[number];

/** What a merchant is called there, scheme by scheme. */
const THERE: Readonly<Record<SchemeName, string>> = {
  wechatpay: "1900006491",
  lakala: "82258405511",
  webhook: MERCHANT,
};
const OLD_ACCOUNT: Account = {
  ...{ kind: "card", bank: "工商银行", cnaps: "102100099996", holder: "张伟", number: OLD_NUMBER },
};

export interface Card {
  readonly number: string;
  readonly salt: Uint8Array;
  readonly binding: Binding;
}

export function toCard(number = NEW_NUMBER, bank = "农业银行", cnaps = "103100000026"): Card {
  const salt = randomBytes(SALT_BYTES);
  return { number, salt, binding: toBinding({ kind: "card", bank, cnaps, holder: "张伟", accountNo: number }, salt) };
}

export const OLD_CARD = toCard(OLD_NUMBER, "工商银行", "102100099996");

/** A fleet service's acquirer with what it asks: a simulated one with sockets of its own. */
export interface Settling {
  readonly fleet: TestFleet;
  readonly folder: string;
  readonly acquirer: Acquirer;
  readonly settings: AcquirerSettings;
  readonly sim: SimulatedAcquirer;
  /** An order to the new card, sealed to the platform. */
  order(more?: Partial<SettlementOrder>, card?: Card): SettlementOrder;
  seal(card: Card, requestNo: string): SealedAccount;
}

export interface SettlingOptions extends OpenOptions {
  readonly algorithm?: "hmac-sha256" | "ed25519";
}

interface Keys {
  readonly partner: string;
  readonly platform: string;
  readonly other: string;
}

const SM4_KEY = randomBytes(16);
const SECRET = randomBytes(32).toString("hex");
let count = 0;

/** Opened anew for each test; gone when it has finished. */
export async function openSettling(scheme: SchemeName, options: SettlingOptions = {}): Promise<Settling> {
  const { algorithm = "hmac-sha256", ...open } = options;
  const fleet = await openTestFleet(Math.floor(Date.now() / 1_000));
  const folder = makeFolder();
  const { deviceKeys } = await loadSharedKeys();
  const keys: Keys = { partner: deviceKeys[0], platform: deviceKeys[1], other: deviceKeys[2] };
  const ed25519 = { asker: generateKeyPairSync("ed25519"), answer: generateKeyPairSync("ed25519") };
  const isEd25519 = scheme === "webhook" && algorithm === "ed25519";
  const config: AcquirerConfig = {
    ...{ scheme, port: 0, accounts: { [THERE[scheme]]: OLD_ACCOUNT }, otherKey: keys.other },
    asker: {
      ...{ id: scheme === "wechatpay" ? "1900000001" : "OP00000003", serial: "ASKER01" },
      key: toPublicPem(isEd25519 ? ed25519.asker.publicKey : createPublicKey(keys.partner)),
    },
    platform: {
      ...{ serial: "PUB_KEY_ID_01", key: keys.platform },
      ...(isEd25519 ? { answerKey: toPrivatePem(ed25519.answer.privateKey) } : {}),
    },
    secret: scheme === "lakala" ? SM4_KEY.toString("hex") : SECRET,
  };
  const sim = await openAcquirer(config);
  onTestFinished(() => sim.close());
  const write = (name: string, text: string, mode = 0o600) => {
    writeFileSync(join(folder, name), text, { mode });
    return name;
  };
  write("partner.pem", keys.partner);
  write("platform.pem", toPublicPem(createPublicKey(keys.platform)), 0o644);
  write("secret.hex", `${SECRET}\n`);
  write("asker.pem", toPrivatePem(ed25519.asker.privateKey));
  write("answer.pem", toPublicPem(ed25519.answer.publicKey), 0o644);
  write("acquirers.json", JSON.stringify({ A1: toMembers(scheme, sim.port, algorithm) }), 0o644);
  const [settings] = readAcquirerSettings(folder);
  if (settings === undefined) throw new Error("no settings");
  const acquirer = openAcquirers(fleet, [settings], { ...QUICK, ...open }).get("A1");
  if (acquirer === undefined) throw new Error("no acquirer");
  const seal = (card: Card, requestNo: string) => sealCard(scheme, parseRsaKey(keys.platform), card, requestNo);
  const order: Settling["order"] = (more = {}, card = toCard()) => {
    count += 1;
    const requestNo = more.requestNo ?? `CHG${String(count).padStart(8, "0")}`;
    const facts = { wanted: toBindingFacts(card.binding), before: toBindingFacts(OLD_CARD.binding) };
    const nothing = { reference: "", reverses: "" };
    return { requestNo, merchant: MERCHANT, ...facts, ...nothing, sealed: seal(card, requestNo), ...more };
  };
  return { fleet, folder, acquirer, settings, sim, order, seal };
}

/** Waits take no time; an attempt takes a second at most. */
const QUICK: OpenOptions = {
  attemptMs: 1_000,
  random: () => 0,
  startTimer: (ms, onElapsed) => {
    const timer = setTimeout(onElapsed, ms === 1_000 ? ms : 0);
    return () => clearTimeout(timer);
  },
};

function toMembers(scheme: SchemeName, port: number, algorithm: string): object {
  const url = `http://127.0.0.1:${port}`;
  const merchants = { [MERCHANT]: THERE[scheme] };
  const platformKeys = { PUB_KEY_ID_01: "platform.pem" };
  const rsa = { serial: "ASKER01", keyFile: "partner.pem", platformKeys };
  switch (scheme) {
    case "wechatpay": {
      const banks = { "102": "工商银行", "103": "农业银行" };
      return { adapter: scheme, url, merchants, ...rsa, mchid: "1900000001", banks, areas: { "*": "110000" } };
    }
    case "lakala": {
      const paths = { account: "/sim/account", terminal: "/sim/terminal", bind: "/sim/bind", unbind: "/sim/unbind" };
      const callback = "https://tillsync.example/none";
      return { adapter: scheme, url, merchants, ...rsa, appid: "OP00000003", organisation: "1", callback, paths };
    }
    case "webhook": {
      const keys =
        algorithm === "ed25519" ? { keyFile: "asker.pem", answerKeyFile: "answer.pem" } : { keyFile: "secret.hex" };
      return { adapter: scheme, url, algorithm, keyId: "OP00000003", ...keys };
    }
  }
}

function sealCard(scheme: SchemeName, platform: KeyObject, card: Card, request: string): SealedAccount {
  const id = "PUB_KEY_ID_01";
  const { number, salt, binding } = card;
  if (scheme !== "lakala") {
    return sealAccount({ number, salt }, binding, { scheme, id, key: createPublicKey(platform) });
  }
  const facts: ChangeFacts = {
    ...{ request, organisation: "1", member: "merCupNo", merchant: THERE.lakala },
    ...{ callback: "https://tillsync.example/none", clearingBank: "", settlePeriod: "", timestamp: "1800000000000" },
  };
  return sealAccount({ number, salt }, binding, { scheme, id: "SM4-01", key: SM4_KEY, facts });
}

function toPublicPem(key: KeyObject): string {
  return key.export({ type: "spki", format: "pem" }).toString();
}

function toPrivatePem(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}
