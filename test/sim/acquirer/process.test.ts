import { fork } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { runReversal } from "../../../agent/test-transaction/run-reversal.ts";
import { runTest } from "../../../agent/test-transaction/run-test.ts";
import { type Acquirer, openAcquirer } from "../../../sim/acquirer/acquirer.ts";
import { type AcquirerProcess, openAcquirerProcess } from "../../../sim/acquirer/process.ts";
import { createTerminal, KNOWN_TERMINAL, toProfileAt } from "../../support/acquirer.ts";
import { discard, makeScratch } from "../../support/scratch.ts";

const ATTEMPT = { trace: 1, batch: 1 };

let folder: string;
let entry: string;

beforeAll(async () => {
  folder = makeScratch("acquirer");
  entry = join(folder, "main.mjs");
  await build({ entryPoints: ["sim/acquirer/main.ts"], bundle: true, platform: "node", format: "esm", outfile: entry });
});

afterAll(() => discard(folder));

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

describe("the acquirer as a process of its own", () => {
  let acquirer: AcquirerProcess | undefined;

  afterEach(() => acquirer?.close());

  it("learns terminals, follows its script and shows its records", async () => {
    acquirer = await openAcquirerProcess(entry);
    const profile = toProfileAt(acquirer.port);
    expect(await runTest(profile, ATTEMPT, createTerminal())).toMatchObject({ kind: "failed", detail: "echo 97" });
    await acquirer.addTerminals([KNOWN_TERMINAL]);
    await acquirer.script(KNOWN_TERMINAL.terminalNo, [{ kind: "decline", code: "58" }]);
    expect(await runTest(profile, { trace: 11, batch: 1 }, createTerminal())).toMatchObject({ detail: "purchase 58" });
    expect((await runTest(profile, { trace: 21, batch: 1 }, createTerminal())).kind).toBe("passed");
    expect((await runReversal(profile, { trace: 21, batch: 1 }, 24, createTerminal())).kind).toBe("answered");
    const records = await acquirer.records();
    expect(records.map(({ kind, trace, code }) => `${kind} ${trace} ${code}`)).toEqual([
      "purchase 13 58",
      "purchase 23 00",
      "reversal 23 00",
    ]);
  });

  it("ends when it is closed, and does nothing after", async () => {
    acquirer = await openAcquirerProcess(entry);
    await acquirer.close();
    await acquirer.close();
    expect(await isListening(acquirer.port)).toBe(false);
    await expect(acquirer.records()).rejects.toThrow();
  });

  it("ends when its parent is killed", async () => {
    const parent = join(folder, "parent.mjs");
    await build({
      stdin: {
        contents: `import { openAcquirerProcess } from "./sim/acquirer/process.ts";
          const acquirer = await openAcquirerProcess(${JSON.stringify(entry)});
          process.send(acquirer.port);`,
        resolveDir: process.cwd(),
        loader: "ts",
      },
      bundle: true,
      platform: "node",
      format: "esm",
      outfile: parent,
    });
    const child = fork(parent, { execArgv: [] });
    const [port] = (await once(child, "message")) as [number];
    expect(await isListening(port)).toBe(true);
    child.kill("SIGKILL");
    await expect.poll(() => isListening(port), { timeout: 20_000 }).toBe(false);
  });

  it("tells that its port is taken", async () => {
    const squatter = createServer().listen(0, "127.0.0.1");
    await once(squatter, "listening");
    const { port } = squatter.address() as { port: number };
    const taken = expect.objectContaining({ code: "PORT_IN_USE" });
    await expect(openAcquirerProcess(entry, port)).rejects.toThrow(taken);
    await expect(openAcquirer({ host: "127.0.0.1", port, terminals: [] })).rejects.toThrow(taken);
    squatter.close();
  });

  it("tells that it ended before it listened", async () => {
    const stillborn = join(folder, "stillborn.mjs");
    await writeFile(stillborn, "process.exit(3);");
    await expect(openAcquirerProcess(stillborn)).rejects.toThrow(expect.objectContaining({ code: "INTERNAL" }));
  });
});

describe("the acquirer's door", () => {
  let acquirer: Acquirer;

  beforeAll(async () => {
    acquirer = await openAcquirer({ host: "127.0.0.1", port: 0, terminals: [KNOWN_TERMINAL] });
  });

  afterAll(() => acquirer.close());

  it("cuts whoever does not speak ISO 8583, and goes on serving others", async () => {
    for (const nonsense of [Buffer.alloc(64, 0xff), Buffer.from([0, 21, ...Buffer.alloc(21, 0xff)])]) {
      const socket = connect(acquirer.port, "127.0.0.1");
      socket.write(nonsense);
      await once(socket, "close");
    }
    expect((await runTest(toProfileAt(acquirer.port), ATTEMPT, createTerminal())).kind).toBe("passed");
    await expect.poll(() => acquirer.connections()).toBe(0);
  });

  it("closes at once with connections open, twice as well as once", async () => {
    const other = await openAcquirer({ host: "127.0.0.1", port: 0, terminals: [] });
    const socket = connect(other.port, "127.0.0.1").on("error", () => undefined);
    await once(socket, "connect");
    await expect.poll(() => other.connections()).toBe(1);
    const closed = once(socket, "close");
    await other.close();
    await other.close();
    await closed;
    expect(other.connections()).toBe(0);
  });
});
