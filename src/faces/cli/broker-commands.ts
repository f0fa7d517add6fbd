import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { SERVICE_NAME } from "../../../broker/acl.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { syncFolder } from "../../app/durable-file.ts";
import { listAcl } from "../../app/queries/access.ts";
import { toWholeNumber } from "./arguments.ts";
import { print, toTable } from "./output.ts";
import { type CliPorts, withBackend } from "./ports.ts";

/** Read by the broker, which is another user. */
const READABLE = 0o644;
const MAX_PORT = 65_535;
const MQTTS_PORT = 8_883;

interface AclOptions {
  readonly out?: string;
  readonly service: string;
}

interface ProbeCommandOptions {
  readonly url: { readonly host: string; readonly port: number };
  readonly plainPort?: number;
  readonly wsPort?: number;
  readonly service: string;
}

/** For those who let terminals speak to a broker of their own (docs/external-broker.md). */
export function addBrokerCommands(program: Command, ports: CliPorts): void {
  const broker = program.command("broker").description("hold an external MQTT broker to the access policy");

  broker
    .command("acl")
    .description("print the access policy as Mosquitto's access control list, for the fleet as it is now")
    .option("--out <file>", "write it there, as a whole, for the broker to read on SIGHUP")
    .option("--service <name>", "name on the service's own certificate", SERVICE_NAME)
    .action(({ out, service }: AclOptions, command: Command) =>
      withBackend(ports, command, async ({ context }, output) => {
        const parts = listAcl(context.store, service);
        if (out === undefined) for await (const part of parts) output.out(part);
        else {
          await writeParts(out, parts);
          print(output, { file: out }, () => `${out} is written: have the broker read it`);
        }
      }),
    );

  broker
    .command("probe")
    .description("try on a broker what the access policy forbids; ends with 1 where anything of it is allowed")
    .requiredOption("--url <url>", "mqtts://HOST:PORT", toBrokerUrl)
    .option("--plain-port <port>", "its port without TLS, where it has one", toWholeNumber(1, MAX_PORT))
    .option("--ws-port <port>", "its port for WebSocket, where it has one", toWholeNumber(1, MAX_PORT))
    .option("--service <name>", "name of the service in the broker's access control list", SERVICE_NAME)
    .action(({ url, plainPort, wsPort, service }: ProbeCommandOptions, command: Command) =>
      withBackend(ports, command, async ({ context, folder }, output) => {
        const { probeBroker, toBrokerOpen } = await import("../../../broker/probe/probe.ts");
        const findings = await probeBroker({
          ...{ ...url, service, authority: folder.authority, now: new Date(context.now() * 1_000) },
          ...(plainPort === undefined ? {} : { plainPort }),
          ...(wsPort === undefined ? {} : { webSocketPort: wsPort }),
        });
        print(output, { findings }, () =>
          findings.length === 0
            ? "the broker allows nothing that the access policy forbids"
            : toTable(
                ["check", "the broker"],
                findings.map(({ check, detail }) => [check, detail]),
              ),
        );
        if (findings.length > 0) throw toBrokerOpen(findings);
      }),
    );
}

/** Replaces the file as a whole, however long it is, without ever having all of it in memory. */
async function writeParts(path: string, parts: AsyncIterable<string>): Promise<void> {
  const draft = `${path}.new`;
  try {
    const file = await open(draft, "w", READABLE);
    try {
      for await (const part of parts) await file.write(part);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    throw cause instanceof TillsyncError ? cause : new TillsyncError("CONFIG_INVALID", { unwritable: path }, cause);
  }
}

function toBrokerUrl(text: string): ProbeCommandOptions["url"] {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url?.protocol === "mqtts:" && url.hostname !== "" && ["", "/"].includes(url.pathname);
  if (!isPlain || url.username !== "" || url.search !== "")
    throw new InvalidArgumentError("Expected mqtts://HOST:PORT.");
  return { host: url.hostname.replace(/^\[(.*)\]$/, "$1"), port: url.port === "" ? MQTTS_PORT : Number(url.port) };
}
