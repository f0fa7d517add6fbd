import { describe, expect, it } from "vitest";
import { isEqual, toDigest } from "../../../../proto/bytes.ts";
import { parseDirective } from "../../../../proto/directive.ts";
import { parseProfile, toProfileBytes } from "../../../../proto/profile.ts";
import { parseStatement } from "../../../../proto/statement.ts";
import { parseTusn } from "../../../../proto/tusn.ts";
import { importFleet } from "../../../../src/app/import/import-fleet.ts";
import { type BuiltRelease, buildRelease, type ReleaseRequest } from "../../../../src/app/release/build.ts";
import { CLOCK_SLACK_S } from "../../../../src/domain/validity.ts";
import { OTHER_FLEET_FIELDS } from "../../../support/fleet-fields.ts";
import {
  enrolFleet,
  MERCHANT,
  openTestFleet,
  release,
  START,
  type TestFleet,
  toFleetRow,
  toRequest,
  toTerminalFields,
} from "../../../support/fleet-store.ts";
import { SAMPLE_PROFILE, toNextProfile } from "../../../support/release.ts";

function build(fleet: TestFleet, change: Partial<ReleaseRequest> = {}): Promise<BuiltRelease> {
  return buildRelease(fleet, toRequest(change));
}

function readFirst({ file }: BuiltRelease) {
  const directive = parseDirective(file.directives[0] ?? new Uint8Array(0));
  return { directive, profile: parseProfile(directive.profile), statement: parseStatement(file.statement) };
}

/** Makes the terminals hold the sample profile, as though they had committed it. */
async function hold(fleet: TestFleet, tusns: readonly string[], profile = SAMPLE_PROFILE): Promise<Uint8Array> {
  const bytes = toProfileBytes({ ...profile, merchant: { ...profile.merchant, number: MERCHANT } });
  const digest = toDigest(bytes);
  const profiles = fleet.store.insertInto("profiles").values({ digest, bytes });
  await profiles.onConflict((conflict) => conflict.doNothing()).execute();
  for (const tusn of tusns) {
    const row = {
      ...{ tusn: parseTusn(tusn), counter: 1, sequence: 0, currentDigest: digest, previousDigest: null },
      ...{ phase: "idle" as const, stale: 0 as const, agentVersion: "0.1.0", lastSeen: START },
    };
    await fleet.store.insertInto("reported").values(row).execute();
  }
  return digest;
}

describe("buildRelease", () => {
  it("makes a first profile from the records, as a binding release of the merchant", async () => {
    const fleet = await openTestFleet();
    const [terminal] = await enrolFleet(fleet);
    const built = await build(fleet);
    const { directive, profile, statement } = readFirst(built);
    expect(profile).toMatchObject({
      number: 1,
      merchant: { number: MERCHANT, name: "福州闽江春茶文化有限公司" },
      binding: { kind: "card", bin: "622848", last4: "0018" },
      acquiring: { terminalNo: "58D00000", acquirer: "48220000", host: SAMPLE_PROFILE.acquiring.host },
    });
    expect(directive).toMatchObject({ tusn: terminal?.tusn, sequence: 1, onFail: "rollback" });
    expect(directive.baseDigest).toHaveLength(0);
    expect(directive.notBefore).toBe(START - CLOCK_SLACK_S);
    expect(directive.notAfter).toBe(START + 86_400);
    expect(statement).toMatchObject({ purpose: "binding", merchant: MERCHANT, size: 1, expires: START + 86_400 });
    expect(built.file.signatures).toEqual([]);
  });

  it("builds the next profile on the one that a terminal holds", async () => {
    const fleet = await openTestFleet();
    const [terminal] = await enrolFleet(fleet);
    const digest = await hold(fleet, [terminal?.tusn ?? ""]);
    const built = await build(fleet, { patch: { merchant: { name: "新名字" } } });
    const { directive, profile, statement } = readFirst(built);
    expect(profile).toMatchObject({ number: 2, merchant: { name: "新名字" }, binding: SAMPLE_PROFILE.binding });
    expect(isEqual(directive.baseDigest, digest)).toBe(true);
    expect(isEqual(toDigest(built.file.bases[0] ?? new Uint8Array(0)), digest)).toBe(true);
    expect(statement).toMatchObject({ purpose: "merchant", merchant: "" });
  });

  it("states the gravest difference within", async () => {
    const fleet = await openTestFleet();
    const [terminal] = await enrolFleet(fleet);
    await hold(fleet, [terminal?.tusn ?? ""]);
    const purposeOf = async (patch: ReleaseRequest["patch"]) =>
      parseStatement((await build(fleet, { patch })).file.statement).purpose;
    expect(await purposeOf({ parameters: { attempts: 3 } })).toBe("parameters");
    expect(await purposeOf({ parameters: { attempts: 3 }, acquiring: { port: 7 } })).toBe("merchant");
    const binding = { ...SAMPLE_PROFILE.binding, last4: "1234" };
    expect(await purposeOf({ binding, merchant: { shortName: "短名" } })).toBe("binding");
  });

  it("keeps a terminal at its merchant whatever the patch says", async () => {
    const fleet = await openTestFleet();
    await enrolFleet(fleet);
    const patch = { merchant: { number: "822290058120009" } } as ReleaseRequest["patch"];
    expect(readFirst(await build(fleet, { patch })).profile.merchant.number).toBe(MERCHANT);
  });

  it("refuses a binding release over two merchants, and takes one of them", async () => {
    const fleet = await openTestFleet();
    await enrolFleet(fleet);
    await importFleet(fleet, [toFleetRow(OTHER_FLEET_FIELDS)]);
    await fleet.store
      .updateTable("terminals")
      .set({ deviceKey: Uint8Array.of(1), verdict: "verified-manual" })
      .execute();
    await expect(build(fleet)).rejects.toThrow(expect.objectContaining({ code: "CAP_EXCEEDED" }));
    expect((await build(fleet, { merchant: MERCHANT })).file.directives).toHaveLength(1);
  });

  it("refuses what the policy would refuse of any release like it, before people look at it", async () => {
    const fleet = await openTestFleet();
    await enrolFleet(fleet, 2);
    const { policy } = fleet.approvers;
    const refused = (code: string) => expect.objectContaining({ code });
    const caps = { ...policy.caps, directivesPerBindingRelease: 1 };
    await expect(build(fleet, { policy: { ...policy, caps } })).rejects.toThrow(refused("CAP_EXCEEDED"));
    await expect(build(fleet, { policy: { ...policy, types: [] } })).rejects.toThrow(refused("TYPE_NOT_ALLOWED"));
    expect((await build(fleet, { policy })).file.directives).toHaveLength(2);
  });

  it("takes no reason that holds what must never be kept", async () => {
    const fleet = await openTestFleet();
    await enrolFleet(fleet);
    await expect(build(fleet, { reason: "new card, CVV 123" })).rejects.toThrow(
      expect.objectContaining({ code: "SENSITIVE_DATA" }),
    );
    expect(JSON.stringify(fleet.lines)).not.toContain("CVV");
  });

  it("skips, with the reason, what is not enrolled, holds an unknown profile, or would not change", async () => {
    const fleet = await openTestFleet();
    const terminals = await enrolFleet(fleet, 3);
    const [kept, strange, fresh] = terminals.map(({ tusn }) => tusn);
    await importFleet(fleet, [toFleetRow(toTerminalFields(3))]);
    await hold(fleet, [kept ?? "", strange ?? ""]);
    await fleet.store
      .updateTable("reported")
      .set({ currentDigest: toDigest(Uint8Array.of(9)) })
      .where("tusn", "=", parseTusn(strange ?? ""))
      .execute();
    const built = await build(fleet);
    expect(built.skipped).toEqual([
      { tusn: kept, reason: "unchanged" },
      { tusn: strange, reason: "profile_unknown" },
      { tusn: toFleetRow(toTerminalFields(3)).terminal.tusn, reason: "not_enrolled" },
    ]);
    expect(readFirst(built).directive.tusn).toBe(fresh);
  });

  it("does not build on a profile whose bytes were altered in the database", async () => {
    const fleet = await openTestFleet();
    const [terminal] = await enrolFleet(fleet);
    await hold(fleet, [terminal?.tusn ?? ""]);
    await fleet.store
      .updateTable("profiles")
      .set({ bytes: toProfileBytes(toNextProfile(SAMPLE_PROFILE, { merchant: { number: MERCHANT } })) })
      .execute();
    await expect(build(fleet, { patch: { merchant: { name: "新名字" } } })).rejects.toThrow(
      expect.objectContaining({ code: "NOTHING_TO_RELEASE" }),
    );
  });

  it("skips a terminal with a directive under way and tells which waiting ones it would supersede", async () => {
    const fleet = await openTestFleet();
    const [first, second] = await enrolFleet(fleet, 2);
    await release(fleet);
    await fleet.store
      .updateTable("deployments")
      .set({ state: "verified" })
      .where("tusn", "=", first?.tusn ?? parseTusn(""))
      .execute();
    const built = await build(fleet, { patch: { parameters: { attempts: 3 } } });
    expect(built.skipped).toEqual([{ tusn: first?.tusn, reason: "under_way" }]);
    expect(built.superseding).toEqual([second?.tusn]);
    expect(readFirst(built).directive.sequence).toBe(2);
  });

  it("skips a terminal that has no sequence left, and builds for the others", async () => {
    const fleet = await openTestFleet();
    const [spent, fresh] = (await enrolFleet(fleet, 2)).map(({ tusn }) => tusn);
    await fleet.store
      .updateTable("terminals")
      .set({ issuedSequence: 0xffff_ffff })
      .where("tusn", "=", parseTusn(spent ?? ""))
      .execute();
    const built = await build(fleet);
    expect(built.skipped).toEqual([{ tusn: spent, reason: "sequence_used_up" }]);
    expect(readFirst(built).directive.tusn).toBe(fresh);
  });

  it("takes chosen terminals of a merchant, and refuses unknown ones and those of another", async () => {
    const fleet = await openTestFleet();
    const [first] = await enrolFleet(fleet, 2);
    const tusns = first === undefined ? [] : [first.tusn];
    expect((await build(fleet, { merchant: MERCHANT, tusns })).file.directives).toHaveLength(1);
    const notFound = expect.objectContaining({ code: "NOT_FOUND" });
    await expect(build(fleet, { merchant: "822290058120009" })).rejects.toThrow(notFound);
    await expect(build(fleet, { tusns: [parseTusn("0000290210015708")] })).rejects.toThrow(notFound);
    await importFleet(fleet, [toFleetRow(OTHER_FLEET_FIELDS)]);
    await expect(build(fleet, { merchant: OTHER_FLEET_FIELDS.merchant_no, tusns })).rejects.toThrow(notFound);
  });

  it("has nothing to release where no terminal would change", async () => {
    const fleet = await openTestFleet();
    await importFleet(fleet, [toFleetRow()]);
    await expect(build(fleet)).rejects.toThrow(expect.objectContaining({ code: "NOTHING_TO_RELEASE" }));
  });

  it("refuses a patch that breaks a field's rule or makes identifiers contradict each other", async () => {
    const fleet = await openTestFleet();
    await enrolFleet(fleet);
    const refused = (code: string) => expect.objectContaining({ code });
    await expect(build(fleet, { patch: { parameters: { attempts: 99 } } })).rejects.toThrow(refused("FIELD_INVALID"));
    await expect(build(fleet, { patch: { merchant: { taxNo: "911100007109250324" } } })).rejects.toThrow(
      refused("IDENTIFIERS_INCONSISTENT"),
    );
  });

  it("opens a later window where one is asked for", async () => {
    const fleet = await openTestFleet();
    await enrolFleet(fleet);
    const { directive } = readFirst(await build(fleet, { notBefore: START + 500, validityS: 60 }));
    expect(directive).toMatchObject({ notBefore: START + 500, notAfter: START + 560 });
  });
});
