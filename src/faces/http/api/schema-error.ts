import type { FastifySchemaValidationError } from "fastify/types/schema.js";
import { TillsyncError } from "../../../../proto/errors.ts";

/**
 * What a schema refuses, by the field alone. Of a member that nobody knows, not even the name is repeated: it is the
 * client's own text.
 */
export function toFieldError(errors: FastifySchemaValidationError[], part: string): TillsyncError {
  const [first] = errors;
  const path = (first?.instancePath ?? "").split("/").filter((name) => name !== "");
  const missing = first?.keyword === "required" ? String(first.params["missingProperty"]) : undefined;
  const field = [...path, ...(missing === undefined ? [] : [missing])].join(".");
  return new TillsyncError(missing === undefined ? "FIELD_INVALID" : "FIELD_MISSING", {
    field: field === "" ? toPart(part) : field,
  });
}

function toPart(part: string): string {
  return part === "querystring" ? "query" : part;
}
