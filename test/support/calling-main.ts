// One call to a maker's executable, from a process of its own: `calling-main EXECUTABLE GROUP_FILE`.
import { openCommandTerminal } from "../../agent/terminal/commands.ts";
import { startTimer } from "../../agent/timer.ts";

const [executable = "", groupFile = ""] = process.argv.slice(2);
const line = [executable];
const commands = { readStatus: line, apply: line, loadWorkingKeys: line, computeMac: line };
void openCommandTerminal({ commands, timeLimitMs: 60_000, startTimer, groupFile }).readStatus();
