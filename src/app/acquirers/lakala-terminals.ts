import { TillsyncError } from "../../../proto/errors.ts";
import { readMatch } from "./answer.ts";
import type { LakalaAnswer, LakalaPlatform } from "./lakala-platform.ts";

// Terminals of a merchant at Lakala. Which paths an application may use is agreed with Lakala, and stands in the settings.

const NUMBER = /^[0-9A-Za-z_-]{0,32}$/;

/** A terminal as Lakala has it. */
export interface LakalaTerminal {
  readonly serial: string;
  /** Empty where it is bound to no merchant. */
  readonly terminalNo: string;
  /** The merchant that it is bound to, as Lakala calls it; empty where to none. */
  readonly merchant: string;
}

/** @throws TillsyncError ACQUIRER_FAILED, ACQUIRER_UNSIGNED, ACQUIRER_REFUSED; NOT_FOUND where our account may not ask */
export async function queryTerminal(platform: LakalaPlatform, serial: string): Promise<LakalaTerminal> {
  const { organisation, member } = platform.options.settings;
  const { data } = demandDone(await platform.ask("terminal", { orgCode: organisation, devSerialNo: serial }));
  return { serial, terminalNo: readMatch(data, "termNo", NUMBER), merchant: readMatch(data, member, NUMBER) };
}

/** Binding what is bound already to this merchant changes nothing. @throws TillsyncError as `queryTerminal` */
export async function bindTerminal(
  platform: LakalaPlatform,
  merchant: string,
  serial: string,
): Promise<LakalaTerminal> {
  demandDone(await platform.ask("bind", { ...platform.toMerchant(merchant), devSerialNo: serial }));
  return queryTerminal(platform, serial);
}

/** @throws TillsyncError as `queryTerminal` */
export async function unbindTerminal(
  platform: LakalaPlatform,
  merchant: string,
  serial: string,
): Promise<LakalaTerminal> {
  demandDone(await platform.ask("unbind", { ...platform.toMerchant(merchant), devSerialNo: serial }));
  return queryTerminal(platform, serial);
}

function demandDone(answer: LakalaAnswer): LakalaAnswer {
  if (answer.isDone) return answer;
  throw new TillsyncError("ACQUIRER_REFUSED", { acquirer: answer.code, words: answer.words });
}
