import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { onTestFinished, vi } from "vitest";

// What a program does to the names of a file system, as the system itself saw it: Linux, by strace.

const probe = spawnSync("strace", ["-f", "--seccomp-bpf", "-o", "/dev/null", process.execPath, "--version"], {
  timeout: 20_000,
});
/** Whether processes can be watched here: not where strace is missing, nor where the system forbids it to. */
export const HAS_STRACE = probe.status === 0;
export const IS_STRACE_INSTALLED = (probe.error as NodeJS.ErrnoException | undefined)?.code !== "ENOENT";

const OPENS = ["open", "openat", "openat2", "creat"];
const CHANGES = [
  ...["mkdir", "mkdirat", "mknod", "mknodat", "rename", "renameat", "renameat2", "link", "linkat", "symlink"],
  ...["symlinkat", "unlink", "unlinkat", "rmdir", "truncate", "chmod", "fchmodat", "chown", "fchownat", "utimensat"],
];
const MAX_PATH_CHARACTERS = 65_536;
const MAX_MS = 30_000;
/** Devices, and what the system tells of a process. */
const SYSTEM = /^\/(dev|proc|sys)\//;
const WRITING = /O_(WRONLY|RDWR|CREAT|TRUNC|APPEND|TMPFILE)/;

/** Absolute paths, each once. */
export interface Touched {
  /** Opened for writing, made, renamed, removed or given other rights, whether or not that went well. */
  readonly changed: readonly string[];
  /** Opened for reading or writing. */
  readonly opened: readonly string[];
}

export interface TracedProgram {
  /** The program itself: what it is sent, it gets. */
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
  /** Once it has ended; nothing where processes cannot be watched. */
  touched(): Promise<Touched>;
}

/** Starts a Node program under watch, with its children; without where that cannot be. `file` is where strace writes. */
export function startTraced(file: string, args: readonly string[], cwd = process.cwd()): TracedProgram {
  const watched = ["-D", "-f", "--seccomp-bpf", "-y", "-s", String(MAX_PATH_CHARACTERS), "-o", file];
  const trace = ["-e", `trace=${[...OPENS, ...CHANGES].map((name) => `?${name}`).join(",")}`];
  const program = [process.execPath, ...args];
  const [command = "", ...rest] = HAS_STRACE ? ["strace", ...watched, ...trace, "--", ...program] : program;
  const child = spawn(command, rest, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (part) => {
    stdout += part;
  });
  child.stderr.on("data", (part) => {
    stderr += part;
  });
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((done) => {
    child.once("close", (code) => done({ code, stdout, stderr }));
  });
  return { child, ended, touched: () => (HAS_STRACE ? readTouched(file, `${child.pid}`, cwd) : toNothing()) };
}

async function toNothing(): Promise<Touched> {
  return { changed: [], opened: [] };
}

/** The watcher outlives the program by a moment. */
async function readTouched(file: string, pid: string, cwd: string): Promise<Touched> {
  const isWhole = (text: string) => new RegExp(`^${pid}\\s+\\+\\+\\+ `, "m").test(text);
  await vi.waitUntil(() => existsSync(file) && isWhole(readFileSync(file, "utf8")), MAX_MS);
  return toTouched(readFileSync(file, "utf8"), cwd);
}

/** Reads what strace wrote. */
export function toTouched(text: string, cwd: string): Touched {
  const [changed, opened] = [new Set<string>(), new Set<string>()];
  for (const line of text.split("\n")) {
    const [, call = "", rest = ""] = /^\d+\s+(\w+)\((.*)$/s.exec(line) ?? [];
    const paths = toPaths(rest, cwd).filter((path) => !SYSTEM.test(path));
    if (OPENS.includes(call)) for (const path of paths) opened.add(path);
    if (CHANGES.includes(call) || call === "creat" || WRITING.test(toFlags(rest)))
      for (const path of paths) changed.add(path);
  }
  return { changed: [...changed], opened: [...opened] };
}

/** The arguments without their strings, so that no file name is taken for a flag. */
function toFlags(rest: string): string {
  return rest.replace(/"(?:[^"\\]|\\.)*"/g, '""').replace(/<[^>]*>/g, "");
}

/** Every path among the arguments: a string, below the folder that the argument before it names, if any does. */
function toPaths(rest: string, cwd: string): readonly string[] {
  const found = rest.matchAll(/(?:(?:AT_FDCWD|\d+)<((?:[^>\\]|\\.)*)>, )?"((?:[^"\\]|\\.)*)"/g);
  return [...found].map(([, folder, path = ""]) =>
    resolve(folder === undefined ? cwd : toPlain(folder), toPlain(path)),
  );
}

/** A C string's escapes, octal ones being the bytes of UTF-8. */
function toPlain(text: string): string {
  const SIGNS: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", v: "\v", f: "\f" };
  const bytes = text.replace(/\\(x[0-9a-f]{2}|[0-7]{1,3}|.)/g, (_, code: string) => {
    if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8));
    if (code.length === 3) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return SIGNS[code] ?? code;
  });
  return Buffer.from(bytes, "latin1").toString("utf8");
}
