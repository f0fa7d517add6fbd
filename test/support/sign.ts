import { execFile, spawn } from "node:child_process";
import type { KeyObject } from "node:crypto";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import { toEncryptedPem } from "../../certs/keys/encrypted-key.ts";
import { createApproverKey, toPublicKey } from "../../certs/keys.ts";
import { run } from "../../certs/sign/program.ts";
import { openPrompt } from "../../certs/sign/prompt.ts";
import { createTrust, type NewTrust } from "../../certs/trust/create.ts";
import { ALLOWED, DEFAULT_CAPS, type Policy, type Role } from "../../certs/trust/policy.ts";
import { look } from "./canary-look.ts";
import { TILLSYNC_SIGN } from "./programs.ts";
import { discard, makeScratch } from "./scratch.ts";
import type { HandedFile } from "./sign-sample.ts";

/** The least that is accepted: these keys protect nothing. */
export const CHEAP = { n: 2 ** 14, r: 8, p: 1 };

export const PASSPHRASE = "seven tills in a row";

/** What a run of the program came to. */
export interface SignResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One person with a key file, a passphrase file and a home of their own. */
export interface SigningPerson {
  readonly id: string;
  readonly key: KeyObject;
  readonly keyFile: string;
  readonly passphraseFile: string;
  readonly home: string;
  /** The options that say who signs. */
  readonly as: readonly string[];
}

/** Some people of one company on machines of their own, in folders that are removed with `remove`. */
export interface SigningCompany {
  readonly folder: string;
  readonly maker: SigningPerson;
  readonly checker: SigningPerson;
  readonly secondMaker: SigningPerson;
  readonly auditor: SigningPerson;
  readonly stranger: SigningPerson;
  readonly policy: Policy;
  readonly trust: NewTrust;
  /** A folder with the trust files as a service has them. */
  readonly trustFolder: string;
  remove(): void;
}

/** `now` in seconds: when the trust was signed. */
export function createCompany(now: number, change: Partial<Policy> = {}): SigningCompany {
  const folder = makeScratch("sign");
  const people = ["li.mei", "wang.jun", "zhao.min", "he.lan", "nobody"].map((id) => createPerson(folder, id));
  const [maker, checker, secondMaker, auditor, stranger] = people as [
    SigningPerson,
    SigningPerson,
    SigningPerson,
    SigningPerson,
    SigningPerson,
  ];
  const toPolicyPerson = ({ id, key }: SigningPerson, roles: readonly Role[]) => ({
    id,
    name: id,
    keys: [toPublicKey(key)],
    roles,
  });
  const policy: Policy = {
    version: 1,
    persons: [
      toPolicyPerson(maker, ["maker", "parameters"]),
      toPolicyPerson(checker, ["checker"]),
      toPolicyPerson(secondMaker, ["maker"]),
      toPolicyPerson(auditor, ["log"]),
    ],
    thresholds: { binding: ["maker", "checker"], merchant: ["maker", "checker"], parameters: ["parameters"] },
    caps: DEFAULT_CAPS,
    ...ALLOWED,
    ...change,
  };
  const [offline, online] = [[createApproverKey()], [createApproverKey()]];
  const trust = createTrust({ root: offline, targets: offline, snapshot: offline, timestamp: online }, policy, now);
  const trustFolder = join(folder, "trust");
  writeTrustFolder(trustFolder, trust);
  return {
    ...{ folder, maker, checker, secondMaker, auditor, stranger, policy, trust, trustFolder },
    remove: () => discard(folder),
  };
}

/** The files of a trust folder as a service has them. */
export function writeTrustFolder(folder: string, trust: NewTrust): void {
  mkdirSync(folder, { recursive: true });
  const { root, timestamp, snapshot, targets, policy } = trust;
  for (const [name, bytes] of Object.entries({ root, "root.1": root, timestamp, snapshot, targets, policy })) {
    writeFileSync(join(folder, `${name}.json`), bytes);
  }
}

/** Pins the company's root for these people, and takes its trust. */
export async function pinTrust(company: SigningCompany, ...people: readonly SigningPerson[]): Promise<void> {
  for (const { home } of people) {
    for (const argv of [
      ["trust", "init", join(company.trustFolder, "root.json")],
      ["trust", "update", company.trustFolder],
    ]) {
      const result = await runSign([...argv, "--home", home]);
      if (result.code !== 0) throw new Error(result.stderr);
    }
  }
}

function createPerson(folder: string, id: string): SigningPerson {
  const own = join(folder, id);
  mkdirSync(own, { mode: 0o700 });
  const key = createApproverKey();
  const [keyFile, passphraseFile, home] = [join(own, "me.key"), join(own, "passphrase"), join(own, "home")];
  writeFileSync(keyFile, toEncryptedPem(key, PASSPHRASE, CHEAP), { mode: 0o600 });
  writeFileSync(passphraseFile, `${PASSPHRASE}\n`, { mode: 0o600 });
  return {
    id,
    key,
    keyFile,
    passphraseFile,
    home,
    as: ["--key", keyFile, "--passphrase-file", passphraseFile, "--home", home],
  };
}

export interface RunOptions {
  /** What the person types, in turn; without any there is nobody at the terminal. */
  readonly answers?: readonly string[];
  /** Seconds. */
  readonly now?: number;
  /** Called with every question before it is answered. */
  readonly asked?: (question: string, hidden: boolean) => void;
}

/** Runs the program in this process. */
export async function runSign(argv: readonly string[], options: RunOptions = {}): Promise<SignResult> {
  const { answers, now = Math.floor(Date.now() / 1_000), asked = () => {} } = options;
  const left = [...(answers ?? [])];
  const output = { stdout: "", stderr: "" };
  const code = await run(argv, {
    now: () => now,
    out: (text) => {
      output.stdout += text;
    },
    err: (text) => {
      output.stderr += text;
    },
    prompt:
      answers === undefined
        ? openPrompt({ isTTY: false } as Parameters<typeof openPrompt>[0], () => {})
        : {
            isInteractive: true,
            ask: async (question, hidden) => {
              output.stderr += `${question}\n`;
              asked(question, hidden);
              const answer = left.shift();
              if (answer === undefined) throw new Error(`no answer to: ${question}`);
              return answer;
            },
          },
    home: "/nonexistent",
    lang: "en",
  });
  look("what tillsync-sign said", output.stdout + output.stderr);
  return { code, ...output };
}

/** The code that the program ended with, from its last line; empty where it told none. */
export function toRefusal({ stderr }: SignResult): string {
  return /^([A-Z_]+): [^\n]*\n$/m.exec(stderr.slice(stderr.trimEnd().lastIndexOf("\n") + 1))?.[1] ?? "";
}

/**
 * The attempt ends with this code, and with file and folder as they were.
 *
 * @returns all that it said
 */
export async function expectRefused(
  code: string,
  file: HandedFile,
  attempt: () => Promise<SignResult>,
): Promise<string> {
  const toState = () => [file.digest(), readdirSync(dirname(file.path))];
  const before = toState();
  const result = await attempt();
  expect([result.code, toRefusal(result)]).toEqual([1, code]);
  expect(toState()).toEqual(before);
  return result.stdout + result.stderr;
}

/** Runs the built program as a process of its own, with nobody at the terminal. */
export function runSignProcess(...argv: readonly string[]): Promise<SignResult> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [TILLSYNC_SIGN, ...argv],
      { timeout: 30_000 },
      (_error, stdout, stderr) => {
        resolve({ code: child.exitCode ?? -1, stdout, stderr });
      },
    );
    child.stdin?.end();
  });
}

/**
 * Runs the built program at a terminal of its own (`script` of util-linux), and types each answer once its question is
 * there. What the screen shows comes as `stdout`.
 */
export function typeSignProcess(
  argv: readonly string[],
  dialogue: readonly (readonly [question: string, answer: string | ((screen: string) => string)])[],
): Promise<SignResult> {
  const command = [process.execPath, TILLSYNC_SIGN, ...argv]
    .map((word) => `'${word.replaceAll("'", "'\\''")}'`)
    .join(" ");
  const child = spawn("script", ["-qec", command, "/dev/null"], { stdio: ["pipe", "pipe", "inherit"] });
  const timer = setTimeout(() => child.kill("SIGKILL"), 30_000);
  const left = [...dialogue];
  let [screen, read] = ["", 0];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    screen += text;
    const [next] = left;
    const at = next === undefined ? -1 : screen.indexOf(next[0], read);
    if (next === undefined || at === -1) return;
    left.shift();
    read = at + next[0].length;
    const answer = typeof next[1] === "string" ? next[1] : next[1](screen);
    // Raw mode is on when the question is there; a moment more is for a slow machine.
    setTimeout(() => child.stdin.write(`${answer}\r`), 50);
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? -1, stdout: screen, stderr: "" });
    });
  });
}
