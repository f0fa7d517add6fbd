// The simulated acquirer host as a process of its own: `main [port] [host]`, forked by a parent that steers it with the
// commands of control.ts. It ends with its parent.
import { toErrorCode } from "../../proto/errors.ts";
import { openAcquirer } from "./acquirer.ts";
import { applyCommand, type Command, type Notice } from "./control.ts";

const LOOPBACK = "127.0.0.1";

function tell(notice: Notice): void {
  // The parent may be gone at any time; then this process ends by "disconnect".
  process.send?.(notice, undefined, undefined, () => undefined);
}

process.on("disconnect", () => process.exit(0));
try {
  const [port = "0", host = LOOPBACK] = process.argv.slice(2);
  const acquirer = await openAcquirer({ host, port: Number(port), terminals: [] });
  process.on("message", (command: Command) => tell(applyCommand(acquirer, command)));
  tell({ type: "listening", port: acquirer.port });
} catch (error) {
  tell({ type: "failed", code: toErrorCode(error) });
  process.exitCode = 1;
  process.disconnect?.();
}
