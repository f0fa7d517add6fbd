import { toErrorCode } from "../proto/errors.ts";

// What each main of a simulator does. It tells on a line of its standard output how the start went, as JSON:
// {"port":…} or {"failed":CODE}. Where it was forked (process.ts), requests and replies go over node's IPC channel.

export interface Simulator<Command, Answer> {
  readonly port: number;
  apply(command: Command): Answer | Promise<Answer>;
}

/** From the parent. Each has one reply, with its `id`. */
export interface Request<Command> {
  readonly id: number;
  readonly command: Command;
}

export interface Reply<Answer> {
  readonly id: number;
  readonly answer: Answer;
}

/**
 * Opens a simulator and does what its parent commands, until the parent is gone. Without a parent it runs until it is
 * killed. What a command throws ends the process.
 */
export async function runSimulator<Command, Answer>(open: () => Promise<Simulator<Command, Answer>>): Promise<void> {
  process.on("disconnect", () => process.exit());
  try {
    const simulator = await open();
    process.on("message", async ({ id, command }: Request<Command>) => {
      const reply: Reply<Answer> = { id, answer: await simulator.apply(command) };
      // The parent may be gone at any time; then this process ends by "disconnect".
      process.send?.(reply, undefined, undefined, () => undefined);
    });
    tell({ port: simulator.port });
  } catch (error) {
    tell({ failed: toErrorCode(error) });
    console.error(error);
    process.exitCode = 1;
    process.disconnect?.();
  }
}

function tell(start: object): void {
  process.stdout.write(`${JSON.stringify(start)}\n`);
}
