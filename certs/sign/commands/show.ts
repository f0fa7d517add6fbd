import type { WholeRelease } from "../../release.ts";
import { ALLOWED, MOST, type Policy } from "../../trust/policy.ts";
import type { Arguments, Command } from "../arguments.ts";
import { hasTrust, readTrust } from "../home.ts";
import { print } from "../output.ts";
import type { Ports } from "../ports.ts";
import { isCeremony, parseWhole, readInput, toReleaseSigners } from "../release-input.ts";
import type { ReleaseOptions } from "../render/release/view.ts";
import { renderRelease, toReleaseJson } from "../render/release.ts";
import { showCeremony } from "./ceremony.ts";
import { toHome, toPrompts, toView, VIEW } from "./options.ts";

/** What is demanded where no policy is at hand: the least that any terminal demands. It knows nobody. */
const NOBODYS_POLICY: Policy = {
  version: 0,
  persons: [],
  thresholds: { binding: ["maker", "checker"], merchant: ["maker", "checker"], parameters: ["parameters"] },
  caps: MOST,
  ...ALLOWED,
};

export const show: Command = {
  name: "show",
  about: "show what a release or a change of trust would do, old beside new; takes no key",
  operands: ["FILE"],
  options: {
    ...VIEW,
    reveal: { about: "show the last four digits of new cards too; a checker types them from the merchant's paper" },
  },
  run: async (given, ports) => {
    const bytes = readInput(given.operands[0] ?? "");
    if (isCeremony(bytes)) showCeremony(bytes, given, ports);
    else showRelease(parseWhole(bytes), given, ports);
  },
};

function showRelease(whole: WholeRelease, given: Arguments, ports: Ports): void {
  const policy = readPolicyIfAny(given, ports);
  const options: ReleaseOptions = {
    ...toView(given, ports),
    policy,
    blind: !given.flag("reveal"),
    signedBy: toReleaseSigners(whole, policy),
    now: ports.now(),
  };
  print(ports, given.flag("json"), toReleaseJson(whole, options), () => renderRelease(whole, options));
}

/** To look at a release needs no fresh trust, and none at all. */
function readPolicyIfAny(given: Arguments, ports: Ports): Policy {
  const home = toHome(given, ports);
  if (hasTrust(home)) return readTrust(home).policy;
  ports.err(`${toPrompts(given, ports).noTrust}\n`);
  return NOBODYS_POLICY;
}
