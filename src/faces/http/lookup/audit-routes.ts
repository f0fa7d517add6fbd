import type { FastifyInstance, FastifyRequest } from "fastify";
import { type Attestation, toAttestationBytes } from "../../../../certs/attestation/format.ts";
import { PAGE_LANGUAGES, type PageLanguage } from "../../../../certs/attestation/words.ts";
import { TillsyncError } from "../../../../proto/errors.ts";
import { isTusn, type Tusn } from "../../../../proto/tusn.ts";
import { explainNumber } from "../../../../proto/tusn-slips.ts";
import { type Attestor, issueAttestation } from "../../../app/attestation/issue.ts";
import { lookUp, lookUpMany } from "../../../app/attestation/look-up.ts";
import type { Context } from "../../../app/context.ts";
import { toAttestationPage } from "./attestation-page.ts";
import { openGate } from "./auditor.ts";
import { HTML_TYPE, PAGE_POLICY } from "./html.ts";
import { CHECKS_COST, MAX_CHECK_BYTES, MAX_CHECK_LINES } from "./limits.ts";

const JSON_TYPE = "application/json; charset=utf-8";
const DSSE_TYPE = "application/vnd.dsse.envelope.v1+json";
const FORMATS = ["json", "html", "dsse"] as const;
type Format = (typeof FORMATS)[number];

declare module "fastify" {
  interface FastifyRequest {
    /** Name of the auditor who makes the request, once that is known. */
    auditor?: string;
  }
}

interface ByTusn {
  readonly Params: { readonly tusn: string };
}

/** Look-ups for auditors: each with a key of his own, each told by log and ledger. */
export function addAuditRoutes(app: FastifyInstance, context: Context, attestor: Attestor): void {
  const gate = openGate(context);
  /** Before a byte of the body is read. */
  const onRequest = async (request: FastifyRequest) => {
    request.auditor = await gate.enter(request);
  };

  app.get<ByTusn>("/audit/v1/terminals/:tusn", { onRequest }, async (request, reply) => {
    const auditor = request.auditor ?? "";
    gate.spend(auditor, 1);
    const { format, lang } = parseQuery(request);
    const attestation = await read(auditor, parseNumber(request.params.tusn));
    if (format === "html") {
      const page = toAttestationPage(attestation, lang);
      return reply.headers({ "content-security-policy": PAGE_POLICY }).type(HTML_TYPE).send(page);
    }
    if (format === "json") return reply.type(JSON_TYPE).send(Buffer.from(toAttestationBytes(attestation)));
    const name = `attachment; filename="${attestation.tusn}.dsse.json"`;
    const signed = Buffer.from(await issueAttestation(attestor, attestation));
    return reply.headers({ "content-disposition": name }).type(DSSE_TYPE).send(signed);
  });

  app.post("/audit/v1/checks", { onRequest, bodyLimit: MAX_CHECK_BYTES }, async (request, reply) => {
    const auditor = request.auditor ?? "";
    gate.spend(auditor, CHECKS_COST);
    const lines = parseLines(request.body);
    const checks = await lookUpMany(context, auditor, lines);
    context.log.info({ auditor, numbers: lines.length }, "auditor checked");
    return reply.send({ checks: checks.map((check, index) => ({ line: index + 1, ...check })) });
  });

  const read = async (auditor: string, tusn: Tusn): Promise<Attestation> => {
    const attestation = await lookUp(context, attestor, auditor, tusn);
    context.log.info({ auditor, terminal: tusn, found: attestation !== undefined }, "auditor looked");
    if (attestation === undefined) throw new TillsyncError("NOT_FOUND", toHints(tusn));
    return attestation;
  };
}

/** @throws TillsyncError TUSN_INVALID with the likely slip, never with the text */
function parseNumber(text: string): Tusn {
  const { kind } = explainNumber(text);
  if (kind !== "tusn" || !isTusn(text)) throw new TillsyncError("TUSN_INVALID", toHints(text));
  return text;
}

function toHints(text: string): Readonly<Record<string, string>> {
  const { kind, slips, suggestion } = explainNumber(text);
  return { kind, slips: slips.join(" "), ...(suggestion === undefined ? {} : { suggestion }) };
}

/** @throws TillsyncError FIELD_INVALID for any other query than `format` and `lang` */
function parseQuery(request: FastifyRequest): { readonly format: Format; readonly lang: PageLanguage } {
  const query = request.query as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(query)) {
    if (name !== "format" && name !== "lang") throw new TillsyncError("FIELD_INVALID", { field: "query" });
  }
  const { accept = "", "accept-language": language = "" } = request.raw.headers;
  const format = FORMATS.find((each) => each === (query["format"] ?? (accept.includes("text/html") ? "html" : "json")));
  const lang = PAGE_LANGUAGES.find((each) => each === (query["lang"] ?? (/^\s*zh/i.test(language) ? "zh" : "en")));
  if (format === undefined || lang === undefined) throw new TillsyncError("FIELD_INVALID", { field: "query" });
  return { format, lang };
}

/** Numbers one a line. @throws TillsyncError BYTES_TOO_LARGE, FIELD_INVALID */
function parseLines(body: unknown): readonly string[] {
  const text = Buffer.isBuffer(body) ? body.toString("utf8") : "";
  const lines = text.replace(/^\ufeff/, "").split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  if (lines.length === 0) throw new TillsyncError("FIELD_INVALID", { field: "body" });
  if (lines.length > MAX_CHECK_LINES) throw new TillsyncError("BYTES_TOO_LARGE", { lines: MAX_CHECK_LINES });
  return lines;
}
