import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../agent/config.ts";
import { RECONNECT_BASE_MS, RECONNECT_CAP_MS } from "../../agent/link/link.ts";
import { makeFolder } from "../support/agent-process.ts";

const { folder, remove } = makeFolder();
afterAll(remove);

const GOOD = {
  tusn: "00000304N7NL01933217",
  host: "fleet.example",
  port: 8_883,
  caFile: "ca.pem",
  certFile: "device.pem",
  keyFile: "/etc/tillsync/device.key",
  rootFile: "root.json",
  stateDir: "state",
  terminal: { kind: "simulated", file: "profile.bin", tmk: "00112233445566778899aabbccddeeff" },
};
const LINE = ["maker/tool", "--now"];
const COMMANDS = { kind: "commands", readStatus: LINE, apply: LINE, loadWorkingKeys: LINE, computeMac: LINE };

function load(config: object | string) {
  const file = join(folder, "agent.json");
  writeFileSync(file, typeof config === "string" ? config : JSON.stringify(config));
  return loadConfig(file);
}

describe("an agent's settings", () => {
  it("have paths that count from their own folder, and defaults", () => {
    const config = load(GOOD);
    expect(config).toMatchObject({
      caFile: join(folder, "ca.pem"),
      keyFile: "/etc/tillsync/device.key",
      stateDir: join(folder, "state"),
      reconnectBaseMs: RECONNECT_BASE_MS,
      reconnectCapMs: RECONNECT_CAP_MS,
    });
    expect(config.cardKeyFile).toBeUndefined();
    expect(load({ ...GOOD, cardKeyFile: "card.key" }).cardKeyFile).toBe(join(folder, "card.key"));
    expect(config.terminal).toMatchObject({ kind: "simulated", file: join(folder, "profile.bin") });
    expect(load({ ...GOOD, reconnectBaseMs: 5, reconnectCapMs: 50 })).toMatchObject({
      reconnectBaseMs: 5,
      reconnectCapMs: 50,
    });
  });

  it("may name where certificates are renewed, and nothing that would say more than a place", () => {
    expect(load(GOOD).enrolUrl).toBeUndefined();
    for (const url of [
      "https://fleet.example:8885",
      "https://fleet.example/",
      "https://10.0.0.1:8885",
      "https://[::1]:1",
    ]) {
      expect(load({ ...GOOD, enrolUrl: url }).enrolUrl).toEqual(new URL(url));
    }
  });

  it("may name where the service is polled", () => {
    expect(load(GOOD).pollUrl).toBeUndefined();
    const url = "https://fleet.example:8887";
    expect(load({ ...GOOD, pollUrl: url }).pollUrl).toEqual(new URL(url));
  });

  it("may name an executable that proves the TUSN", () => {
    const { terminal } = load({ ...GOOD, terminal: { ...COMMANDS, computeCryptogram: ["/opt/prove"] } });
    expect(terminal).toMatchObject({ commands: { computeCryptogram: ["/opt/prove"] } });
  });

  it("name a maker's executables by path, never looked up", () => {
    const { terminal } = load({ ...GOOD, terminal: COMMANDS });
    const line = [join(folder, "maker/tool"), "--now"];
    expect(terminal).toEqual({
      kind: "commands",
      commands: { readStatus: line, apply: line, loadWorkingKeys: line, computeMac: line },
      timeLimitMs: 60_000,
    });
    expect(load({ ...GOOD, terminal: { ...COMMANDS, timeLimitMs: 5 } }).terminal).toMatchObject({ timeLimitMs: 5 });
  });

  it.each([
    ["no JSON", "{"],
    ["a field missing", { ...GOOD, host: undefined }],
    ["a field unknown", { ...GOOD, password: "x" }],
    ["a bad TUSN", { ...GOOD, tusn: "123" }],
    ["a bad host", { ...GOOD, host: "a/b" }],
    ["a bad port", { ...GOOD, port: 0 }],
    ["enrolment in clear", { ...GOOD, enrolUrl: "http://fleet.example" }],
    ["polling in clear", { ...GOOD, pollUrl: "http://fleet.example" }],
    ["enrolment at a path", { ...GOOD, enrolUrl: "https://fleet.example/x" }],
    ["enrolment with a password", { ...GOOD, enrolUrl: "https://a:b@fleet.example" }],
    ["enrolment at no port", { ...GOOD, enrolUrl: "https://fleet.example:99999" }],
    ["an empty path", { ...GOOD, caFile: "" }],
    ["an unknown terminal", { ...GOOD, terminal: { kind: "magic" } }],
    ["a terminal that is none", { ...GOOD, terminal: null }],
    ["a short key", { ...GOOD, terminal: { ...GOOD.terminal, tmk: "00" } }],
    ["no executable", { ...GOOD, terminal: { ...COMMANDS, apply: [] } }],
    ["a command line that is a text", { ...GOOD, terminal: { ...COMMANDS, apply: "maker/tool --now" } }],
    ["too many arguments", { ...GOOD, terminal: { ...COMMANDS, apply: Array(65).fill("x") } }],
    ["a NUL in an argument", { ...GOOD, terminal: { ...COMMANDS, apply: ["x", "a\0b"] } }],
    ["a time limit of nothing", { ...GOOD, terminal: { ...COMMANDS, timeLimitMs: 0 } }],
    ["a pause of nothing", { ...GOOD, reconnectBaseMs: 0 }],
  ])("are refused with %s", (_, config) => {
    expect(() => load(config)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  });
});
