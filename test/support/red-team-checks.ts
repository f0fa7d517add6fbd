import { toSlotsInUse } from "../../agent/machine/state.ts";
import { openObjects } from "../../agent/slots/objects.ts";
import { openSlots } from "../../agent/slots/slots.ts";
import { readState } from "../../agent/slots/state-file.ts";
import { openTrustStore } from "../../agent/slots/trust-store.ts";
import { isEqual, toDigest, toHex } from "../../proto/bytes.ts";
import { parseTrustBundle, type TrustBundle } from "../../proto/trust-bundle.ts";
import { readVersions } from "./red-team-bundles.ts";
import type { Company } from "./red-team-company.ts";
import type { AttackedTerminal } from "./red-team-terminal.ts";

// What is left behind, looked at from outside.

/** What is wrong with trust metadata that a terminal took, in words. `held` is what it held before. */
export function findTrustFault(company: Company, bundle: TrustBundle, held: TrustBundle): string | undefined {
  const at = company.policies.findIndex((policy) => isEqual(policy, bundle.policy));
  if (at < 0) return "a policy that no root holder signed";
  const before = readVersions(held);
  const after = readVersions(bundle);
  const fallen = (["timestamp", "snapshot", "targets", "policy"] as const).filter((name) => after[name] < before[name]);
  return fallen.length === 0 ? undefined : `older ${fallen.join(", ")} than held`;
}

/** What is wrong with a terminal's disk, as a power cut now would leave it; in words. */
export function findDiskFault(company: Company, terminal: AttackedTerminal): string | undefined {
  const { tusn, pinnedRoot } = terminal.identity;
  for (const disk of terminal.files.afterPowerCut()) {
    const objects = openObjects(disk);
    const misnamed = disk
      .list()
      .filter((name) => name.startsWith("objects/") && !name.endsWith(".new"))
      .find((name) => `objects/${toHex(toDigest(disk.read(name) ?? new Uint8Array(0)))}` !== name);
    if (misnamed !== undefined) return `${misnamed} is not what its name says`;
    const strange = disk.list().find((name) => !/^(objects\/[0-9a-f]{64}|state\.[01])(\.new)?$/.test(name));
    if (strange !== undefined) return `a file ${strange}`;
    const state = readState(disk)?.generation.state;
    if (state === undefined) return "no state";
    const trusts = openTrustStore(objects, pinnedRoot);
    trusts.follow(state.roots);
    const slots = openSlots(objects, trusts, tusn);
    const approved = company.register.profilesOf(tusn);
    for (const slot of toSlotsInUse(state)) {
      // Proves itself or throws.
      const { directive } = slots.read(slot);
      if (!approved.has(toHex(toDigest(directive.profile)))) return "a slot with a profile that nobody approved";
    }
    if (state.trust === undefined) continue;
    const { policy } = parseTrustBundle(objects.get(state.trust.bundle));
    if (!company.policies.some((one) => isEqual(one, policy))) return "a policy that no root holder signed";
  }
  return undefined;
}
