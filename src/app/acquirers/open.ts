import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { parsePlatformKey } from "../../../certs/acquirer/rsa.ts";
import { parseRsaKey } from "../../../certs/x509/rsa-key.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import type { Context } from "../context.ts";
import { Caller, type CallerOptions } from "../http-client/caller.ts";
import { toEndpoint } from "../http-client/client.ts";
import { parseKeyFile, readPublicFile, readSecretFile } from "../key-files.ts";
import type { Acquirer } from "./acquirer.ts";
import { MAX_ANSWER_BYTES } from "./answer.ts";
import { LakalaAcquirer } from "./lakala.ts";
import { LakalaPlatform } from "./lakala-platform.ts";
import { ManualAcquirer } from "./manual/manual.ts";
import type { AcquirerSettings, LakalaSettings, Names, WebhookSettings } from "./settings.ts";
import { WebhookAcquirer } from "./webhook.ts";
import type { WebhookKeys } from "./webhook-wire.ts";
import { WechatPayAcquirer } from "./wechatpay.ts";

/** Acquirers look some things up by hand, and are slow. */
const ATTEMPT_MS = 15_000;
const SECRET = /^[0-9a-f]{64,256}$/;

/** What tests put in the place of the machine's own. */
export type OpenOptions = Pick<CallerOptions, "clock" | "today" | "random" | "startTimer" | "attemptMs">;

/**
 * The acquirers that the settings name, by code, with their keys read. Nobody is called yet.
 *
 * @throws TillsyncError CONFIG_INVALID; DATA_FOLDER_INVALID where a file of theirs cannot be used
 */
export function openAcquirers(
  context: Context,
  settings: readonly AcquirerSettings[],
  options: OpenOptions = {},
): ReadonlyMap<string, Acquirer> {
  return new Map(settings.map((one) => [one.code, openAcquirer(context, one, options)]));
}

function openAcquirer(context: Context, settings: AcquirerSettings, options: OpenOptions): Acquirer {
  const { now, randomBytes } = context;
  switch (settings.adapter) {
    case "manual":
      return new ManualAcquirer({ context, code: settings.code, channel: settings.channel });
    case "wechatpay":
      return new WechatPayAcquirer({
        ...{ settings, now, randomBytes },
        key: readRsaKey(settings.keyFile),
        platformKeys: readPlatformKeys(settings.platformKeys),
        caller: openCaller(context, settings, options),
      });
    case "lakala":
      return new LakalaAcquirer(openLakalaPlatform(context, settings, options));
    case "webhook":
      return new WebhookAcquirer({
        ...{ settings, now, randomBytes },
        keys: readWebhookKeys(settings),
        caller: openCaller(context, settings, options),
      });
  }
}

/** @throws TillsyncError as `openAcquirers` */
export function openLakalaPlatform(
  context: Context,
  settings: LakalaSettings,
  options: OpenOptions = {},
): LakalaPlatform {
  const { now, randomBytes } = context;
  return new LakalaPlatform({
    ...{ settings, now, randomBytes },
    key: readRsaKey(settings.keyFile),
    platformKeys: readPlatformKeys(settings.platformKeys),
    caller: openCaller(context, settings, options),
  });
}

function openCaller(
  { log }: Context,
  { code, url, caFile }: Extract<AcquirerSettings, { readonly url: string }>,
  options: OpenOptions,
): Caller {
  const ca = caFile === undefined ? undefined : readPublicFile(caFile);
  return new Caller({
    ...{ attemptMs: ATTEMPT_MS, ...options, log },
    endpoint: toEndpoint(url, `acquirers.${code}.url`, ca),
    ...{ name: `acquirer ${code}`, code: "ACQUIRER_FAILED", maxAnswerBytes: MAX_ANSWER_BYTES },
  });
}

function readRsaKey(path: string): KeyObject {
  return parseKeyFile(path, readSecretFile(path), parseRsaKey);
}

function readPlatformKeys(files: Names): ReadonlyMap<string, KeyObject> {
  return new Map(
    Object.entries(files).map(([id, path]) => [id, parseKeyFile(path, readPublicFile(path), parsePlatformKey)]),
  );
}

function readWebhookKeys({ algorithm, keyFile, answerKeyFile = "" }: WebhookSettings): WebhookKeys {
  const text = readSecretFile(keyFile);
  if (algorithm === "hmac-sha256") return { algorithm, secret: parseKeyFile(keyFile, text.trim(), parseSecret) };
  return {
    algorithm,
    privateKey: parseKeyFile(keyFile, text, (pem) => demandEd25519(createPrivateKey(pem))),
    answerKey: parseKeyFile(answerKeyFile, readPublicFile(answerKeyFile), (pem) => demandEd25519(createPublicKey(pem))),
  };
}

function parseSecret(text: string): Uint8Array {
  if (!SECRET.test(text)) throw new TillsyncError("KEY_INVALID", { expected: "32 bytes or more in hexadecimal" });
  return Buffer.from(text, "hex");
}

function demandEd25519(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType !== "ed25519") throw new TillsyncError("KEY_INVALID", { expected: "ed25519" });
  return key;
}
