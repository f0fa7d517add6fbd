import { toHex } from "../../../proto/bytes.ts";
import { verifyRelease } from "../../release.ts";
import type { Command } from "../arguments.ts";
import { readPolicy } from "../home.ts";
import { print } from "../output.ts";
import { parseWhole, readInput, toReleaseSigners } from "../release-input.ts";
import { toMissingRoles } from "../render/missing-roles.ts";
import { STALE, toHome } from "./options.ts";

const NOT_APPROVED = 1;

export const verify: Command = {
  name: "verify",
  about: "tell who signed a release, and whether that is enough; ends with 0 only where it is approved",
  operands: ["FILE"],
  options: { ...STALE },
  run: async (given, ports) => {
    const whole = parseWhole(readInput(given.operands[0] ?? ""));
    const { policy } = readPolicy(toHome(given, ports), ports.now(), given.flag("accept-stale"));
    verifyRelease(whole, policy, ports.now());
    const { releaseId, purpose } = whole.statement;
    const signers = toReleaseSigners(whole, policy);
    const missing = toMissingRoles(policy.thresholds[purpose], signers);
    const isApproved = missing.length === 0;
    const signedBy = signers.map(({ id }) => id);
    print(ports, given.flag("json"), { release: toHex(releaseId), purpose, signedBy, missing, isApproved }, () =>
      [
        `release    ${toHex(releaseId)} (${purpose})`,
        `signed by  ${signedBy.join(", ") || "-"}`,
        isApproved ? "approved" : `missing    ${missing.join(", ")}`,
      ].join("\n"),
    );
    return isApproved ? 0 : NOT_APPROVED;
  },
};
