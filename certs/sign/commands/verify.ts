import { toHex } from "../../../proto/bytes.ts";
import { PAYLOAD_TYPES } from "../../../proto/dsse.ts";
import { findDocumentType } from "../../attestation/envelope.ts";
import { verifyRelease } from "../../release.ts";
import type { Command } from "../arguments.ts";
import { readPolicy } from "../home.ts";
import { print } from "../output.ts";
import { parseWhole, readInput, toReleaseSigners } from "../release-input.ts";
import { toMissingRoles } from "../render/missing-roles.ts";
import { ATTESTATION_OPTIONS, checkAttestation, demandNoTrust } from "./attestation.ts";
import { STALE, toHome } from "./options.ts";
import { checkReceipt } from "./receipt.ts";

const NOT_APPROVED = 1;

export const verify: Command = {
  name: "verify",
  about: "tell who signed a release, and whether that is enough; or check a signed attestation or receipt",
  operands: ["FILE"],
  options: { ...STALE, ...ATTESTATION_OPTIONS },
  run: async (given, ports) => {
    const bytes = readInput(given.operands[0] ?? "");
    const type = findDocumentType(bytes);
    if (type === PAYLOAD_TYPES.receipt) return checkReceipt(bytes, given, ports);
    if (type !== undefined) return checkAttestation(bytes, given, ports);
    demandNoTrust(given);
    const whole = parseWhole(bytes);
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
