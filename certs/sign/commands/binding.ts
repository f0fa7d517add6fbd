import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { SALT_BYTES } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { MAX_FLAT_JSON_BYTES } from "../../../proto/flat-json.ts";
import { parseSettlement, toBinding, toBindingJson } from "../../../proto/settlement.ts";
import type { Command } from "../arguments.ts";
import { PUBLIC, readBounded, SECRET, writeNew } from "../files.ts";
import { toOpeningJson } from "../opening.ts";
import { print } from "../output.ts";

export const binding: Command = {
  name: "binding",
  about: "split a settlement into what may be handed on (FILE) and what stays here (FILE.opening.json: number, salt)",
  operands: [],
  options: {
    settlement: { value: "JSON", about: "members kind, bank, cnaps, holder, accountNo and no other", isRequired: true },
    out: { value: "FILE", about: "binding to make, without the number: for release build", isRequired: true },
  },
  run: async (given, ports) => {
    const out = given.demanded("out");
    const opening = `${out}.opening.json`;
    for (const file of [out, opening])
      if (existsSync(file)) throw new TillsyncError("CONFIG_INVALID", { exists: file });
    const settlement = parseSettlement(readBounded(given.demanded("settlement"), MAX_FLAT_JSON_BYTES));
    const salt = randomBytes(SALT_BYTES);
    const made = toBinding(settlement, salt);
    // The opening first: a binding that nobody can open would have to be made again.
    writeNew(opening, toOpeningJson({ number: settlement.accountNo, salt }), SECRET);
    writeNew(out, toBindingJson(made), PUBLIC);
    print(ports, given.flag("json"), { binding: out, opening }, () => `${out}\n${opening}`);
  },
};
