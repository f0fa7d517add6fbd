import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { CRYPTOGRAM_MS, openCommandTerminal } from "../../../agent/terminal/commands.ts";
import { MAX_ANSWER_BYTES } from "../../../agent/terminal/run-command.ts";
import { type StartTimer, startTimer } from "../../../agent/timer.ts";
import { toHex } from "../../../proto/bytes.ts";
import { toProfileBytes } from "../../../proto/profile.ts";
import { bundleAgent, makeFolder } from "../../support/agent-process.ts";
import { SOON_MS } from "../../support/patience.ts";
import { SAMPLE_PROFILE } from "../../support/release.ts";

// Real executables in real processes. Each is a shell script, which is the maker's affair: the agent starts it as it is.

const CALLING_MAIN = fileURLToPath(new URL("../../support/calling-main.ts", import.meta.url));
const { folder, remove } = makeFolder();
afterAll(remove);
const groupFile = join(folder, "command.group");
let count = 0;

function toScript(body: string): string {
  count += 1;
  const path = join(folder, `maker-${count}`);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

function open(body: string, args: readonly string[] = [], timeLimitMs = 10_000) {
  return openLine([toScript(body), ...args], timeLimitMs);
}

function openLine(line: readonly string[], timeLimitMs = 10_000, file = groupFile) {
  const commands = { readStatus: line, apply: line, loadWorkingKeys: line, computeMac: line, computeCryptogram: line };
  return openCommandTerminal({ commands, timeLimitMs, startTimer, groupFile: file });
}

const answering = (answer: string) => open(`cat > /dev/null; printf '%s' '${answer}'`);
const NUMBER = "6228481234567890018";
const failure = expect.objectContaining({ code: "COMMAND_FAILED" });

/** Dead is also who only waits to be reaped. */
function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, "latin1").includes(") Z ");
  } catch {
    return false;
  }
}

describe("a terminal behind a maker's executables", () => {
  it("is ready or busy, and says why", async () => {
    expect(await answering('{"result":"ready"}').readStatus()).toEqual({ kind: "ready" });
    const busy = answering('{"result":"busy","reason":"open_batch"}');
    expect(await busy.readStatus()).toEqual({ kind: "busy", reason: "open_batch" });
    expect(await busy.apply(undefined, undefined)).toEqual({ kind: "busy", reason: "open_batch" });
  });

  it("takes a profile with every field by name, or none", async () => {
    const file = join(folder, "request");
    const terminal = open(`cat > ${file}; echo '{"result":"applied"}'`);
    const bytes = toProfileBytes(SAMPLE_PROFILE);
    expect(await terminal.apply(bytes, undefined)).toEqual({ kind: "applied" });
    const { method, profile } = JSON.parse(readFileSync(file, "utf8"));
    expect(method).toBe("apply");
    expect(profile).toMatchObject({ number: 1, merchant: SAMPLE_PROFILE.merchant, encoded: toHex(bytes) });
    expect(profile.acquiring.tpdu).toBe("6000060000");
    await terminal.apply(undefined, undefined);
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({ method: "apply", profile: null });
  });

  it("is told the card number in its request, where there is one, and nowhere else", async () => {
    const file = join(folder, "request");
    const seen = join(folder, "surroundings");
    const body = `cat > ${file}; tr '\\0' '\\n' < /proc/$$/cmdline > ${seen}; env >> ${seen}; echo '{"result":"applied"}'`;
    expect(await open(body).apply(toProfileBytes(SAMPLE_PROFILE), NUMBER)).toEqual({ kind: "applied" });
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ method: "apply", cardNumber: NUMBER });
    expect(readFileSync(seen, "utf8")).not.toContain(NUMBER);
    const failed = await open(`cat >&2; echo '{"result":"no"}'`)
      .apply(toProfileBytes(SAMPLE_PROFILE), NUMBER)
      .catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: "COMMAND_FAILED" });
    expect(inspect(failed, { depth: 9 })).not.toContain(NUMBER);
  });

  it("tells why it could not apply", async () => {
    const terminal = answering('{"result":"failed","detail":"flash is full"}');
    expect(await terminal.apply(undefined, undefined)).toEqual({ kind: "failed", detail: "flash is full" });
  });

  it("takes working keys and computes MACs", async () => {
    await answering('{"result":"loaded"}').loadWorkingKeys(Buffer.from("00"));
    const mac = await answering('{"result":"computed","mac":"4535383035454342"}').computeMac(Buffer.from("00"));
    expect(Buffer.from(mac).toString("latin1")).toBe("E5805ECB");
    const without = answering('{"result":"failed","detail":"no key"}');
    await expect(without.loadWorkingKeys(Buffer.from("00"))).rejects.toThrow(failure);
    await expect(without.computeMac(Buffer.from("00"))).rejects.toThrow(failure);
  });

  it("makes the cryptogram that proves the TUSN, over the factor in its request", async () => {
    const file = join(folder, "request");
    const terminal = open(`cat > ${file}; echo '{"result":"computed","cryptogram":"A5C1D1C7"}'`);
    expect(await terminal.computeCryptogram("1270260001")).toBe("A5C1D1C7");
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({ method: "computeCryptogram", factor: "1270260001" });
  });

  it.each([
    ["fails", '{"result":"failed","detail":"no key"}'],
    ["answers in lower case", '{"result":"computed","cryptogram":"a5c1d1c7"}'],
    ["answers with more than 8 digits", '{"result":"computed","cryptogram":"A5C1D1C7A5C1D1C7"}'],
    ["answers with a MAC", '{"result":"computed","mac":"4535383035454342"}'],
  ])("makes none where its executable %s", async (_, answer) => {
    await expect(answering(answer).computeCryptogram("127026")).rejects.toThrow(failure);
  });

  it("makes none where no executable is named for it", async () => {
    const line = [toScript("exit 0")];
    const commands = { readStatus: line, apply: line, loadWorkingKeys: line, computeMac: line };
    const terminal = openCommandTerminal({ commands, timeLimitMs: 1_000, startTimer, groupFile });
    await expect(terminal.computeCryptogram("127026")).rejects.toThrow(
      expect.objectContaining({ code: "PROOF_UNAVAILABLE" }),
    );
  });

  it("gives a cryptogram less time than its other calls, so that an update never waits long for one", async () => {
    const limits: number[] = [];
    const spying: StartTimer = (ms, callback) => {
      limits.push(ms);
      return startTimer(ms, callback);
    };
    const line = [toScript(`cat > /dev/null; echo '{"result":"computed","cryptogram":"A5C1D1C7"}'`)];
    const commands = {
      readStatus: line,
      apply: line,
      loadWorkingKeys: line,
      computeMac: line,
      computeCryptogram: line,
    };
    for (const timeLimitMs of [600_000, 400]) {
      const terminal = openCommandTerminal({ commands, timeLimitMs, startTimer: spying, groupFile });
      await terminal.computeCryptogram("127026").catch(() => undefined);
    }
    expect(limits.slice(0, 2)).toEqual([CRYPTOGRAM_MS, 400]);
  });

  it("is never called twice at once: a challenge may come in the midst of an update", async () => {
    const file = join(folder, "inside");
    const body = `mkdir ${file} || exit 9; cat > /dev/null; sleep 0.1; rmdir ${file}`;
    const terminal = open(`${body}; echo '{"result":"failed","detail":"none"}'`);
    const applied = terminal.apply(undefined, undefined);
    const cryptogram = terminal.computeCryptogram("127026").catch((error: unknown) => error);
    const again = terminal.apply(undefined, undefined);
    expect(await applied).toEqual({ kind: "failed", detail: "none" });
    expect(await cryptogram).toMatchObject({ code: "COMMAND_FAILED", fields: { what: "none" } });
    expect(await again).toEqual({ kind: "failed", detail: "none" });
  });

  it("is answered at once where it leaves a child behind, which dies", async () => {
    for (const output of ["", "> /dev/null"]) {
      const file = join(folder, "child");
      const terminal = open(`sleep 60 ${output} & echo $! > ${file}; echo '{"result":"ready"}'`, [], 50_000);
      expect(await terminal.readStatus()).toEqual({ kind: "ready" });
      const pid = Number(readFileSync(file, "utf8"));
      await vi.waitFor(() => expect(isAlive(pid)).toBe(false), SOON_MS);
    }
  });

  it("learns nothing of the agent's environment but where to find programs and how to write times and texts", async () => {
    const file = join(folder, "environment");
    process.env["TILLSYNC_SECRET"] = "hidden";
    await open(`env > ${file}; echo '{"result":"ready"}'`).readStatus();
    delete process.env["TILLSYNC_SECRET"];
    const names = readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split("=")[0]);
    // The shell of this test adds its own.
    const known = ["PATH", "LANG", "LC_ALL", "TZ", "PWD", "OLDPWD", "SHLVL", "_"];
    expect(names.filter((name) => !known.includes(name ?? ""))).toEqual([]);
  });

  it("gets its arguments as they are, through no shell", async () => {
    const file = join(folder, "arguments");
    const args = ["$(touch pwned)", "a b", "; rm -rf x", "*"];
    await open(`printf '%s\\n' "$@" > ${file}; echo '{"result":"ready"}'`, args).readStatus();
    expect(readFileSync(file, "utf8")).toBe(`${args.join("\n")}\n`);
  });
});

describe("an executable fails", () => {
  it.each([
    ["that says nothing", ":"],
    ["that says no JSON", "echo ready"],
    ["that says more than one thing", 'echo \'{"result":"ready"}{}\''],
    ["with an unknown result", 'echo \'{"result":"perhaps"}\''],
    ["with an unknown field", 'echo \'{"result":"ready","mac":""}\''],
    ["with an unknown reason", 'echo \'{"result":"busy","reason":"bored"}\''],
    ["without a reason", 'echo \'{"result":"busy"}\''],
    ["that ends with a status", 'echo \'{"result":"ready"}\'; exit 3'],
    ["that is killed", 'echo \'{"result":"ready"}\'; kill -9 $$'],
  ])("%s", async (_, body) => {
    await expect(open(body).readStatus()).rejects.toThrow(failure);
  });

  it("that is not there, or may not be run", async () => {
    const line = [join(folder, "nothing")];
    const commands = { readStatus: line, apply: [folder], loadWorkingKeys: line, computeMac: line };
    const terminal = openCommandTerminal({ commands, timeLimitMs: 1_000, startTimer, groupFile });
    await expect(terminal.readStatus()).rejects.toThrow(failure);
    await expect(terminal.apply(undefined, undefined)).rejects.toThrow(failure);
  });

  it("that says what is not UTF-8", async () => {
    await expect(open("printf '\"\\377\"'").readStatus()).rejects.toThrow(failure);
  });

  it("that says too much, and is stopped at once", async () => {
    const terminal = open(`head -c ${MAX_ANSWER_BYTES + 1} /dev/zero; sleep 60`, [], 50_000);
    await expect(terminal.readStatus()).rejects.toThrow(failure);
  });

  it("that takes too long, and dies with everything it started", async () => {
    const file = join(folder, "pids");
    const body = `sleep 60 & echo $! > ${file}; sleep 61 & echo $! >> ${file}; echo $$ >> ${file}; wait`;
    await expect(open(body, [], 400).readStatus()).rejects.toThrow(failure);
    const pids = readFileSync(file, "utf8").trim().split("\n").map(Number);
    expect(pids).toHaveLength(3);
    await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), SOON_MS);
  });

  it("when the agent ends, and none is started after that", async () => {
    const file = join(folder, "started");
    const terminal = open(`touch ${file}; sleep 60`);
    const reading = terminal.readStatus();
    await vi.waitFor(() => expect(existsSync(file)).toBe(true), SOON_MS);
    terminal.close();
    await expect(reading).rejects.toThrow(failure);
    await expect(terminal.readStatus()).rejects.toThrow(failure);
  });

  it("when the agent ends, in that very moment and with everything it started", async () => {
    const file = join(folder, "ending");
    const terminal = open(`sleep 60 & echo $! > ${file}; echo $$ >> ${file}; wait`);
    const reading = terminal.readStatus().catch((error: unknown) => error);
    await vi.waitFor(() => expect(readFileSync(file, "utf8")).toMatch(/^\d+\n\d+\n$/), SOON_MS);
    const pids = readFileSync(file, "utf8").trim().split("\n").map(Number);
    terminal.close();
    // Without giving the agent another turn, as where its process ends right here.
    const started = Date.now();
    while (pids.some(isAlive) && Date.now() - started < 2_000);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(await reading).toEqual(failure);
  });

  it("that cannot be noted before it gets its request", async () => {
    const file = join(folder, "unnoted");
    const terminal = openLine(
      [toScript(`cat > ${file}; echo '{"result":"ready"}'`)],
      10_000,
      join(folder, "no", "file"),
    );
    await expect(terminal.readStatus()).rejects.toThrow(failure);
    expect(existsSync(file) ? readFileSync(file, "utf8") : "").toBe("");
  });

  it("not where it leaves its request unread", async () => {
    const bytes = toProfileBytes(SAMPLE_PROFILE);
    expect(await open('exec <&-; echo \'{"result":"applied"}\'').apply(bytes, undefined)).toEqual({ kind: "applied" });
  });
});

describe("what an agent that was killed left running", () => {
  /** Runs a call of an agent that is killed in mid-call; gives the ids of the executable and its child. */
  async function leaveRunning(): Promise<readonly number[]> {
    const file = join(folder, "left");
    rmSync(file, { force: true });
    // It is noted before it gets its request.
    const script = toScript(`read request; sleep 60 & echo $! > ${file}; echo $$ >> ${file}; wait`);
    const agent = spawn(process.execPath, [bundle, script, groupFile], { stdio: "ignore" });
    await vi.waitFor(() => expect(readFileSync(file, "utf8")).toMatch(/^\d+\n\d+\n$/), { timeout: 20_000 });
    agent.kill("SIGKILL");
    await once(agent, "exit");
    return readFileSync(file, "utf8").trim().split("\n").map(Number);
  }

  let bundle: string;
  beforeAll(async () => {
    bundle = await bundleAgent(CALLING_MAIN, join(folder, "calling.cjs"));
  });

  it("dies before the next agent's first call, and its note is gone", async () => {
    const pids = await leaveRunning();
    expect(pids.filter(isAlive)).toHaveLength(2);
    expect(existsSync(groupFile)).toBe(true);
    const terminal = answering('{"result":"ready"}');
    expect(existsSync(groupFile)).toBe(false);
    await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), SOON_MS);
    expect(await terminal.readStatus()).toEqual({ kind: "ready" });
    expect(existsSync(groupFile)).toBe(false);
  });

  it("is not taken for a process that has its id by now, nor found in a note that was torn", async () => {
    const pids = await leaveRunning();
    const [, leader] = pids;
    for (const note of [{ pid: leader, began: "an earlier boot/1" }, { pid: leader, began: "" }, "{"]) {
      writeFileSync(groupFile, typeof note === "string" ? note : JSON.stringify(note));
      answering('{"result":"ready"}');
      expect(existsSync(groupFile)).toBe(false);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(pids.filter(isAlive)).toHaveLength(2);
    for (const pid of pids) process.kill(pid, "SIGKILL");
  });

  it("is noted only while the call lasts", async () => {
    const seen = join(folder, "seen");
    await open(`cat > /dev/null; cp ${groupFile} ${seen}; echo '{"result":"ready"}'`).readStatus();
    expect(JSON.parse(readFileSync(seen, "utf8"))).toMatchObject({ pid: expect.any(Number) });
    expect(existsSync(groupFile)).toBe(false);
    await expect(open("sleep 60", [], 200).readStatus()).rejects.toThrow(failure);
    expect(existsSync(groupFile)).toBe(false);
  });
});
