import { beforeEach, describe, expect, it } from "vitest";
import { signDocument, toEnvelopeFile } from "../../certs/attestation/envelope.ts";
import { type ChangeReceipt, toReceiptBytes } from "../../certs/receipt/format.ts";
import { type VerifiedReceipt, verifyReceipt } from "../../certs/receipt.ts";
import { signRelease } from "../../certs/release.ts";
import { renderReceipt } from "../../certs/sign/render/receipt.ts";
import { toHex } from "../../proto/bytes.ts";
import { parseDirective } from "../../proto/directive.ts";
import { PAYLOAD_TYPES } from "../../proto/dsse.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { parseStatement } from "../../proto/statement.ts";
import { toInclusionPath, toLeafHash, toTree } from "../../proto/tree.ts";
import { toApproval } from "../../src/app/attestation/approval.ts";
import { withdrawChange } from "../../src/app/changes/draft.ts";
import { buildRelease } from "../../src/app/release/build.ts";
import { toReplacement, toSettlement } from "../support/changes.ts";
import { MERCHANT, toRequest } from "../support/fleet-store.ts";
import { openReceiptDesk, type ReceiptDesk, toContactChange } from "../support/receipts.ts";
import { SAMPLE_PROFILE } from "../support/release.ts";

type Part = Readonly<Record<string, unknown>>;
type Difference = ChangeReceipt["differences"][number];

// What a thief of the service's own key can sign. Whatever people and terminals signed is genuine in it; the rest is his.

let work: ReceiptDesk;
/** A new card on two terminals. */
let card: ChangeReceipt;
/** A new name on two terminals. */
let renamed: ChangeReceipt;
/** Of the records alone, by a checker's word: contacts, the end of a licence, an account beside the others, and one less. */
let contact: ChangeReceipt;
let licence: ChangeReceipt;
let added: ChangeReceipt;
let removed: ChangeReceipt;
let withdrawn: ChangeReceipt;
/** Parameters in the words of the new name's change, signed by the one person whom that takes. */
let parameters: Part;

beforeEach(async () => {
  if (card !== undefined) return;
  work = await openReceiptDesk();
  await work.load({ tasks: [], minDays: 0 });
  await toReleased(await work.submit());
  renamed = await toReleased(await work.submit({ content: { patch: { name: "福州市台江区新茶庄" } } }));
  parameters = await toParametersRelease();
  card = await toReleased(await work.submit(toReplacement()));
  contact = await toChecked(await work.submit(toContactChange()));
  const patch = { licenceValidUntil: 1_900_000_000 };
  licence = await toChecked(await work.submit({ reasonCode: "licence_renewed", content: { patch } }));
  const settlement = toSettlement({ last4: "7788", commitment: Buffer.alloc(32, 7), validUntil: 1_900_000_000 });
  added = await toChecked(await work.submit({ ...toReplacement(), kind: "settlement.add", content: { settlement } }));
  const [binding] = await work.fleet.store.selectFrom("bindings").select("id").where("last4", "=", "7788").execute();
  const going = { bindingId: binding?.id ?? 0 };
  removed = await toChecked(await work.submit({ ...toReplacement(), kind: "settlement.remove", content: going }));
  const contacts = [{ role: "owner", name: "林小雨", phone: "13900139000", email: "" }] as const;
  const given = await work.submit({ ...toContactChange(), content: { patch: { contacts } } });
  await withdrawChange(work.fleet, given, "never mind", "li.mei");
  ({ receipt: withdrawn } = await work.receipt(given));
});

async function toReleased(id: string): Promise<ChangeReceipt> {
  await work.sign(id);
  for (let visit = 0; visit < 3; visit += 1) await work.runner.poll();
  await work.report();
  await work.runner.poll();
  return (await work.receipt(id)).receipt;
}

async function toChecked(id: string): Promise<ChangeReceipt> {
  await work.approve(id);
  return (await work.receipt(id)).receipt;
}

function check(change: Part, of: ChangeReceipt): VerifiedReceipt {
  const payload = toReceiptBytes({ ...of, ...change } as ChangeReceipt);
  const signature = signDocument(work.held.online, PAYLOAD_TYPES.receipt, payload);
  const { root, policy } = work.held.trust;
  const file = toEnvelopeFile(PAYLOAD_TYPES.receipt, payload, signature);
  return verifyReceipt(file, { root, policy, now: work.fleet.at });
}

/** Why it is refused; empty where it is not. */
function toReason(change: Part, of: ChangeReceipt): string {
  try {
    check(change, of);
    return "";
  } catch (error) {
    if (!(error instanceof TillsyncError)) throw error;
    expect(error.code).toBe("ATTESTATION_INVALID");
    return String(error.fields["reason"]);
  }
}

function withMore(of: ChangeReceipt, ...more: readonly Difference[]): Part {
  return { differences: [...of.differences, ...more] };
}

const NUMBER = { field: "settlement.number", before: "622848******0001", after: "622848******9999" } as const;
const HOLDER = { field: "settlement.holder", before: "", after: "李强" } as const;
const NONE = { terminals: [], authority: new Uint8Array(0) };

describe("a receipt of what people did sign", () => {
  it.each([
    ["a card on terminals", () => card],
    ["a name on terminals", () => renamed],
    ["contacts", () => contact],
    ["the end of a licence", () => licence],
    ["an account beside the others", () => added],
    ["one account less", () => removed],
    ["what was given up", () => withdrawn],
  ])("is proven: %s", (_what, of) => {
    expect(of().differences).not.toEqual([]);
    expect(check({}, of())).toMatchObject({ isProven: true, unproven: 0, unprovenFields: [] });
  });
});

describe("a thief of the online key cannot make up an account", () => {
  it("by leaving out the terminals that were given another one", () => {
    const counts = { ...card.counts, terminals: 0 };
    const made = { ...NONE, counts, differences: [NUMBER, HOLDER] };
    expect(toReason(made, card)).toBe("terminals");
    expect(check({ ...made, outcome: "failed", code: "TEST_FAILED" }, card)).toMatchObject({
      ...{ isProven: false, unprovenFields: ["settlement.number", "settlement.holder"] },
    });
  });

  it("by telling nothing but terminals that have no proof", () => {
    const [first] = card.terminals;
    const terminals = [{ ...first, state: "superseded", test: "none", proof: null }];
    const made = { ...NONE, terminals, counts: { ...card.counts, terminals: 1 }, differences: [NUMBER] };
    expect(check({ ...made, outcome: "failed", code: "TEST_FAILED" }, card)).toMatchObject({
      ...{ isProven: false, unprovenFields: ["settlement.number"] },
    });
  });

  it("by telling a terminal that said nothing as given another one", () => {
    const terminals = card.terminals.map((one) => {
      return { ...one, state: "superseded", test: "none", proof: { ...one.proof, report: null } };
    });
    const made = { terminals, outcome: "failed", code: "TEST_FAILED" };
    expect(check(made, card)).toMatchObject({ isProven: true, proven: 0, unprovenFields: [] });
    expect(toReason({ ...made, differences: [NUMBER] }, card)).toMatch(/^differences.settlement.number/);
  });

  it("beside the contacts that a checker approved, or in their place", () => {
    expect(toReason(withMore(contact, NUMBER, HOLDER), contact)).toMatch(/^differences.settlement.number/);
    expect(toReason({ differences: [NUMBER] }, contact)).toMatch(/^differences.settlement.number/);
  });

  it("beside the name that two people approved, or under a field of another name", () => {
    expect(toReason(withMore(renamed, NUMBER), renamed)).toMatch(/^differences.settlement.number/);
    expect(toReason(withMore(card, { ...NUMBER, field: "Settlement.number" as "settlement.number" }), card)).toMatch(
      /^receipt.differences/,
    );
  });

  it("by telling one field twice", () => {
    expect(toReason(withMore(renamed, ...renamed.differences), renamed)).toMatch(/^differences/);
  });

  it("where a checker approved that one goes", () => {
    const differences = removed.differences.map((one) => ({ ...one, after: one.before }));
    expect(toReason({ differences }, removed)).toMatch(/^differences.settlement/);
  });

  it.each(["settlement.number", "settlement.bank", "settlement.validFrom", "settlement.validUntil"])(
    "where a checker approved one with another %s",
    (field) => {
      const others = added.differences.filter((one) => one.field !== field);
      const differences = [...others, { field, before: "", after: "2099-01-01 00:00:00Z" }];
      expect(toReason({ differences }, added)).toMatch(/^differences.settlement/);
    },
  );
});

describe("a thief of the online key cannot alter what was approved", () => {
  it("such as the end of a licence that a checker approved", () => {
    const differences = licence.differences.map((one) => ({ ...one, after: "2099-01-01 00:00:00Z" }));
    expect(toReason({ differences }, licence)).toMatch(/^differences.merchant.licenceValidUntil/);
  });

  it("and a field that no terminal holds is named as the service's word beside a release", () => {
    const until = { field: "merchant.licenceValidUntil", before: "", after: "2099-01-01 00:00:00Z" } as const;
    const made = check(withMore(renamed, until), renamed);
    expect(made).toMatchObject({ isProven: true, isApproved: true, unprovenFields: [until.field] });
    const text = renderReceipt(made, { lang: "en", policy: 1, isStale: false, isPinned: false });
    expect(text).toMatch(/^!!! .*licence valid until/m);
  });

  it.each(["parameters", "SETTLEMENT.replace", "constructor"])("by calling it %s", (kind) => {
    expect(toReason({ kind }, card)).toBe("receipt.kind");
  });

  it("by calling a card a name, a name a card, or either what no terminal is given", () => {
    expect(toReason({ kind: "merchant" }, card)).toMatch(/^differences.settlement/);
    expect(toReason({ kind: "settlement.replace" }, renamed)).toMatch(/^differences.merchant/);
    expect(toReason({ kind: "settlement.add" }, card)).toBe("signed: of a change that gives terminals nothing");
    expect(toReason({ kind: "contact", differences: [] }, renamed)).toBe(
      "signed: of a change that gives terminals nothing",
    );
  });

  it("by telling parameters that one person signed alone as a name", () => {
    const name = { field: "merchant.name", before: "从前的名字", after: "福州市台江区新茶庄" };
    for (const differences of [[name], []]) {
      expect(check({ ...parameters, differences }, renamed)).toMatchObject({ isProven: false, isApproved: false });
    }
    expect(check({ ...parameters, differences: [name] }, renamed).demanded).toEqual(["maker", "checker"]);
  });
});

describe("a thief of the online key cannot count", () => {
  it("one terminal twice", () => {
    const [first] = card.terminals;
    expect(toReason({ terminals: [first, first] }, card)).toMatch(/^terminals/);
  });

  it("a terminal's state that there is not, or a test that its code does not bear out", () => {
    const [first, ...others] = card.terminals;
    const made = { outcome: "failed", code: "TEST_FAILED" };
    const loud = { ...first, state: "Committed", test: "none", proof: null };
    expect(toReason({ ...made, terminals: [loud, ...others] }, card)).toMatch(/^receipt.terminals.state/);
    const failed = { ...first, state: "superseded", test: "failed", proof: null };
    expect(toReason({ ...made, terminals: [failed, ...others] }, card)).toBe("terminals.test");
  });

  it("a terminal that took it as one that went back, by its own report", () => {
    const [first, ...others] = card.terminals;
    const terminals = [{ ...first, state: "rolled_back", test: "none" }, ...others];
    const made = { outcome: "failed", code: "TEST_FAILED", terminals };
    expect(toReason(made, card)).toBe("report: of another outcome");
  });

  it("as withdrawn what two people signed and terminals took", () => {
    expect(toReason({ outcome: "withdrawn" }, card)).toMatch(/^approval/);
    const unsigned = { approval: null, signed: null };
    expect(toReason({ ...unsigned, outcome: "withdrawn" }, card)).toMatch(/^terminals/);
    expect(toReason({ ...unsigned, outcome: "failed", code: "EXPIRED" }, card)).toMatch(/^terminals/);
  });

  it("a merchant that no terminal of the release is of", () => {
    const counts = { ...renamed.counts, terminals: 0 };
    const made = { ...NONE, counts, outcome: "failed", code: "EXPIRED", differences: [] };
    expect(check({ ...made, merchant: "822391058121071" }, renamed).isProven).toBe(false);
  });
});

async function toParametersRelease(): Promise<Part> {
  const { fleet } = work;
  const { policy, maker } = fleet.approvers;
  const reason = `${renamed.change}: ${renamed.reason}`;
  const patch = { parameters: { attempts: SAMPLE_PROFILE.parameters.attempts + 1 } };
  const { file } = await buildRelease(fleet, toRequest({ patch, reason, policy, merchant: MERCHANT }));
  const { statement: bytes, signatures, directives } = signRelease(file, maker);
  const statement = parseStatement(bytes);
  const tree = toTree(directives.map(toLeafHash));
  const terminals = directives.map((directive, index) => {
    const { tusn, sequence } = parseDirective(directive);
    const told = renamed.terminals.find((one) => one.tusn === tusn);
    const path = toInclusionPath(tree, index).map(toHex);
    const proof = { ...told?.proof, directive, index, path, report: null };
    return { ...told, sequence, state: "superseded", test: "none", proof };
  });
  return {
    ...{ outcome: "failed", code: "EXPIRED", terminals, counts: { ...renamed.counts, terminals: terminals.length } },
    approval: toApproval({ statement, bytes, signatures }, policy, { reason, publishedAt: fleet.at }),
    signed: {
      statement: bytes,
      signatures: signatures.map(({ keyId, value }) => ({ keyId: toHex(keyId), value: toHex(value) })),
    },
  };
}
