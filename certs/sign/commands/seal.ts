import { toReleaseFileBytes } from "../../../proto/delivery.ts";
import { toPrintable } from "../../../proto/printable.ts";
import type { Command } from "../arguments.ts";
import { PUBLIC, replaceFile } from "../files.ts";
import { readOpening } from "../opening.ts";
import { print } from "../output.ts";
import { parseWhole, readInput } from "../release-input.ts";
import { sealRelease, verifySealed } from "../seal-release.ts";
import { toOut } from "./options.ts";

export const seal: Command = {
  name: "seal",
  about: "seal the number to every terminal of a release that needs it; takes no key, and signatures stay good",
  operands: ["FILE"],
  options: {
    opening: { value: "FILE", about: "number and salt, made by binding", isRequired: true },
    out: { value: "FILE", about: "write there and leave the file as it is" },
  },
  run: async (given, ports) => {
    const path = given.operands[0] ?? "";
    const out = toOut(path, given);
    const whole = parseWhole(readInput(path));
    const file = await sealRelease(whole, readOpening(given.demanded("opening")));
    verifySealed({ ...whole, file });
    const bytes = toReleaseFileBytes(file);
    parseWhole(bytes);
    replaceFile(out, bytes, PUBLIC);
    const terminals = file.sealed.map(({ index }) => whole.leaves[index]?.directive.tusn ?? "");
    print(ports, given.flag("json"), { file: out, terminals }, () => [toPrintable(out), ...terminals].join("\n"));
  },
};
