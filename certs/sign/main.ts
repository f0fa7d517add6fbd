import { homedir } from "node:os";
import { join } from "node:path";
import type { ReadStream } from "node:tty";
import { run } from "./program.ts";
import { openPrompt } from "./prompt.ts";

const err = (text: string) => process.stderr.write(text);
void run(process.argv.slice(2), {
  now: () => Math.floor(Date.now() / 1_000),
  out: (text) => process.stdout.write(text),
  err,
  prompt: openPrompt(process.stdin as ReadStream, err),
  home: join(homedir(), ".tillsync-sign"),
  lang: /^zh/i.test(process.env["LC_ALL"] ?? process.env["LANG"] ?? "") ? "zh" : "en",
}).then((status) => {
  process.exitCode = status;
});
