import { describe, expect, it } from "vitest";
import { addAuditor, listAuditors, revokeAuditor, verifyAuditor } from "../../../../src/app/attestation/auditors.ts";
import { lookUp, lookUpMany } from "../../../../src/app/attestation/look-up.ts";
import { openAttested, toCode } from "../../../support/attestation.ts";
import { openTestFleet, readLedgerKinds, TUSN_0 } from "../../../support/fleet-store.ts";

describe("an auditor", () => {
  it("is known by a key of which the database holds the digest alone", async () => {
    const fleet = await openTestFleet();
    const { key } = await addAuditor(fleet, "he.lan", "operator");
    expect(key).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(await verifyAuditor(fleet.store, "he.lan", key)).toBe("he.lan");
    const row = await fleet.store.selectFrom("auditors").selectAll().executeTakeFirstOrThrow();
    expect(JSON.stringify(row)).not.toContain(key);
    expect(JSON.stringify(fleet.lines)).not.toContain(key);
    expect(await readLedgerKinds(fleet)).toEqual(["auditor.added"]);
  });

  it("is refused by another key, another name, no key, and a key with anything beside it", async () => {
    const fleet = await openTestFleet();
    const { key } = await addAuditor(fleet, "he.lan", "operator");
    const { key: other } = await addAuditor(fleet, "xu.wei", "operator");
    for (const [name, given] of [
      ...[
        ["he.lan", other],
        ["xu.wei", key],
        ["he.lan", ""],
        ["he.lan", `${key} `],
        ["he.lan", key.toLowerCase()],
      ],
      ...[
        ["HE.LAN", key],
        ["' or 1=1", key],
        ["", ""],
      ],
    ] as const) {
      expect(await toCode(verifyAuditor(fleet.store, name ?? "", given ?? ""))).toBe("NOT_AUTHORIZED");
    }
  });

  it("who is revoked is refused for good, and keeps the name", async () => {
    const fleet = await openTestFleet();
    const { key } = await addAuditor(fleet, "he.lan", "operator");
    await revokeAuditor(fleet, "he.lan", "operator");
    expect(await toCode(verifyAuditor(fleet.store, "he.lan", key))).toBe("NOT_AUTHORIZED");
    expect(await toCode(addAuditor(fleet, "he.lan", "operator"))).toBe("STATE_CONFLICT");
    expect(await toCode(revokeAuditor(fleet, "he.lan", "operator"))).toBe("NOT_FOUND");
    expect(await listAuditors(fleet.store)).toEqual([{ name: "he.lan", createdAt: fleet.at, revokedAt: fleet.at }]);
    expect(await readLedgerKinds(fleet)).toEqual(["auditor.added", "auditor.revoked"]);
  });

  it("who is revoked while his request comes in learns nothing, and leaves no trace of a look", async () => {
    const { fleet, attestor } = await openAttested();
    await addAuditor(fleet, "he.lan", "operator");
    expect(await lookUp(fleet, attestor, "he.lan", TUSN_0)).toBeDefined();
    await revokeAuditor(fleet, "he.lan", "operator");
    expect(await toCode(lookUp(fleet, attestor, "he.lan", TUSN_0))).toBe("NOT_AUTHORIZED");
    expect(await toCode(lookUpMany(fleet, "he.lan", [TUSN_0]))).toBe("NOT_AUTHORIZED");
    expect((await readLedgerKinds(fleet)).filter((kind) => kind === "auditor.looked")).toHaveLength(1);
  });

  it.each(["", "He", "he lan", "../x", "x".repeat(33), "何兰"])("is never called %j", async (name) => {
    const fleet = await openTestFleet();
    expect(await toCode(addAuditor(fleet, name, "operator"))).toBe("FIELD_INVALID");
    expect(await listAuditors(fleet.store)).toEqual([]);
  });
});
