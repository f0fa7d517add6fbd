import { toErrorCode } from "../../proto/errors.ts";
import type { Profile } from "../../proto/profile.ts";
import { isMac, MAC_BYTES } from "../iso8583/mac.ts";
import { type IsoMessage, toFrame, toMacData } from "../iso8583/message.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { type Exchange, exchange } from "./exchange.ts";

export type AuthenticatedExchange =
  /** `authentic`: the answer carries the MAC that the terminal's working key demands. */
  | { readonly kind: "answered"; readonly answer: IsoMessage; readonly authentic: boolean }
  | Extract<Exchange, { kind: "unanswered" }>;

/**
 * Sends one request under its MAC and checks that of the answer.
 *
 * @throws TillsyncError ISO_FIELD_INVALID where the request cannot be packed
 */
export async function exchangeWithMac(
  profile: Profile,
  request: IsoMessage,
  terminal: Terminal,
): Promise<AuthenticatedExchange> {
  const mac = await computeMac(terminal, toFrame(withMac(request, new Uint8Array(MAC_BYTES))));
  if (mac === undefined) return { kind: "unanswered", sent: false, detail: "the terminal made no MAC" };
  const exchanged = await exchange(profile, withMac(request, mac));
  if (exchanged.kind === "unanswered") return exchanged;
  const { answer, frame } = exchanged;
  const carried = answer.fields[64];
  const expected = carried === undefined ? undefined : await computeMac(terminal, frame);
  return { kind: "answered", answer, authentic: expected !== undefined && isMac(carried, expected) };
}

function withMac(message: IsoMessage, mac: Uint8Array): IsoMessage {
  return { ...message, fields: { ...message.fields, 64: mac } };
}

/** Undefined where the terminal holds no working key or could not use it. */
async function computeMac(terminal: Terminal, frame: Uint8Array): Promise<Uint8Array | undefined> {
  try {
    return await terminal.computeMac(toMacData(frame));
  } catch (error) {
    if (toErrorCode(error) === "COMMAND_FAILED") return undefined;
    throw error;
  }
}
