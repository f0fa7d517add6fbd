import { createPrivateKey, createPublicKey } from "node:crypto";
import type { Behaviour } from "./behaviour.ts";
import { type Account, Books, type Change, type Decision } from "./books.ts";
import { LakalaScheme } from "./lakala.ts";
import type { Incoming, Scheme } from "./scheme.ts";
import { type AcquirerServer, openAcquirerServer } from "./server.ts";
import { WebhookScheme } from "./webhook.ts";
import { WechatPayScheme } from "./wechatpay.ts";

// What parent and acquirer process say to each other over node's IPC channel, as JSON.

/** How the process is started: its one argument. Keys are PEM in the text, but for the secrets, which are hexadecimal. */
export interface AcquirerConfig {
  readonly scheme: "wechatpay" | "lakala" | "webhook";
  readonly port: number;
  readonly tls?: { readonly key: string; readonly cert: string };
  /** By merchants' numbers as the acquirer has them. */
  readonly accounts: Readonly<Record<string, Account>>;
  /** The asker: mchid, appid or key id; serial; public key. */
  readonly asker: { readonly id: string; readonly serial?: string; readonly key?: string };
  /** The platform: serial, RSA private key; for a webhook with Ed25519 the key that signs. */
  readonly platform: { readonly serial?: string; readonly key: string; readonly answerKey?: string };
  /** Of HMAC-SHA256, or SM4. */
  readonly secret?: string;
  /** RSA private key of somebody else. */
  readonly otherKey?: string;
}

export type Command =
  | { readonly type: "script"; readonly behaviours: readonly Behaviour[] }
  /** How changes end from now on; without a decision they wait for `decide`. */
  | { readonly type: "settle"; readonly decision?: Decision }
  | { readonly type: "decide"; readonly id: string; readonly decision: Decision }
  | { readonly type: "look" };

export interface Look {
  readonly requests: readonly Incoming[];
  readonly changes: readonly Change[];
  readonly accounts: Readonly<Record<string, Account>>;
}

export interface SimulatedAcquirer {
  readonly port: number;
  apply(command: Command): Look;
  close(): Promise<void>;
}

/** @throws TillsyncError PORT_IN_USE */
export async function openAcquirer(config: AcquirerConfig): Promise<SimulatedAcquirer> {
  const books = new Books(config.accounts);
  const { port, tls } = config;
  const server = await openAcquirerServer({
    scheme: toScheme(config, books),
    port,
    ...(tls === undefined ? {} : { tls }),
  });
  return { port: server.port, close: () => server.close(), apply: (command) => apply(server, books, command) };
}

function apply(server: AcquirerServer, books: Books, command: Command): Look {
  if (command.type === "script") server.script(command.behaviours);
  if (command.type === "settle") books.settle(command.decision);
  if (command.type === "decide") books.decide(command.id, command.decision);
  const accounts = Object.fromEntries(books.accounts);
  return { requests: server.requests(), changes: [...books.changes.values()], accounts };
}

function toScheme({ scheme, asker, platform, secret = "", otherKey = "" }: AcquirerConfig, books: Books): Scheme {
  const { id, serial = "", key = "" } = asker;
  const platformKey = createPrivateKey(platform.key);
  if (scheme === "webhook") {
    const { answerKey } = platform;
    const keys =
      answerKey === undefined
        ? { secret: Buffer.from(secret, "hex") }
        : { askerKey: createPublicKey(key), answerKey: createPrivateKey(answerKey) };
    return new WebhookScheme({ keyId: id, ...keys, platformKey, books });
  }
  const common = {
    ...{ serial, platformKey, books },
    partnerKey: createPublicKey(key),
    platformSerial: platform.serial ?? "",
    otherKey: createPrivateKey(otherKey),
  };
  return scheme === "wechatpay"
    ? new WechatPayScheme({ mchid: id, ...common })
    : new LakalaScheme({ appid: id, sm4Key: Buffer.from(secret, "hex"), ...common });
}
