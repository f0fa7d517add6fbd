import { readStrictJson } from "../../../../certs/trust/strict-json.ts";
import { parseRequestPem } from "../../../../certs/x509/certification-request.ts";
import { check, checkPresent, checkText } from "../../../../proto/check.ts";
import { CRYPTOGRAM, FACTOR } from "../../../../proto/cryptogram.ts";
import { TillsyncError } from "../../../../proto/errors.ts";
import { parseTusn } from "../../../../proto/tusn.ts";
import type { Claimant, EnrolmentRequest } from "../../../app/enrolment/enrol.ts";

/** What a terminal sends as JSON, from hostile bytes: exactly the members that are named, each a text. */

const JSON_TYPE = /^application\/json *(;|$)/i;
const MAX_TOKEN_CHARACTERS = 128;

type Texts = Readonly<Record<string, string>>;

/** @throws TillsyncError FIELD_INVALID, FIELD_MISSING, TUSN_INVALID */
export function parseClaimant(type: string | undefined, body: Uint8Array): Claimant {
  return toClaimant(parseTexts(type, body, ["tusn", "token"], []));
}

/** @throws TillsyncError FIELD_INVALID, FIELD_MISSING, TUSN_INVALID, REQUEST_MALFORMED */
export function parseEnrolmentRequest(type: string | undefined, body: Uint8Array): EnrolmentRequest {
  const texts = parseTexts(type, body, ["tusn", "token", "request"], ["factor", "cryptogram"]);
  const { factor, cryptogram, request = "" } = texts;
  check((factor === undefined) === (cryptogram === undefined), "cryptogram");
  const proof =
    factor === undefined || cryptogram === undefined
      ? {}
      : {
          proof: {
            factor: checkText(factor, FACTOR, "factor"),
            cryptogram: checkText(cryptogram, CRYPTOGRAM, "cryptogram"),
          },
        };
  return { ...toClaimant(texts), request: parseRequestPem(request), ...proof };
}

/** The request in DER. @throws TillsyncError FIELD_INVALID, FIELD_MISSING, REQUEST_MALFORMED */
export function parseRenewal(type: string | undefined, body: Uint8Array): Uint8Array {
  return parseRequestPem(parseTexts(type, body, ["request"], [])["request"] ?? "");
}

function toClaimant({ tusn = "", token = "" }: Texts): Claimant {
  check(token.length <= MAX_TOKEN_CHARACTERS, "token");
  return { tusn: parseTusn(tusn), token };
}

function parseTexts(
  type: string | undefined,
  body: Uint8Array,
  demanded: readonly string[],
  optional: readonly string[],
): Texts {
  check(JSON_TYPE.test(type ?? ""), "content-type");
  const value = parseJson(body);
  check(typeof value === "object" && value !== null && !Array.isArray(value), "json");
  const members = Object.entries(value as object);
  for (const [name, text] of members) {
    check([...demanded, ...optional].includes(name), "json");
    check(typeof text === "string", name);
  }
  const texts = Object.fromEntries(members) as Texts;
  for (const name of demanded) checkPresent(texts[name], name);
  return texts;
}

/** The parser's own error may quote what came, and is therefore never kept. */
function parseJson(body: Uint8Array): unknown {
  try {
    return readStrictJson(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body));
  } catch {
    throw new TillsyncError("FIELD_INVALID", { field: "json" });
  }
}
