import type { TSchema } from "typebox";

const WHOLE = /^(0|[1-9]\d{0,9})$/;

/**
 * What a query says, with whole numbers and truth values in the place of texts where the schema wants them and the text is
 * one; anything else stays as it is, for the schema to refuse.
 */
export function readQuery(schema: TSchema | undefined, query: Readonly<Record<string, unknown>>): object {
  const properties = (schema as { readonly properties?: Readonly<Record<string, { type?: unknown }>> })?.properties;
  return Object.fromEntries(
    Object.entries(query).map(([name, text]) => [name, toValue(properties?.[name]?.type, text)]),
  );
}

function toValue(type: unknown, text: unknown): unknown {
  if (typeof text !== "string") return text;
  if (type === "integer" && WHOLE.test(text)) return Number(text);
  if (type === "boolean" && (text === "true" || text === "false")) return text === "true";
  return text;
}
