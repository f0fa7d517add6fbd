import type { Command } from "commander";
import { TillsyncError } from "../../../proto/errors.ts";
import { listLoadedPacks, loadPack } from "../../app/changes/packs.ts";
import { parseActor } from "../../app/registry/act.ts";
import { DEFAULT_PACK, toPackName } from "../../domain/changes/pack.ts";
import { MAX_PACK_CHARACTERS } from "../../domain/changes/parse-pack.ts";
import { readBytes } from "./files.ts";
import { print, toTable, toTime } from "./output.ts";
import { type CliPorts, withBackend } from "./ports.ts";

/** What acquirers allow, as data. */
export function addPolicyCommands(program: Command, ports: CliPorts): void {
  const policies = program.command("policies").description("load and show what acquirers allow on which models");

  policies
    .command("load")
    .description("take a policy pack into force; what is pending is judged by it from then on")
    .argument("<file>", "policy pack in JSON (docs/policies.md)")
    .option("--by <name>", "who loads it", "operator")
    .action((file: string, { by }: { by: string }, command: Command) => {
      const text = Buffer.from(readBytes(file, 4 * MAX_PACK_CHARACTERS)).toString("utf8");
      return withBackend(ports, command, async ({ context }, output) => {
        print(output, await loadPack(context, text, parseActor(by)), (pack) => `${toPackName(pack)} is in force`);
      });
    });

  policies
    .command("list")
    .description("list every pack that was loaded")
    .action((_options: object, command: Command) =>
      withBackend(ports, command, async ({ context }, output) => {
        const packs = await listLoadedPacks(context.store);
        print(output, packs, () =>
          packs.length === 0
            ? `none: ${toPackName(DEFAULT_PACK)} holds`
            : toTable(
                ["pack", "loaded", "by"],
                packs.map(({ name, loadedAt, loadedBy }) => [name, toTime(loadedAt), loadedBy]),
              ),
        );
      }),
    );

  policies
    .command("show")
    .description("print a pack; the one that holds where none is loaded without a name")
    .argument("[pack]", "its name, such as 48221000/*@3")
    .action((name: string | undefined, _options: object, command: Command) =>
      withBackend(ports, command, async ({ context }, output) => {
        const packs = await listLoadedPacks(context.store);
        const pack = name === undefined ? DEFAULT_PACK : packs.find((one) => one.name === name)?.pack;
        if (pack === undefined) throw new TillsyncError("NOT_FOUND", { pack: name ?? "" });
        print(output, pack, () => JSON.stringify(pack, null, 2));
      }),
    );
}
