import type { KeyObject } from "node:crypto";
import { parseRsaKey } from "../../certs/x509/rsa-key.ts";
import { computeCryptogram } from "../../proto/cryptogram.ts";
import type { ErrorCode } from "../../proto/errors.ts";
import { toErrorCode } from "../../proto/errors.ts";
import { parseTusn, type Tusn } from "../../proto/tusn.ts";
import { type Enrolment, type EnrolmentRequest, openEnrolment } from "../../src/app/enrolment/enrol.ts";
import { createTokens, type TokenOptions } from "../../src/app/enrolment/tokens.ts";
import { importFleet } from "../../src/app/import/import-fleet.ts";
import type { Verifier } from "../../src/app/verifiers/verifier.ts";
import { loadCertificates } from "./certificates.ts";
import { createRequest, type RequestFields } from "./certification-request.ts";
import { type TestFleet, toFleetRow, toTerminalFields } from "./fleet-store.ts";
import { loadSharedKeys } from "./shared-keys.ts";

/** Terminals on record that nobody has enrolled. */
export async function registerFleet(fleet: TestFleet, count = 1): Promise<readonly Tusn[]> {
  const rows = Array.from({ length: count }, (_, n) => toFleetRow(toTerminalFields(n)));
  await importFleet(fleet, rows);
  return rows.map(({ terminal }) => terminal.tusn);
}

export async function openTestEnrolment(fleet: TestFleet, verifiers: readonly Verifier[] = []): Promise<Enrolment> {
  const { authority } = await loadCertificates();
  return openEnrolment(fleet, { authority, certificateDays: 30, verifiers });
}

/** A token for one terminal, good for an hour. */
export async function makeToken(fleet: TestFleet, tusn: Tusn, change: Partial<TokenOptions> = {}): Promise<string> {
  const options = { validS: 3_600, needsAdmission: false, actor: "operator", ...change };
  const [created] = await createTokens(fleet, [tusn], options);
  return created?.token ?? "";
}

/** Device keys of two devices, none of them that of `loadCertificates`. */
export async function loadDeviceKeys(): Promise<readonly [KeyObject, KeyObject]> {
  const [, first, second] = (await loadSharedKeys()).deviceKeys;
  return [parseRsaKey(first), parseRsaKey(second)];
}

/** A request as a terminal makes it. */
export function toEnrolmentRequest(
  tusn: Tusn,
  token: string,
  key: KeyObject,
  fields: RequestFields = { commonName: tusn, uris: [`urn:tusn:${tusn}`] },
): EnrolmentRequest {
  return { tusn, token, request: createRequest(key, fields) };
}

/** The code that it is refused with; empty where it is not. */
export async function codeOf(work: Promise<unknown>): Promise<ErrorCode | ""> {
  try {
    await work;
    return "";
  } catch (error) {
    return toErrorCode(error);
  }
}

export const SN_KEY = Buffer.alloc(16, 0x32);

/** Knows the SN keys of these terminals and of no other. */
export class KnownKeys implements Verifier {
  readonly source = "local_keys";
  readonly #tusns: readonly string[];
  /** How often it was asked to compare. */
  asked = 0;

  constructor(...tusns: readonly string[]) {
    this.#tusns = tusns;
  }

  async wantsCryptogram(tusn: Tusn): Promise<boolean> {
    return this.#tusns.includes(tusn);
  }

  async verify({ tusn, factor, cryptogram }: Parameters<Verifier["verify"]>[0]) {
    this.asked += 1;
    if (!this.#tusns.includes(tusn)) return { verdict: "unknown", source: this.source, evidence: {} } as const;
    const isRight = computeCryptogram(SN_KEY, tusn, factor) === cryptogram;
    return { verdict: isRight ? "verified-crypto" : "mismatch", source: this.source, evidence: {} } as const;
  }
}

export const UNKNOWN_TUSN = parseTusn("00000304N7NL09999999");
