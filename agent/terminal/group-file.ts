import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { isAlive, parseProcess, toProcessText } from "../process.ts";

/** In the state folder. */
export const GROUP_FILE = "command.group";

/**
 * The process group of the call under way, noted in a file: an agent that is killed cannot kill it any more, and the
 * next one must not run beside it. Nothing is synced, because no process outlives a power cut.
 */
export interface GroupFile {
  /** Throws whatever the system says. */
  note(pid: number): void;
  remove(): void;
}

/** Kills the group that an earlier agent left behind. */
export function openGroupFile(path: string): GroupFile {
  killLeftOver(path);
  return {
    note: (pid) => writeFileSync(path, toProcessText(pid), { mode: 0o600 }),
    remove: () => rmSync(path, { force: true }),
  };
}

/** The group holds whatever the executable started and did not move elsewhere. */
export function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nobody is left in the group, or nobody whom we may kill.
  }
}

function killLeftOver(path: string): void {
  const leader = parseProcess(readText(path));
  // An empty beginning proves nothing: a stranger may have that id by now.
  if (leader !== undefined && leader.began !== "" && isAlive(leader)) killGroup(leader.pid);
  rmSync(path, { force: true });
}

/** Empty where there is no file. */
function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
