import { readFileSync, statSync } from "node:fs";
import { basename } from "node:path";
import { TillsyncError } from "../../../proto/errors.ts";
import type { Log } from "../../log.ts";
import { Caller, type CallerOptions, type Judged } from "../http-client/caller.ts";
import type { Reply } from "../http-client/client.ts";
import type { RegistrySettings } from "../identity/settings.ts";
import { MAX_ANSWER_BYTES, parseAnswer, type RegistryAnswer } from "./registry-answer.ts";
import { type RegistryEndpoint, toEndpoint } from "./registry-client.ts";
import type { Answer, Claim, Verifier } from "./verifier.ts";

const MAX_FILE_BYTES = 65_536;
const TOKEN = /^[\x21-\x7e]{1,1024}$/;
const OK = 200;
const FIRST_CLIENT_FAULT = 400;
const TOO_MANY = 429;
const FIRST_SERVER_FAULT = 500;

export interface RegistryOptions extends Pick<CallerOptions, "log" | "clock" | "today" | "random" | "startTimer"> {
  readonly endpoint: RegistryEndpoint;
}

/** @throws TillsyncError CONFIG_INVALID; DATA_FOLDER_INVALID where a file of it cannot be read */
export function openRegistry({ url, caFile, tokenFile }: RegistrySettings, log: Log): Verifier {
  const ca = caFile === undefined ? undefined : readFile(caFile);
  return new RegistryVerifier({ endpoint: toEndpoint(url, ca, readToken(tokenFile)), log });
}

/** Asks a registry of terminals over HTTP (docs/registry.md). What it answers is believed as a verdict and nothing else. */
export class RegistryVerifier implements Verifier {
  readonly source = "registry";
  readonly #endpoint: RegistryEndpoint;
  readonly #caller: Caller;

  constructor(options: RegistryOptions) {
    this.#endpoint = options.endpoint;
    this.#caller = new Caller({
      ...options,
      ...{ name: "registry", code: "VERIFIER_FAILED", maxAnswerBytes: MAX_ANSWER_BYTES },
    });
  }

  async wantsCryptogram(): Promise<boolean> {
    return true;
  }

  async verify({ tusn, factor, cryptogram, certificateNo }: Claim): Promise<Answer> {
    if (cryptogram === "") return { verdict: "unknown", source: this.source, evidence: {} };
    const { url, token } = this.#endpoint;
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const body = JSON.stringify({ tusn, factor, cryptogram, certificateNo });
    const { verdict, reference, at } = await this.#caller.call({
      toRequest: () => ({ method: "POST", path: url.pathname, headers, body }),
      judge,
      repeats: true,
    });
    return { verdict, source: this.source, evidence: { reference, at } };
  }
}

function judge({ status, isJson, body }: Reply): Judged<RegistryAnswer> {
  if (status === TOO_MANY || status >= FIRST_SERVER_FAULT) return { error: failed(status), again: true, counts: true };
  if (status !== OK) return { error: failed(status), again: false, counts: status < FIRST_CLIENT_FAULT };
  if (!isJson) return outside("content type");
  try {
    return { answer: parseAnswer(body) };
  } catch (error) {
    return outside(error instanceof TillsyncError ? String(error.fields["field"]) : "answer");
  }
}

/** An answer outside the contract: asked again, it would be the same. */
function outside(field: string): Judged<RegistryAnswer> {
  return { error: new TillsyncError("VERIFIER_FAILED", { what: "answer", field }), again: false, counts: true };
}

function failed(status: number): TillsyncError {
  return new TillsyncError("VERIFIER_FAILED", { what: "status", status });
}

function readToken(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  const token = readFile(path).trim();
  if (!TOKEN.test(token)) throw new TillsyncError("DATA_FOLDER_INVALID", { file: basename(path), expected: "a token" });
  return token;
}

function readFile(path: string): string {
  try {
    if (statSync(path).size > MAX_FILE_BYTES) throw new Error("too large");
    return readFileSync(path, "utf8");
  } catch {
    throw new TillsyncError("DATA_FOLDER_INVALID", { file: basename(path), expected: "a readable file" });
  }
}
