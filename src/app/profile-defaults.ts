import { readFileSync } from "node:fs";
import { join } from "node:path";
import { TillsyncError } from "../../proto/errors.ts";
import type { Parameters } from "../../proto/profile.ts";
import type { ProfileDefaults } from "../domain/next-profile.ts";
import { writeFileDurably } from "./durable-file.ts";

const FILE = "profile-defaults.json";
const MAX_BYTES = 4_096;
const PUBLIC_MODE = 0o644;

/** Of a new data folder: the simulated acquirer on this machine, limits for a quick network. */
export const SAMPLE_ACQUIRING = { host: "127.0.0.1", port: 18_583, tpdu: Uint8Array.of(0x60, 0x00, 0x06, 0x00, 0x00) };
export const SAMPLE_PARAMETERS: Parameters = {
  amountFen: 1,
  connectMs: 1_000,
  answerMs: 2_000,
  attempts: 3,
  retryBaseMs: 200,
  reversalBaseMs: 200,
  deadlineS: 60,
};

/**
 * Route and limits that a first profile gets where nothing else is asked for: `profile-defaults.json` in the data
 * folder, `{"acquiring":{"host","port","tpdu"},"parameters":{…}}`, tpdu in hexadecimal. Ranges are checked where a
 * profile is built of them.
 *
 * @throws TillsyncError DATA_FOLDER_INVALID
 */
export function readProfileDefaults(folder: string): ProfileDefaults {
  try {
    const text = readFileSync(join(folder, FILE), "utf8");
    if (text.length > MAX_BYTES) throw new RangeError("too long");
    const { acquiring, parameters } = JSON.parse(text);
    return {
      acquiring: {
        host: String(acquiring.host),
        port: toCount(acquiring.port),
        tpdu: Buffer.from(String(acquiring.tpdu), "hex"),
      },
      parameters: {
        amountFen: toCount(parameters.amountFen),
        connectMs: toCount(parameters.connectMs),
        answerMs: toCount(parameters.answerMs),
        attempts: toCount(parameters.attempts),
        retryBaseMs: toCount(parameters.retryBaseMs),
        reversalBaseMs: toCount(parameters.reversalBaseMs),
        deadlineS: toCount(parameters.deadlineS),
      },
    };
  } catch (cause) {
    throw new TillsyncError("DATA_FOLDER_INVALID", { file: FILE }, cause);
  }
}

export async function writeProfileDefaults(folder: string, defaults: ProfileDefaults): Promise<void> {
  const { acquiring, parameters } = defaults;
  const json = { acquiring: { ...acquiring, tpdu: Buffer.from(acquiring.tpdu).toString("hex") }, parameters };
  await writeFileDurably(join(folder, FILE), `${JSON.stringify(json, null, 2)}\n`, PUBLIC_MODE);
}

function toCount(value: unknown): number {
  if (typeof value !== "number" || !Number.isInteger(value)) throw new TypeError("not a whole number");
  return value;
}
