import { FACTOR } from "../../proto/cryptogram.ts";
import { ERRORS, type ErrorCode, TillsyncError } from "../../proto/errors.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { type Reader, readJson, record, text, whole } from "../read-json.ts";
import { type HttpAnswer, post, type Server } from "./post.ts";

const MAX_PEM_CHARACTERS = 32_768;
const MAX_EXPIRES_S = 86_400;
const CODE = /"code"\s*:\s*"([A-Z_]{1,40})"/;

/** Who wants to be enrolled, and by which one-time token. */
export interface Claim {
  readonly tusn: Tusn;
  readonly token: string;
}

export interface CertificateRequest extends Claim {
  /** PKCS#10 in PEM. */
  readonly request: string;
  /** The terminal's proof over a factor, where the service asked for one. */
  readonly proof: { readonly factor: string; readonly cryptogram: string } | undefined;
}

/** A certificate, whose word nothing is taken for yet; or a person has to admit the terminal first. */
export type Issued =
  | { readonly kind: "issued"; readonly certificate: string }
  | { readonly kind: "pending"; readonly retryAfterS: number | undefined };

/**
 * The service's enrolment. Every method throws TillsyncError: the code that the service refuses with, FETCH_FAILED where
 * it says nothing of use.
 */
export interface EnrolmentService {
  /** Digits over which the terminal is to prove its TUSN; undefined where that is not wanted. */
  askFactor(claim: Claim): Promise<string | undefined>;
  askCertificate(request: CertificateRequest): Promise<Issued>;
  /** Over a connection under the present certificate. */
  renew(request: string): Promise<Issued>;
}

const FACTOR_ANSWER = record<{ factor: string | null; expires: number }>({
  factor: (value, field) => (value === null ? null : text(FACTOR)(value, field)),
  expires: whole(0, MAX_EXPIRES_S),
});
const pem = text(new RegExp(`^[^]{1,${MAX_PEM_CHARACTERS}}$`));
const ISSUED = record<{ certificate: string; chain: string }>({ certificate: pem, chain: pem });

/** The service over HTTPS. */
export function openEnrolmentService(server: Server): EnrolmentService {
  const askForCertificate = async (path: string, body: object): Promise<Issued> => {
    const answer = await post(server, path, body);
    if (answer.status === 202) return { kind: "pending", retryAfterS: answer.retryAfterS };
    // The chain is not looked at: whom to believe was told on the terminal, and never by the service.
    return { kind: "issued", certificate: parse(answer, path, ISSUED).certificate };
  };
  return {
    askFactor: async ({ tusn, token }) => {
      const path = "/enrol/v1/challenges";
      return parse(await post(server, path, { tusn, token }), path, FACTOR_ANSWER).factor ?? undefined;
    },
    askCertificate: ({ tusn, token, request, proof }) =>
      askForCertificate("/enrol/v1/certificates", { tusn, token, request, ...proof }),
    renew: (request) => askForCertificate("/enrol/v1/renewals", { request }),
  };
}

function parse<T>(answer: HttpAnswer, path: string, reader: Reader<T>): T {
  if (answer.status !== 200) throw toRefusal(answer, path);
  try {
    return readJson(answer.body, reader);
  } catch (cause) {
    throw new TillsyncError("FETCH_FAILED", { path, what: "answer outside the contract" }, cause);
  }
}

/** By the service's own code, where it is one of ours; of the rest that it says nothing is passed on. */
function toRefusal({ status, body, retryAfterS }: HttpAnswer, path: string): TillsyncError {
  const code = CODE.exec(body)?.[1] ?? "";
  const later = retryAfterS === undefined ? {} : { retryAfterS };
  return Object.hasOwn(ERRORS, code)
    ? new TillsyncError(code as ErrorCode, { path, status, ...later })
    : new TillsyncError("FETCH_FAILED", { path, status, ...later });
}
