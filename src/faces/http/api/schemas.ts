import { type Static, type TProperties, type TSchema, Type } from "typebox";
import { MAX_PAGE } from "./limits.ts";

// What many endpoints have in common. Members that are not named are refused where they come in, and left out where
// they would go out.

export function Members<T extends TProperties>(properties: T) {
  return Type.Object(properties, { additionalProperties: false });
}

export function OneOf<const T extends readonly string[]>(values: T) {
  return Type.Unsafe<T[number]>({ type: "string", enum: values });
}

export function Nullable<T extends TSchema & { readonly type: string }>(schema: T) {
  return Type.Unsafe<Static<T> | null>({ ...schema, type: [schema.type, "null"] });
}

export const Text = Type.String();
export const Whole = Type.Integer({ minimum: 0 });
/** Seconds since 1970. */
export const Seconds = Type.Integer({ description: "Seconds since 1970-01-01T00:00:00Z" });
export const Hex = Type.String({ pattern: "^([0-9a-f]{2})*$", description: "Bytes in hexadecimal" });
export const ReleaseId = Type.String({ pattern: "^[0-9a-f]{32}$" });
export const Digest = Type.String({ pattern: "^[0-9a-f]{64}$" });
/** What it says is judged where it is used. */
export const TusnText = Type.String({ minLength: 1, maxLength: 64 });
export const MerchantNumber = Type.String({ pattern: "^[0-9]{15}$" });
export const ChangeId = Type.String({ pattern: "^C[0-9a-f]{16}$" });
export const RequestNumber = Type.String({
  pattern: "^[0-9A-Za-z_-]{8,32}$",
  description: "Of an order to an acquirer",
});
export const AccountName = Type.String({ pattern: "^[a-z0-9][a-z0-9.-]{0,31}$" });
export const Reason = Type.String({ minLength: 1, maxLength: 200, description: "Why, in words; kept in the ledger" });
export const Because = Members({ reason: Reason });

export const Cursor = Type.String({ minLength: 1, maxLength: 160, description: "`next` of the page before" });
export const Limit = Type.Integer({ minimum: 1, maximum: MAX_PAGE });
/** Of every list. */
export const Paging = { after: Type.Optional(Cursor), limit: Type.Optional(Limit) };

export function PageOf(item: TSchema) {
  return Members({ items: Type.Array(item), next: Nullable(Type.String()) });
}

export const Problem = Type.Object(
  {
    type: Type.String({ description: "`urn:tillsync:` and the code" }),
    title: Text,
    status: Whole,
    code: Type.String({ pattern: "^[A-Z0-9_]+$", description: "A code of docs/errors.md" }),
    fields: Type.Record(
      Type.String(),
      Type.Unsafe<string | number | boolean>({ type: ["string", "number", "boolean"] }),
    ),
  },
  { $id: "Problem", description: "RFC 9457" },
);
