import { describe, expect, it } from "vitest";
import { TillsyncError } from "../../../../proto/errors.ts";
import {
  ANY,
  choosePack,
  DEFAULT_PACK,
  type PolicyPack,
  toPackName,
  toRecordPolicy,
} from "../../../../src/domain/changes/pack.ts";
import { MAX_PACK_CHARACTERS, PACK_FORMAT, parsePack } from "../../../../src/domain/changes/parse-pack.ts";

const RULES = {
  ...{ minDays: 30, feeFen: 500, evidence: ["identity_card", "bank_card"], cutOver: "first", onFailure: "reverse" },
  ...{ tasks: ["update_contact"], validityH: 24 },
};
const PACK = {
  ...{ format: PACK_FORMAT, acquirer: "48221000", model: ANY, version: 3, timeZone: "Asia/Shanghai" },
  kinds: { "settlement.replace": { ...RULES, recoveryEvidence: ["identity_card"] }, contact: RULES },
  fields: ["name", "shortName"],
  settlement: { kinds: ["card"], representativeCard: false, unknownBin: "refuse", unknownPrincipal: "warn" },
  blackouts: [{ days: [1, 5], from: "11:00", until: "13:30" }],
  reviewDays: 180,
};

/** Where the parser says that the fault lies. */
function findFault(pack: unknown): string {
  try {
    parsePack(typeof pack === "string" ? pack : JSON.stringify(pack));
    return "none";
  } catch (error) {
    if (!(error instanceof TillsyncError) || error.code !== "PACK_INVALID") throw error;
    return String(error.fields["at"]);
  }
}

function toPack(change: Partial<PolicyPack>): PolicyPack {
  return { ...DEFAULT_PACK, ...change };
}

describe("a policy pack", () => {
  it("is read as it stands", () => {
    const pack = parsePack(JSON.stringify(PACK));
    const { format: _, blackouts, ...rest } = PACK;
    expect(pack).toEqual({ ...rest, blackouts: [{ days: [1, 5], from: 660, until: 810 }] });
    expect(blackouts).toHaveLength(1);
    expect(toPackName(pack)).toBe("48221000/*@3");
    expect(toRecordPolicy(pack)).toMatchObject({ representativeCard: false, unknownBin: "refuse" });
  });

  const rules = (change: object) => ({ ...PACK, kinds: { contact: { ...RULES, ...change } } });
  const hours = (change: object) => ({ ...PACK, blackouts: [{ ...PACK.blackouts[0], ...change }] });
  it.each<[at: string, pack: unknown]>([
    ["json", "{"],
    ["length", " ".repeat(MAX_PACK_CHARACTERS + 1)],
    ["pack", []],
    ["pack", null],
    ["pack.more", { ...PACK, more: 1 }],
    ["pack.?", { ...PACK, "a b": 1 }],
    ["pack.fields", { ...PACK, fields: undefined }],
    ["format", { ...PACK, format: "2" }],
    ["acquirer", { ...PACK, acquirer: "4822" }],
    ["model", { ...PACK, model: "a\nb" }],
    ["version", { ...PACK, version: 0 }],
    ["version", { ...PACK, version: 1.5 }],
    ["timeZone", { ...PACK, timeZone: "Mars" }],
    ["reviewDays", { ...PACK, reviewDays: 4_000 }],
    ["fields", { ...PACK, fields: ["name", "name"] }],
    ["fields", { ...PACK, fields: ["number"] }],
    ["fields", { ...PACK, fields: "name" }],
    ["kinds", { ...PACK, kinds: [] }],
    ["kinds", { ...PACK, kinds: { everything: RULES } }],
    ["kinds.contact", { ...PACK, kinds: { contact: null } }],
    ["kinds.contact.minDays", rules({ minDays: -1 })],
    ["kinds.contact.feeFen", rules({ feeFen: "1" })],
    ["kinds.contact.evidence", rules({ evidence: ["horoscope"] })],
    ["kinds.contact.recoveryEvidence", rules({ recoveryEvidence: ["bank_card"] })],
    ["kinds.contact.cutOver", rules({ cutOver: "soon" })],
    ["kinds.contact.onFailure", rules({ onFailure: "ignore" })],
    ["kinds.contact.tasks", rules({ tasks: ["pray"] })],
    ["kinds.contact.validityH", rules({ validityH: 0 })],
    ["settlement", { ...PACK, settlement: 1 }],
    ["settlement.kinds", { ...PACK, settlement: { ...PACK.settlement, kinds: [] } }],
    ["settlement.representativeCard", { ...PACK, settlement: { ...PACK.settlement, representativeCard: "no" } }],
    ["settlement.unknownBin", { ...PACK, settlement: { ...PACK.settlement, unknownBin: "allow" } }],
    ["settlement.unknownPrincipal", { ...PACK, settlement: { ...PACK.settlement, unknownPrincipal: "" } }],
    ["blackouts", { ...PACK, blackouts: {} }],
    ["blackouts.days", hours({ days: [] })],
    ["blackouts.days", hours({ days: [1, 1] })],
    ["blackouts.days", hours({ days: [8] })],
    ["blackouts.from", hours({ from: "24:30" })],
    ["blackouts.from", hours({ from: "9:00" })],
    ["blackouts.until", hours({ until: "11:00" })],
    ["blackouts", { ...PACK, blackouts: [{ days: [1, 2, 3, 4, 5, 6, 7], from: "00:00", until: "24:00" }] }],
  ])("with a fault at %s is refused", (at, pack) => {
    expect(findFault(pack)).toBe(at);
  });

  it("is chosen by acquirer before model, and of its versions the highest", () => {
    const general = toPack({ version: 9 });
    const ofModel = toPack({ model: "N910", version: 1 });
    const ofAcquirer = toPack({ acquirer: "48221000", version: 1 });
    const newer = toPack({ acquirer: "48221000", version: 2 });
    const both = toPack({ acquirer: "48221000", model: "N910", version: 1 });
    expect(choosePack([general, ofModel, ofAcquirer, newer, both], "48221000", "N910")).toBe(both);
    expect(choosePack([general, ofModel, ofAcquirer, newer], "48221000", "N910")).toBe(newer);
    expect(choosePack([general, ofModel, both], "48220000", "N910")).toBe(ofModel);
    expect(choosePack([general, ofModel, both], "48220000", "P2000")).toBe(general);
    expect(choosePack([both], "48220000", "P2000")).toBe(DEFAULT_PACK);
  });
});
