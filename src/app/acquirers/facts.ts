import type { ChangeFacts } from "../../../certs/acquirer/lakala-body.ts";
import { checkText } from "../../../proto/check.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import type { AcquirerSettings } from "./settings.ts";

const SECOND_MS = 1_000;

/**
 * What `tillsync-sign acquirer-seal --facts` needs of us where the acquirer takes whole requests sealed.
 *
 * @param now seconds
 * @throws TillsyncError NOT_FOUND where the merchant is not mapped; CONFIG_INVALID where this acquirer needs no facts
 */
export function toChangeFacts(
  settings: AcquirerSettings,
  { merchant, request }: { readonly merchant: string; readonly request: string },
  now: number,
): ChangeFacts {
  if (settings.adapter !== "lakala")
    throw new TillsyncError("CONFIG_INVALID", { acquirer: settings.code, expected: "lakala" });
  const there = settings.merchants[merchant];
  if (there === undefined) throw new TillsyncError("NOT_FOUND", { acquirer: settings.code, merchant });
  const { organisation, member, callback, settlePeriod } = settings;
  return {
    request: checkText(request, /^[0-9A-Za-z_-]{8,32}$/, "request"),
    ...{ organisation, member, merchant: there, callback, settlePeriod, clearingBank: "" },
    timestamp: String(now * SECOND_MS),
  };
}
