// The simulated acquirer host as a process of its own: `main [port] [host]`, steered with the commands of control.ts.
import { runSimulator } from "../simulator.ts";
import { openAcquirer } from "./acquirer.ts";
import { applyCommand, type Command } from "./control.ts";

const LOOPBACK = "127.0.0.1";

await runSimulator(async () => {
  const [port = "0", host = LOOPBACK] = process.argv.slice(2);
  const acquirer = await openAcquirer({ host, port: Number(port), terminals: [] });
  return { port: acquirer.port, apply: (command: Command) => applyCommand(acquirer, command) };
});
