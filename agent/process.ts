import { readFileSync } from "node:fs";
import { readJson, record, text, whole } from "./read-json.ts";

const ZOMBIE = "Z";
const MAX_PID = 0x7fff_ffff;

/** Process id and, where the system tells, when that process began: ids are used again after a power cut. */
export interface Process {
  readonly pid: number;
  readonly began: string;
}

const PROCESS = record<Process>({ pid: whole(1, MAX_PID), began: text(/^.{0,100}$/) });

/** A running process as text, to be found again by a later agent. */
export function toProcessText(pid: number): string {
  return JSON.stringify({ pid, began: readBegan(pid) });
}

/** Undefined where a power cut tore the text. */
export function parseProcess(json: string): Process | undefined {
  try {
    return readJson(json, PROCESS);
  } catch {
    return undefined;
  }
}

/** Whether the very process still runs, and not another one of the same id. */
export function isAlive({ pid, began }: Process): boolean {
  return isRunning(pid) && readBegan(pid) === began;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/**
 * Boot and tick in which a process began (proc(5), field 22 of stat); empty where the system does not tell, and for a
 * process that is dead and waits to be reaped.
 */
function readBegan(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name in parentheses may hold spaces: count from behind it, where field 3 comes first.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === ZOMBIE) return "";
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim()}/${fields[19]}`;
  } catch {
    return "";
  }
}
