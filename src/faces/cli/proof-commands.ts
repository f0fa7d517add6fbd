import type { Command } from "commander";
import { parseTusn } from "../../../proto/tusn.ts";
import { awaitProof, demandProof, unlockProof } from "../../app/proof/demand.ts";
import { listProofs, type ProofQuery } from "../../app/proof/list.ts";
import { toWholeNumber } from "./arguments.ts";
import { print } from "./output.ts";
import { type CliPorts, withBackend } from "./ports.ts";
import { toProofsText } from "./proof-text.ts";

const MAX_WAIT_S = 3_600;
const OPERATOR = "operator";

export function addProofCommands(program: Command, ports: CliPorts): void {
  const proof = program.command("proof").description("have terminals prove their TUSN, and see which have to");

  proof
    .command("ask")
    .description("have the running service ask a terminal now, or as soon as it is connected")
    .argument("<tusn>", "the terminal's unique serial number")
    .option("--wait <seconds>", "wait for the verdict; exit 0 only if it suffices", toWholeNumber(1, MAX_WAIT_S))
    .option("--by <name>", "who asks for it", OPERATOR)
    .action((text: string, options: { wait?: number; by: string }, command: Command) => {
      const tusn = parseTusn(text);
      return withBackend(ports, command, async ({ context }, output) => {
        const demand = await demandProof(context, tusn, options.by);
        if (options.wait === undefined) {
          print(output, { tusn, asked: true }, () => `${tusn} is asked as soon as it is connected`);
          return;
        }
        const verdict = await awaitProof(context, demand, options.wait);
        print(output, { tusn, verdict }, () => `${tusn}: ${verdict}`);
      });
    });

  proof
    .command("list")
    .description("list terminals with when they are to prove their TUSN next, and what the last asking came to")
    .option("--locked", "only those that a person has to unlock", false)
    .option("--due", "only those that are to be asked by now", false)
    .action((options: ProofQuery, command: Command) =>
      withBackend(ports, command, async ({ context }, output) => {
        print(output, await listProofs(context, options), toProofsText);
      }),
    );

  proof
    .command("unlock")
    .description("ask a terminal again that gave too many wrong proofs")
    .argument("<tusn>", "the terminal's unique serial number")
    .requiredOption("--reason <words>", "what was found out")
    .option("--by <name>", "who says so", OPERATOR)
    .action((text: string, options: { reason: string; by: string }, command: Command) => {
      const tusn = parseTusn(text);
      return withBackend(ports, command, async ({ context }, output) => {
        await unlockProof(context, tusn, options);
        print(output, { tusn, unlocked: true }, () => `${tusn} is asked again as soon as it is connected`);
      });
    });
}
