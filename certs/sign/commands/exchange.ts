import { toHex } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { toPrintable } from "../../../proto/printable.ts";
import type { Arguments, Command } from "../arguments.ts";
import { type Asker, fetchRelease, fetchReleases, submitRelease } from "../desk.ts";
import { PUBLIC, writeNew } from "../files.ts";
import { openKeyFile } from "../key-file.ts";
import { print } from "../output.ts";
import type { Ports } from "../ports.ts";
import { parseWhole, readInput } from "../release-input.ts";
import { parseWaiting, type Waiting } from "../waiting.ts";
import { KEY, LANG, SERVICE, toDesk, toPassphraseSource } from "./options.ts";

export const fetchCommand: Command = {
  name: "fetch",
  about: "list the releases that wait at the service, or fetch one of them into a file",
  operands: [],
  options: {
    ...SERVICE,
    ...KEY,
    release: { value: "ID", about: "this release; else they are listed", pattern: /^[0-9a-f]{32}$/ },
    out: { value: "FILE", about: "release file to make; with --release" },
    ...LANG,
  },
  run: async (given, ports) => {
    const [release, out] = [given.text("release"), given.text("out")];
    if ((release === undefined) !== (out === undefined)) {
      throw new TillsyncError("CONFIG_INVALID", { expected: "--release and --out together" });
    }
    const desk = toDesk(given.demanded("service"), given);
    const by = await toAsker(given, ports);
    if (release === undefined || out === undefined) {
      const waiting = parseWaiting(await fetchReleases(desk, by));
      print(ports, given.flag("json"), waiting, () => waiting.map(toWaitingText).join("\n") || "-");
      return;
    }
    const bytes = await fetchRelease(desk, by, release);
    const { statement } = parseWhole(bytes);
    if (toHex(statement.releaseId) !== release) throw new TillsyncError("FETCH_FAILED", { expected: release });
    writeNew(out, bytes, PUBLIC);
    print(ports, given.flag("json"), { file: out, release }, () => out);
  },
};

export const submit: Command = {
  name: "submit",
  about: "hand in a release file with your signature at the service",
  operands: ["FILE"],
  options: { ...SERVICE, ...KEY, ...LANG },
  run: async (given, ports) => {
    const bytes = readInput(given.operands[0] ?? "");
    const { statement } = parseWhole(bytes);
    const release = toHex(statement.releaseId);
    const desk = toDesk(given.demanded("service"), given);
    await submitRelease(desk, await toAsker(given, ports), release, bytes);
    print(ports, given.flag("json"), { release }, () => release);
  },
};

async function toAsker(given: Arguments, ports: Ports): Promise<Asker> {
  return { key: await openKeyFile(given.demanded("key"), toPassphraseSource(given, ports)), now: ports.now() };
}

function toWaitingText({ id, purpose, merchant, size, reason, signedBy, missing }: Waiting): string {
  const people = `signed by ${signedBy.join(", ") || "-"}, missing ${missing.join(", ") || "-"}`;
  return `${id}  ${purpose} ${merchant} ${size}: ${toPrintable(reason)} (${people})`;
}
