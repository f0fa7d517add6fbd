import { TillsyncError } from "../../../../proto/errors.ts";
import type { AcquirerSettings } from "../settings.ts";
import type { Channel } from "./checklists.ts";

/** How people ask an acquirer; undefined where people do not, or it is not set up any more. */
export function findChannel(settings: readonly AcquirerSettings[], acquirer: string): Channel | undefined {
  const found = settings.find(({ code }) => code === acquirer);
  return found?.adapter === "manual" ? found.channel : undefined;
}

/** @throws TillsyncError CONFIG_INVALID where people do not ask it */
export function toChannel(settings: readonly AcquirerSettings[], acquirer: string): Channel {
  const channel = findChannel(settings, acquirer);
  if (channel !== undefined) return channel;
  throw new TillsyncError("CONFIG_INVALID", { acquirer, expected: "one that people are asked through" });
}
