import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it, vi } from "vitest";
import { bundleAgent, install, killPrograms, makeFolder, startProgram } from "../support/agent-process.ts";
import { TUSN_A } from "../support/certificates.ts";
import { createApprovers } from "../support/release.ts";
import { openScriptedBroker } from "../support/scripted-broker.ts";

const MAIN = fileURLToPath(new URL("../../agent/main.ts", import.meta.url));
const MIB = 1_048_576;
const CHUNKS = 64;
const { folder, remove } = makeFolder();

afterAll(() => {
  killPrograms();
  remove();
});

/** Memory of a process in bytes, by its name in proc(5). */
function readMemory(pid: number, name: "VmRSS" | "VmHWM"): number {
  const [, kilobytes] = new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) * 1_024;
}

it("an agent cuts off a broker that sends without end, and holds next to nothing of it", async () => {
  const broker = await openScriptedBroker();
  const bundle = await bundleAgent(MAIN, join(folder, "agent.cjs"));
  const { root } = createApprovers(Math.floor(Date.now() / 1_000)).trust;
  const { configFile } = await install({ folder, tusn: TUSN_A, port: broker.port, root });
  const { child } = startProgram(bundle, ["run", "--config", configFile]);
  await vi.waitFor(() => expect(broker.packets.some(({ type }) => type === 3)).toBe(true), { timeout: 20_000 });
  const pid = child.pid ?? 0;
  const before = readMemory(pid, "VmRSS");
  const [connection] = broker.connections;

  const started = Date.now();
  broker.send(Buffer.of(0x30, 0xff, 0xff, 0xff, 0x7f));
  for (let chunk = 0; chunk < CHUNKS; chunk += 1) broker.send(Buffer.alloc(MIB));
  await vi.waitFor(() => expect(connection?.destroyed).toBe(true), { timeout: 20_000, interval: 10 });
  expect(Date.now() - started).toBeLessThan(2_000);
  expect(readMemory(pid, "VmHWM") - before).toBeLessThan(16 * MIB);
  await broker.close();
});
