import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import {
  bundleAgent,
  type Ended,
  type Installation,
  install,
  killPrograms,
  makeFolder,
  startProgram,
} from "../support/agent-process.ts";
import { loadCertificates, TUSN_A, TUSN_B } from "../support/certificates.ts";
import { openEnrolmentServer, toPending, toProblem } from "../support/enrolment-server.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

// The command line of the bundled agent, as an installer meets it.

const MAIN = fileURLToPath(new URL("../../agent/main.ts", import.meta.url));
const TOKEN = "7K2M-9QXC-ONE-TERMINALS-TOKEN";
const WAIT = { timeout: 20_000, interval: 20 };
const { folder, remove } = makeFolder();
let bundle: string;
let service: TestService;
let count = 0;

beforeAll(async () => {
  bundle = await bundleAgent(MAIN, join(folder, "tillsync-agent.cjs"));
  service = await openTestService();
});

afterEach(killPrograms);

afterAll(async () => {
  await service.close();
  remove();
});

function prepare(config: object = {}): Promise<Installation> {
  count += 1;
  const { root } = service.approvers.trust;
  return install({ folder: join(folder, String(count)), tusn: TUSN_A, port: service.port, root, config });
}

const run = (...args: readonly string[]): Promise<Ended> => startProgram(bundle, args).ended;

async function greeted(): Promise<void> {
  const before = service.hellos.length;
  await vi.waitFor(() => expect(service.hellos.length).toBeGreaterThan(before), WAIT);
}

describe("tillsync-agent", () => {
  it("tells its version and its usage", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    expect(await run("--version")).toMatchObject({ status: 0, output: `${version}\n` });
    const usage = await run();
    expect(usage).toMatchObject({ status: 0, errors: "" });
    for (const command of ["enrol", "run", "status", "--version"]) expect(usage.output).toContain(command);
  });

  it.each([
    ["an unknown command", ["fly", "--config", "x"]],
    ["an unknown option", ["run", "--fast"]],
    ["no settings", ["run"]],
    ["settings that are not there", ["status", "--config", "nothing.json"]],
  ])("refuses %s with a code on standard error", async (_, args) => {
    const { status, errors } = await run(...args);
    expect(status).toBe(1);
    expect(errors).toMatch(/^CONFIG_INVALID: .+\n$/);
  });
});

describe("tillsync-agent run", () => {
  it("polls only where its settings say at what address", async () => {
    const { configFile, stateDir } = await prepare();
    const { status, errors } = await run("run", "--poll", "--config", configFile);
    expect([status, errors]).toEqual([1, expect.stringMatching(/^CONFIG_INVALID: .*pollUrl/)]);
    expect(existsSync(stateDir)).toBe(false);
  });

  it("ends on SIGTERM with status 0 and leaves no lock", async () => {
    const { configFile, stateDir } = await prepare();
    const agent = startProgram(bundle, ["run", "--config", configFile]);
    await greeted();
    expect(existsSync(join(stateDir, "agent.lock"))).toBe(true);
    const { status, output } = await agent.stop("SIGTERM");
    expect(status).toBe(0);
    expect(readdirSync(stateDir).sort()).toEqual(["link.json", "objects", "state.0", "state.1"]);
    const events = output
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).event);
    expect(events).toEqual(["agent started", "connected", "agent stopping"]);
  });

  it("keeps its files to its owner", async () => {
    const { configFile, stateDir } = await prepare();
    startProgram(bundle, ["run", "--config", configFile]);
    await greeted();
    for (const name of [".", "objects"]) expect(statSync(join(stateDir, name)).mode & 0o777).toBe(0o700);
    for (const name of ["state.0", "state.1"]) expect(statSync(join(stateDir, name)).mode & 0o777).toBe(0o600);
  });

  it("does not run twice on one state folder, and takes over where the other was killed", async () => {
    const { configFile } = await prepare();
    const first = startProgram(bundle, ["run", "--config", configFile]);
    await greeted();
    const second = await run("run", "--config", configFile);
    expect(second.status).toBe(1);
    expect(second.errors).toMatch(/^AGENT_RUNNING/);
    await first.stop("SIGKILL");
    startProgram(bundle, ["run", "--config", configFile]);
    await greeted();
  });

  it("refuses a certificate of another terminal, a key of another certificate, and what is neither", async () => {
    const wrongTusn = await prepare({ tusn: TUSN_B });
    expect((await run("run", "--config", wrongTusn.configFile)).errors).toMatch(/^CONFIG_INVALID.*tusn/);

    const wrongKey = await prepare();
    writeFileSync(join(wrongKey.folder, "device.key"), (await loadCertificates()).server.key);
    expect((await run("run", "--config", wrongKey.configFile)).errors).toMatch(/^CONFIG_INVALID.*keyFile/);

    const noCertificate = await prepare({ certFile: "ca.pem" });
    expect((await run("run", "--config", noCertificate.configFile)).status).toBe(1);

    const noRoot = await prepare();
    writeFileSync(join(noRoot.folder, "root.json"), "{}");
    expect((await run("run", "--config", noRoot.configFile)).errors).toMatch(/^TRUST_INVALID/);

    const noKey = await prepare({ keyFile: "ca.pem" });
    expect((await run("run", "--config", noKey.configFile)).errors).toMatch(/^KEY_INVALID/);
  });

  it("with a state that cannot be read says so in its hellos and changes nothing", async () => {
    const { configFile, stateDir } = await prepare();
    const first = startProgram(bundle, ["run", "--config", configFile]);
    await greeted();
    await first.stop("SIGTERM");
    for (const name of ["state.0", "state.1"]) writeFileSync(join(stateDir, name), "edited");
    const second = startProgram(bundle, ["run", "--config", configFile]);
    await greeted();
    const hello = service.hellos.at(-1);
    expect(hello).toMatchObject({ tusn: TUSN_A, phase: "broken", sequence: 0, stale: true });
    expect(hello?.counter).toBeGreaterThanOrEqual(Math.floor(Date.now() / 1_000) - 60);
    service.send(TUSN_A, "trust", Buffer.from("anything"));
    const { output } = await second.stop("SIGTERM");
    expect(output).toContain("STATE_CORRUPT");
    expect(readFileSync(join(stateDir, "state.0"), "utf8")).toBe("edited");
    expect((await run("status", "--config", configFile)).errors).toMatch(/^STATE_CORRUPT/);
  });
});

describe("tillsync-agent enrol", () => {
  /** As the box leaves the installer: what a prepared terminal holds, but neither key nor certificate. */
  async function unpack(config: object = {}): Promise<Installation> {
    const installation = await prepare(config);
    for (const name of ["device.key", "device.pem"]) rmSync(join(installation.folder, name));
    return installation;
  }

  it("by an installer makes an agent that the broker lets in", async () => {
    const server = await openEnrolmentServer();
    const { configFile } = await unpack();
    const { status, output } = await run("enrol", "--config", configFile, "--url", server.url, "--token", TOKEN);
    expect(output).toContain(`${TUSN_A} is enrolled`);
    expect(status).toBe(0);
    const agent = startProgram(bundle, ["run", "--config", configFile]);
    await vi.waitFor(() => expect(agent.output()).toContain('"event":"connected"'), WAIT);
    const { output: shown } = await run("status", "--json", "--config", configFile);
    expect(JSON.parse(shown).certificate).toMatchObject({ state: "valid" });
    expect((await agent.stop("SIGTERM")).status).toBe(0);
    await server.close();
  });

  it("reads ./agent.json where it is given no settings, and ends with 3 where it is not admitted in time", async () => {
    const server = await openEnrolmentServer(({ path }) => (path.endsWith("certificates") ? toPending(60) : undefined));
    const { folder: own } = await unpack({ enrolUrl: server.url });
    const ended = await startProgram(bundle, ["enrol", "--token", TOKEN, "--wait", "0", "--json"], {}, own).ended;
    expect(ended.status).toBe(3);
    expect(JSON.parse(ended.output)).toMatchObject({ state: "pending", tusn: TUSN_A });
    await server.close();
  });

  it("that is killed at any moment goes on with the key it made", async () => {
    const requests: unknown[] = [];
    let isHeld = true;
    const server = await openEnrolmentServer(({ path, body }) => {
      if (!path.endsWith("certificates")) return undefined;
      requests.push(body["request"]);
      return isHeld ? () => undefined : undefined;
    });
    const { configFile, stateDir } = await unpack();
    const args = ["enrol", "--config", configFile, "--url", server.url, "--token", TOKEN];
    const killed = startProgram(bundle, args);
    await vi.waitFor(() => expect(requests).toHaveLength(1), WAIT);
    await killed.stop("SIGKILL");
    expect(existsSync(join(stateDir, "agent.lock"))).toBe(true);
    isHeld = false;
    expect(await run(...args)).toMatchObject({ status: 0 });
    expect(requests[1]).toBe(requests[0]);
    expect(readdirSync(stateDir)).toEqual([]);
    await server.close();
  });

  it("that fails tells the code on standard error", async () => {
    const server = await openEnrolmentServer(() => toProblem("TOKEN_INVALID"));
    const { configFile } = await unpack();
    const ended = await run("enrol", "--config", configFile, "--url", server.url, "--token", TOKEN);
    expect(ended).toMatchObject({ status: 1, output: "", errors: expect.stringMatching(/^TOKEN_INVALID/m) });
    await server.close();
  });
});

describe("tillsync-agent status", () => {
  it("of an agent that never ran says so and makes no folder", async () => {
    const { configFile, stateDir } = await prepare();
    expect((await run("status", "--config", configFile)).errors).toMatch(/^NOT_FOUND/);
    expect(existsSync(stateDir)).toBe(false);
  });

  it("shows what the terminal holds, for people and as JSON", async () => {
    const { configFile } = await prepare();
    startProgram(bundle, ["run", "--config", configFile]);
    await greeted();
    const text = (await run("status", "--config", configFile)).output;
    expect(text).toContain(TUSN_A);
    expect(text).toMatch(/current +none/);
    await vi.waitFor(async () => {
      const { output } = await run("status", "--json", "--config", configFile);
      expect(JSON.parse(output)).toMatchObject({
        tusn: TUSN_A,
        phase: "idle",
        sequence: 0,
        current: null,
        previous: null,
        next: null,
        directive: null,
        reversalOwed: false,
        unsent: [],
        trust: { timestamp: 1, stale: false },
      });
    }, WAIT);
  });
});
