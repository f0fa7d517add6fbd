import { describe, expect, it } from "vitest";
import { toCeremonyBytes } from "../../../../certs/ceremony/ceremony.ts";
import { toFrozen, withoutPerson, withPerson } from "../../../../certs/ceremony/changes.ts";
import { createCeremony, type TrustChange } from "../../../../certs/ceremony/create.ts";
import { verifyOfflineTrust } from "../../../../certs/ceremony/offline-trust.ts";
import { signCeremony } from "../../../../certs/ceremony/sign.ts";
import { toPublicKey } from "../../../../certs/keys.ts";
import { TIMESTAMP_VALIDITY_S, verifyTrust } from "../../../../certs/trust/verify.ts";
import { WARN_BEFORE_S } from "../../../../src/app/trust/expiry.ts";
import { toSignedBundle } from "../../../../src/app/trust/install.ts";
import { toCeremonyStand, toTrustView } from "../../../../src/app/trust/view.ts";
import { carryOut, createCompany, NOW, toPerson, toRotation } from "../../../support/ceremony.ts";

const company = createCompany();
const { files, holders, online } = company;
const { policy, root } = verifyOfflineTrust(files);

/** The trust in force after a change, at this second. */
function show(change: TrustChange | undefined, now = NOW) {
  const changed = change === undefined ? files : carryOut(files, change, holders);
  const bundle = toSignedBundle(changed, online, 1, NOW);
  return toTrustView(verifyTrust(changed.root, bundle), bundle, now);
}

describe("the trust in force", () => {
  it("is told with who holds what, by name where the policy knows the key", () => {
    const [first] = holders;
    const view = show({ policy: withPerson(policy, toPerson("sun.lei", first, "log")) });
    expect(view.versions).toEqual({ root: 1, targets: 2, snapshot: 2, policy: 2 });
    expect(view.holders.root).toMatchObject({ threshold: 2, keys: [{ person: "sun.lei" }, { person: undefined }, {}] });
    expect(view.holders.online.keys).toEqual([{ key: toPublicKey(online).id, person: undefined }]);
    expect(view.persons.map(({ id, roles }) => [id, roles.length])).toEqual([
      ["wang.li", 2],
      ["chen.bo", 1],
      ["sun.lei", 1],
    ]);
    expect(view.warnings).toEqual([]);
  });

  it("warns of what people must do something about", () => {
    const cases: readonly (readonly [ReturnType<typeof show>, readonly (readonly [string, string])[]])[] = [
      [show({ policy: toFrozen(policy) }), [["frozen", "policy"]]],
      [
        show({ policy: withoutPerson(policy, "chen.bo") }),
        ["binding", "merchant"].map((name) => ["nobody_can_approve", name] as const),
      ],
      [
        show({ policy: withoutPerson(policy, "wang.li") }),
        ["binding", "merchant", "parameters"].map((name) => ["nobody_can_approve", name] as const),
      ],
      [show(toRotation(files, { rootThreshold: 3 })), [["no_spare_key", "root"]]],
      [show(toRotation(files, { targetsThreshold: 3 })), [["no_spare_key", "targets"]]],
      [show(undefined, NOW + TIMESTAMP_VALIDITY_S), [["stale", "timestamp"]]],
      [
        show(undefined, root.expires - WARN_BEFORE_S),
        [...["root", "targets", "snapshot"].map((file) => ["expires_soon", file] as const), ["stale", "timestamp"]],
      ],
      [
        show(undefined, root.expires),
        [...["root", "targets", "snapshot"].map((file) => ["expired", file] as const), ["stale", "timestamp"]],
      ],
    ];
    for (const [{ warnings }, expected] of cases) {
      expect(warnings.map(({ warning, about }) => [warning, about])).toEqual(expected);
    }
  });
});

describe("a ceremony as it stands", () => {
  it("tells who has signed, who has not, and whether it is complete", () => {
    const [first, second] = holders;
    const { ceremony } = createCeremony(files, { policy: toFrozen(policy) }, { reason: "stop", now: NOW });
    const stand = toCeremonyStand(toCeremonyBytes(signCeremony(ceremony, first, NOW)), NOW);
    expect(stand).toMatchObject({ reason: "stop", complete: false, emergencies: ["frozen"], after: { frozen: true } });
    expect(stand.missing[0]).toMatchObject({ file: "targets", have: 1, threshold: 2 });
    expect(stand.missing[0]?.signed.map(({ key }) => key)).toEqual([toPublicKey(first).id]);
    expect(stand.missing[0]?.unsigned).toHaveLength(2);
    const whole = signCeremony(signCeremony(ceremony, first, NOW), second, NOW);
    expect(toCeremonyStand(toCeremonyBytes(whole), NOW).complete).toBe(true);
  });
});
