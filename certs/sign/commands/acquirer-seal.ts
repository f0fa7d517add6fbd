import { check, checkChoice } from "../../../proto/check.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { MAX_FLAT_JSON_BYTES } from "../../../proto/flat-json.ts";
import { toPrintable } from "../../../proto/printable.ts";
import { parseBindingJson } from "../../../proto/settlement.ts";
import { parseChangeFacts } from "../../acquirer/lakala-body.ts";
import { parsePlatformKey } from "../../acquirer/rsa.ts";
import {
  parseSealedAccount,
  SEAL_SCHEMES,
  type SealKey,
  sealAccount,
  toSealedAccountJson,
} from "../../acquirer/seal.ts";
import type { Arguments, Command } from "../arguments.ts";
import { PUBLIC, readBounded, readSecret, writeNew } from "../files.ts";
import { readOpening } from "../opening.ts";
import { print } from "../output.ts";

const MAX_KEY_BYTES = 16_384;
const BASE64_KEY = /^[A-Za-z0-9+/]{22}==$/;

export const acquirerSeal: Command = {
  name: "acquirer-seal",
  about: "seal the number of a settlement to the acquirer's key, for the service to pass on",
  operands: [],
  options: {
    opening: { value: "FILE", about: "number and salt, made by binding", isRequired: true },
    binding: { value: "FILE", about: "the binding that it belongs to, made by binding", isRequired: true },
    scheme: {
      value: "SCHEME",
      about: `${SEAL_SCHEMES.join(", ")}: what the acquirer can open`,
      isRequired: true,
      pattern: new RegExp(`^(${SEAL_SCHEMES.join("|")})$`),
    },
    "acquirer-key": {
      value: "FILE",
      about: "its public key or certificate in PEM; for lakala the SM4 key, in base64, mode 0600",
      isRequired: true,
    },
    "key-id": {
      value: "ID",
      about: "what the acquirer calls that key: its serial number, or PUB_KEY_ID_...",
      isRequired: true,
      pattern: /^[0-9A-Za-z._-]{1,64}$/,
    },
    facts: { value: "FILE", about: "for lakala: what else stands in the request, from tillsync acquirers facts" },
    out: { value: "FILE", about: "file to make, which holds nothing that the service could read", isRequired: true },
  },
  run: async (given, ports) => {
    const out = given.demanded("out");
    const binding = parseBindingJson(readBounded(given.demanded("binding"), MAX_FLAT_JSON_BYTES));
    const sealed = sealAccount(readOpening(given.demanded("opening")), binding, readSealKey(given));
    const bytes = toSealedAccountJson(sealed);
    parseSealedAccount(bytes);
    writeNew(out, bytes, PUBLIC);
    const { scheme, key, request, commitment } = sealed;
    print(ports, given.flag("json"), { file: out, scheme, key, request, commitment }, () => toPrintable(out));
  },
};

function readSealKey(given: Arguments): SealKey {
  const scheme = checkChoice(given.demanded("scheme"), SEAL_SCHEMES, "scheme");
  const [path, id, facts] = [given.demanded("acquirer-key"), given.demanded("key-id"), given.text("facts")];
  if (scheme !== "lakala") {
    if (facts !== undefined) throw new TillsyncError("CONFIG_INVALID", { option: "facts", of: "lakala" });
    return { scheme, id, key: parsePlatformKey(readBounded(path, MAX_KEY_BYTES).toString("latin1")) };
  }
  if (facts === undefined) throw new TillsyncError("CONFIG_INVALID", { expected: "--facts" });
  const text = readSecret(path, MAX_KEY_BYTES, "KEY_INVALID").toString("latin1").trim();
  check(BASE64_KEY.test(text), "acquirer-key");
  const key = Buffer.from(text, "base64");
  return { scheme, id, key, facts: parseChangeFacts(readBounded(facts, MAX_FLAT_JSON_BYTES)) };
}
