import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { ERRORS, type ErrorCode, TillsyncError } from "../../proto/errors.ts";
import type { Settlement } from "../../proto/settlement.ts";

const TIME_LIMIT_MS = 30_000;
const SECRET = 0o600;
const OWNER_ONLY = 0o700;

const run = promisify(execFile);

/** What an approver answers without being asked. */
export interface Answers {
  /** Last four digits of the new card, as the person read them on the merchant's own paper. */
  readonly last4?: string;
  /** File with number and salt, on the maker's machine. */
  readonly opening?: string;
}

/** A person with the approvers' program: a process of its own, which alone touches the person's key. */
export interface Approver {
  readonly id: string;
  /** Adds the person's signature to a release file. @throws TillsyncError with the program's code */
  sign(file: string, answers?: Answers): Promise<void>;
}

/** The approvers of a demonstration, who share a machine. */
export interface Approvers {
  readonly maker: Approver;
  readonly checker: Approver;
  /** Folder for files that go from one to the other. */
  readonly desk: string;
  /** Takes over newer trust metadata from the service's folder. */
  updateTrust(folder: string): Promise<void>;
  /** Checks a signed attestation, off line. @throws TillsyncError with the program's code */
  verify(file: string): Promise<void>;
  /** Makes what may be handed on of a settlement, and the opening that stays with the maker. */
  split(settlement: Settlement): Promise<{ readonly binding: string; readonly opening: string }>;
  /** Destroys the files of the desk, the openings among them. */
  close(): void;
}

export interface ApproversRequest {
  /** Path of the bundled `tillsync-sign`. */
  readonly program: string;
  /** Folder with key files `<id>.pem` and `<id>.passphrase`, and the trust of both. */
  readonly home: string;
  /** Folder to make; what an interrupted story left in it is destroyed. */
  readonly desk: string;
  /** Who they are, by id. */
  readonly maker: string;
  readonly checker: string;
}

export function openApprovers({ program, home, desk, maker, checker }: ApproversRequest): Approvers {
  rmSync(desk, { recursive: true, force: true });
  mkdirSync(desk, { mode: OWNER_ONLY });
  const call = (...args: readonly string[]) => callProgram(program, [...args, "--home", home]);
  const toApprover = (id: string): Approver => ({
    id,
    sign: async (file, { last4, opening } = {}) => {
      const key = ["--key", join(home, `${id}.pem`), "--passphrase-file", join(home, `${id}.passphrase`)];
      const answers = [...toOption("--last4", last4), ...toOption("--opening", opening)];
      await call("sign", file, "--yes", ...key, ...answers);
    },
  });
  let settlements = 0;
  return {
    maker: toApprover(maker),
    checker: toApprover(checker),
    desk,
    updateTrust: async (folder) => void (await call("trust", "update", folder)),
    verify: async (file) => void (await call("verify", file)),
    split: async (settlement) => {
      settlements += 1;
      const input = join(desk, `settlement-${settlements}.json`);
      const binding = join(desk, `binding-${settlements}.json`);
      writeFileSync(input, JSON.stringify(settlement), { mode: SECRET });
      await call("binding", "--settlement", input, "--out", binding);
      rmSync(input);
      return { binding, opening: `${binding}.opening.json` };
    },
    close: () => rmSync(desk, { recursive: true, force: true }),
  };
}

async function callProgram(program: string, args: readonly string[]): Promise<void> {
  try {
    await run(process.execPath, [program, ...args], { timeout: TIME_LIMIT_MS, maxBuffer: 16_777_216 });
  } catch (cause) {
    throw toFault(cause);
  }
}

/** The program ends with one line, `CODE: meaning (facts)`. */
function toFault(cause: unknown): TillsyncError {
  const { stderr = "" } = cause as { readonly stderr?: string };
  const last = stderr.trimEnd().split("\n").at(-1) ?? "";
  const [code = ""] = last.split(":");
  const known = Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : "STORY_FAILED";
  return new TillsyncError(known, { said: last.slice(0, 200) }, cause);
}

function toOption(name: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [name, value];
}
