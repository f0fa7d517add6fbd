import type { Command } from "commander";
import { parseTusn } from "../../../proto/tusn.ts";
import { CHANNELS, FINDINGS, MAX_EVIDENCE_BYTES, recordEnquiry } from "../../app/verifiers/record.ts";
import { listVerdicts, type Selected } from "../../store/verdicts.ts";
import { readBytes } from "./files.ts";
import { print, toShortDigest, toTable, toTime } from "./output.ts";
import { type CliPorts, withBackend } from "./ports.ts";

interface RecordOptions {
  readonly channel: string;
  readonly case: string;
  readonly by: string;
  readonly on: string;
  readonly found: string;
  readonly evidence?: string;
}

export function addVerdictCommands(program: Command, ports: CliPorts): void {
  const verdicts = program
    .command("verdicts")
    .description("how sure we are of a terminal's TUSN, and what that rests on");

  verdicts
    .command("record")
    .description("record what a person found out about a terminal")
    .argument("<tusn>", "the terminal's unique serial number")
    .requiredOption("--channel <name>", `where they asked: ${CHANNELS.join(" or ")}`)
    .requiredOption("--case <no>", "number that the other side has the enquiry under")
    .requiredOption("--by <name>", "who asked")
    .requiredOption("--on <date>", "day on which they asked, such as 2026-07-31")
    .requiredOption("--found <what>", `what they were told: ${FINDINGS.join(", ")}`)
    .option("--evidence <file>", "what they got in writing or recorded; a copy is kept in the data folder")
    .action((tusn: string, { evidence, ...enquiry }: RecordOptions, command: Command) =>
      withBackend(ports, command, async ({ context, folder }, output) => {
        const file = evidence === undefined ? {} : { evidence: readBytes(evidence, MAX_EVIDENCE_BYTES) };
        const recorded = await recordEnquiry(context, folder.path, { tusn: parseTusn(tusn), ...enquiry, ...file });
        print(output, recorded, ({ verdict, held }) => `Recorded: ${verdict}. The verdict on ${tusn} is ${held} now.`);
      }),
    );

  verdicts
    .command("list")
    .description("list the verdicts on a terminal, oldest first")
    .argument("<tusn>", "the terminal's unique serial number")
    .action((tusn: string, _options: object, command: Command) =>
      withBackend(ports, command, async ({ context }, output) => {
        print(output, await listVerdicts(context.store, parseTusn(tusn)), toVerdictsText);
      }),
    );
}

function toVerdictsText(verdicts: readonly Selected[]): string {
  if (verdicts.length === 0) return "There is no verdict: at most the form of the number was looked at.";
  const rows = verdicts.map(({ at, verdict, source, actor, evidence, evidenceDigest }) => [
    ...[toTime(at), verdict, source, actor, evidence],
    toShortDigest(evidenceDigest),
  ]);
  return toTable(["at", "verdict", "source", "by", "rests on", "evidence file"], rows);
}
