import { toUtf8 } from "../proto/bytes.ts";
import { WAYS, type Way } from "./link/ways.ts";
import { type Log, toErrorFields } from "./log.ts";
import { choice, readJson, record, whole } from "./read-json.ts";
import type { FileSystem } from "./slots/file-system.ts";

/** Tells people how the agent reaches its service; nothing rests on it, so that it is not made durable. */
export const LINK_FILE = "link.json";

export interface LinkNote {
  readonly way: Way;
  /** Seconds. */
  readonly since: number;
}

const NOTE = record<LinkNote>({ way: choice(WAYS), since: whole(0, Number.MAX_SAFE_INTEGER) });

/** Notes the way where it is another than the one noted. Never throws: a terminal trades on without it. */
export function noteLink(files: FileSystem, way: Way, now: number, log: Log): void {
  try {
    if (readLinkNote(files)?.way !== way) files.write(LINK_FILE, toUtf8(JSON.stringify({ way, since: now })));
  } catch (error) {
    log("warn", "link not noted", toErrorFields(error));
  }
}

/** Undefined where there is none, or a power cut tore it. */
export function readLinkNote(files: FileSystem): LinkNote | undefined {
  try {
    return readJson(Buffer.from(files.read(LINK_FILE) ?? "").toString("utf8"), NOTE);
  } catch {
    return undefined;
  }
}
