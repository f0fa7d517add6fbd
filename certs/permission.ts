import { PAYLOAD_TYPES } from "../proto/dsse.ts";
import { TillsyncError } from "../proto/errors.ts";
import type { Statement } from "../proto/statement.ts";
import type { Policy } from "./trust/policy.ts";

/**
 * Whether the policy lets releases of this kind and size take effect at all, whoever signed (clause 6.4).
 *
 * @throws TillsyncError TYPE_NOT_ALLOWED, CAP_EXCEEDED
 */
export function verifyPermitted({ types, caps }: Policy, { purpose, size }: Statement): void {
  if (!types.includes(PAYLOAD_TYPES.statement)) throw new TillsyncError("TYPE_NOT_ALLOWED");
  const most = purpose === "binding" ? caps.directivesPerBindingRelease : caps.directivesPerRelease;
  if (size > most) throw new TillsyncError("CAP_EXCEEDED", { size, most });
}
