// The simulated registry of terminals as a process of its own: `main CONFIG` (control.ts, JSON).
import { readFileSync } from "node:fs";
import { runSimulator } from "../simulator.ts";
import { applyCommand, type Command, type RegistryConfig } from "./control.ts";
import { openRegistry } from "./registry.ts";

await runSimulator(async () => {
  const { terminals, port, key, certificate, token } = JSON.parse(process.argv[2] ?? "") as RegistryConfig;
  const read = (path: string) => readFileSync(path, "utf8");
  const registry = await openRegistry({
    terminals: JSON.parse(read(terminals)),
    port,
    ...(key === undefined || certificate === undefined ? {} : { tls: { key: read(key), cert: read(certificate) } }),
    ...(token === undefined ? {} : { token }),
  });
  return { port: registry.port, apply: (command: Command) => applyCommand(registry, command) };
});
