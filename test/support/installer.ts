import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Tusn } from "../../proto/tusn.ts";
import { installTerminal } from "../../sim/demo/provision.ts";
import type { FleetFields } from "../../src/domain/fleet-columns.ts";
import { callTillsync } from "./called-cli.ts";
import type { CliResult } from "./cli.ts";
import { TILLSYNC_AGENT, TILLSYNC_SIGN } from "./programs.ts";
import { discard, makeScratch } from "./scratch.ts";
import { type ServeProcess, startServe } from "./serve-process.ts";
import { toFleetCsv } from "./shop.ts";

/** A service as people run it, the approvers' program and terminals that nobody has enrolled: each a process of its own. */
export interface Depot {
  readonly service: ServeProcess;
  /** An operator's command, beside the service that runs. */
  tillsync(...args: readonly string[]): Promise<CliResult>;
  /** As this demo approver, at the desk that the service opens. */
  sign(person: string, ...args: readonly string[]): Promise<CliResult>;
  /** The options that say who signs. */
  as(person: string): readonly string[];
  /** Path of a file in a terminal's folder. */
  at(tusn: Tusn, name: string): string;
  /** A new token for this terminal. */
  makeToken(tusn: Tusn, ...options: readonly string[]): Promise<string>;
  /** The installer's command on the terminal, which waits for nobody. */
  enrol(tusn: Tusn, token: string, ...options: readonly string[]): Promise<CliResult>;
  stop(): Promise<void>;
}

export async function openDepot(rows: readonly (FleetFields & { readonly tusn: string })[]): Promise<Depot> {
  const service = await startServe();
  const folder = makeScratch("depot");
  const agents = join(folder, "agents");
  mkdirSync(agents, { mode: 0o700 });
  const tillsync = (...args: readonly string[]) => callTillsync(service.path(), "--json", ...args);
  writeFileSync(join(folder, "fleet.csv"), toFleetCsv(rows));
  const imported = await tillsync("terminals", "import", join(folder, "fleet.csv"));
  if (imported.code !== 0) throw new Error(imported.stderr);
  const root = readFileSync(service.path("trust", "root.json"));
  for (const { tusn } of rows) {
    const terminal = { tusn: tusn as Tusn, agents, ca: service.authority.certificate, root, needsCardNumber: false };
    await installTerminal({ ...terminal, port: service.ports.mqtt });
  }
  const home = service.path("approvers");
  const as = (person: string) => [
    ...["--key", join(home, `${person}.pem`)],
    ...["--passphrase-file", join(home, `${person}.passphrase`)],
  ];
  let tokens = 0;
  return {
    ...{ service, tillsync, as },
    sign: (person, ...args) => {
      const desk = ["--service", `https://127.0.0.1:${service.ports.desk}`, "--ca", service.path("ca", "ca.pem")];
      return runFile(TILLSYNC_SIGN, [...args, ...desk, ...as(person), "--home", home, "--lang", "en"]);
    },
    at: (tusn, name) => join(agents, tusn, name),
    makeToken: async (tusn, ...options) => {
      tokens += 1;
      const out = join(folder, `tokens-${tokens}.csv`);
      const { code, stderr } = await tillsync("enrolment", "tokens", tusn, "--out", out, "--by", "li.na", ...options);
      if (code !== 0) throw new Error(stderr);
      return readFileSync(out, "utf8").split("\n")[1]?.split(",")[1] ?? "";
    },
    enrol: (tusn, token, ...options) => {
      const url = `https://127.0.0.1:${service.ports.enrolment}`;
      const config = join(agents, tusn, "agent.json");
      return runFile(TILLSYNC_AGENT, [
        "enrol",
        "--config",
        config,
        "--url",
        url,
        "--token",
        token,
        "--wait",
        "0",
        ...options,
      ]);
    },
    stop: async () => {
      await service.stop();
      discard(folder);
    },
  };
}

function runFile(file: string, args: readonly string[]): Promise<CliResult> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [file, ...args], (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
    child.stdin?.end();
  });
}
