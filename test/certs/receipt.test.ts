import { beforeEach, describe, expect, it } from "vitest";
import { signAttestation, signDocument, toEnvelopeFile } from "../../certs/attestation/envelope.ts";
import { createApproverKey } from "../../certs/keys.ts";
import type { ReceiptField } from "../../certs/receipt/fields.ts";
import { type ChangeReceipt, MAX_RECEIPT_TERMINALS, parseReceipt, toReceiptBytes } from "../../certs/receipt/format.ts";
import { toReceiptAnswer, toReceiptHead, toReceiptPage } from "../../certs/receipt/page.ts";
import { RECEIPT_WORDS } from "../../certs/receipt/words.ts";
import { type VerifiedReceipt, verifyReceipt } from "../../certs/receipt.ts";
import { renderReceipt } from "../../certs/sign/render/receipt.ts";
import { PAYLOAD_TYPES } from "../../proto/dsse.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { loadCertificates } from "../support/certificates.ts";
import { toReplacement } from "../support/changes.ts";
import { openReceiptDesk, type ReceiptDesk, toContactChange } from "../support/receipts.ts";

type Part = Readonly<Record<string, unknown>>;

let work: ReceiptDesk;
/** A new card on two terminals; and its signed file. */
let receipt: ChangeReceipt;
let file: Uint8Array;
/** Of contacts, by a checker's word alone. */
let contact: ChangeReceipt;

// Made with the first test and never changed: what it is made from goes away with that.
beforeEach(async () => {
  if (receipt !== undefined) return;
  work = await openReceiptDesk();
  await work.load({ tasks: [] });
  const id = await work.submit(toReplacement());
  await work.sign(id);
  for (let visit = 0; visit < 3; visit += 1) await work.runner.poll();
  await work.report();
  await work.runner.poll();
  ({ receipt, file } = await work.receipt(id));
  const word = await work.submit(toContactChange());
  await work.approve(word);
  ({ receipt: contact } = await work.receipt(word));
});

function check(bytes: Uint8Array, change: Partial<Parameters<typeof verifyReceipt>[1]> = {}): VerifiedReceipt {
  const { root, policy } = work.held.trust;
  return verifyReceipt(bytes, { root, policy, now: work.fleet.at, ...change });
}

/** Why it is refused; empty where it is not. */
function toReason(bytes: Uint8Array, change = {}): string {
  try {
    check(bytes, change);
    return "";
  } catch (error) {
    if (!(error instanceof TillsyncError)) throw error;
    expect(error.code).toBe("ATTESTATION_INVALID");
    return String(error.fields["reason"]);
  }
}

/** What a thief of the online key signs. */
function forge(change: Part, of = receipt): Uint8Array {
  const payload = toReceiptBytes({ ...of, ...change } as ChangeReceipt);
  return toEnvelopeFile(PAYLOAD_TYPES.receipt, payload, signDocument(work.held.online, PAYLOAD_TYPES.receipt, payload));
}

function withTerminal(change: Part, proof: Part = {}): Part {
  const [first, ...others] = receipt.terminals;
  const next = { ...first, ...change, ...("proof" in change ? {} : { proof: { ...first?.proof, ...proof } }) };
  return { terminals: [next, ...others] };
}

describe("a signed receipt", () => {
  it("proves who approved the card and that each terminal took it", () => {
    const verified = check(file);
    expect(verified).toMatchObject({ isProven: true, isApproved: true, proven: 2, unproven: 0 });
    expect(verified.signers?.signers.map(({ id }) => id).toSorted()).toEqual(["li.mei", "wang.jun"]);
  });

  it("is refused with any one bit changed", () => {
    const end = Buffer.from(file).indexOf('"signatures"');
    let flips = 0;
    for (let at = 0; at < file.length - 1; at += at < 40 || at >= end ? 1 : 211) {
      const flipped = Uint8Array.from(file);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 7));
      expect(toReason(flipped), `byte ${at}`).not.toBe("");
      flips += 1;
    }
    expect(flips).toBeGreaterThan(200);
  });

  it("by another key, or of another kind of document, is none", () => {
    const payload = toReceiptBytes(receipt);
    const stranger = signDocument(createApproverKey(), PAYLOAD_TYPES.receipt, payload);
    expect(toReason(toEnvelopeFile(PAYLOAD_TYPES.receipt, payload, stranger))).toMatch(/^signature/);
    expect(toReason(signAttestation(work.held.online, payload))).toMatch(/^payloadType/);
    const mislabelled = signDocument(work.held.online, PAYLOAD_TYPES.attestation, payload);
    expect(toReason(toEnvelopeFile(PAYLOAD_TYPES.receipt, payload, mislabelled))).toMatch(/^signature/);
  });

  it.each<readonly [what: string, change: () => Part, reason: RegExp]>([
    ["another account", () => ({ differences: toOther("settlement.number", "622848******9999") }), /^differences/],
    ["another holder", () => ({ differences: toOther("settlement.holder", "李强") }), /^differences/],
    ["another merchant", () => ({ merchant: "822391058121071" }), /^(directive|statement)/],
    ["another change", () => ({ change: "C0000000000000000" }), /^approval.reason/],
    ["another reason", () => ({ reason: "because" }), /^approval.reason/],
    ["a release made later", () => ({ approval: { ...receipt.approval, created: 1 } }), /^approval.created/],
    ["another signer's name", () => ({ approval: toSigner({ name: "张三" }) }), /^approval.signers/],
    ["another signer's role", () => ({ approval: toSigner({ roles: ["maker", "checker"] }) }), /^approval.signers/],
    ["a signature that is not there", () => ({ signed: { ...receipt.signed, signatures: [] } }), /^approval.signers/],
    ["another terminal", () => withTerminal({ tusn: "00000304N7NL01933299" }), /^directive/],
    ["another sequence", () => withTerminal({ sequence: 99 }), /^terminals.sequence/],
    ["a way back for the way ahead", () => withTerminal({ isWayBack: true }), /^terminals.isWayBack/],
    ["a test that was not passed", () => withTerminal({ test: "failed" }), /^terminals.test/],
    ["a terminal that went back", () => withTerminal({ state: "rolled_back", test: "none" }), /^(terminals|report)/],
    ["another leaf", () => withTerminal({}, { index: 3 }), /^directive/],
    ["another terminal's report", () => withTerminal({}, { report: receipt.terminals[1]?.proof?.report }), /^report/],
    ["no approval", () => ({ approval: null, signed: null }), /^terminals/],
    ["an end before its beginning", () => ({ times: { ...receipt.times, ended: 1 } }), /^times/],
    ["fewer terminals than it tells", () => ({ counts: { ...receipt.counts, terminals: 0 } }), /^counts/],
    ["a checker's word beside a release", () => ({ checked: CHECKED }), /^checked/],
    ["failure without a reason", () => ({ outcome: "failed" }), /^code/],
    ["a whole number in the place of a masked one", () => ({ merchantName: 7 }), /^receipt.merchantName/],
    ["a member too many", () => ({ cvv: "123" }), /^receipt.cvv/],
  ])("signed by a thief of the online key with %s is refused", (_what, change, reason) => {
    expect(toReason(forge(change()))).toMatch(reason);
  });

  it.each<readonly [what: string, change: () => Part, reason: RegExp]>([
    ["another contact", () => ({ differences: [{ field: "contacts", before: "", after: "owner x" }] }), /^differences/],
    ["another reason", () => ({ reason: "because" }), /^checked.content/],
    ["another change's approval", () => toRequest({ path: "/v1/changes/C0000000000000000/approval" }), /^checked.path/],
    ["another body", () => toRequest({ body: Buffer.from("{}") }), /^checked.body/],
    ["another content", () => toRequest({ content: Buffer.from("[]") }), /^checked.body/],
    ["another person", () => toRequest({ person: "zhao.min" }), /^checked.person/],
    ["another key", () => toRequest({ keyId: "00".repeat(32) }), /^checked.keyId/],
    ["a signature that does not hold", () => toRequest({ authorization: toSpoiled() }), /^checked.holds/],
  ])(
    "of what a checker approved alone, signed by a thief of the online key with %s, is refused",
    (_, change, reason) => {
      expect(check(forge({}, contact)).isProven).toBe(true);
      expect(toReason(forge(change(), contact))).toMatch(reason);
    },
  );

  it("of what a checker approved who has left since is not proven", () => {
    const persons = work.held.trust.policy.persons.filter(({ id }) => id !== "wang.jun");
    const policy = { ...work.held.trust.policy, version: 99, persons };
    expect(check(forge({}, contact), { policy })).toMatchObject({ isProven: false, isApproved: false });
  });

  it("without a terminal's own word says that it is not proven", () => {
    const silent = check(forge(withTerminal({}, { report: null })));
    expect(silent).toMatchObject({ isProven: false, isApproved: true, proven: 1, unproven: 1 });
    expect(check(forge(withTerminal({ proof: null }))).isProven).toBe(false);
    expect(check(forge({ counts: { ...receipt.counts, terminals: 3 } })).isProven).toBe(false);
  });

  it("signed by people who have left since is not proven under the policy of today, and their keys are told", () => {
    const persons = work.held.trust.policy.persons.filter(({ id }) => id !== "wang.jun");
    const policy = { ...work.held.trust.policy, version: 99, persons };
    const verified = check(file, { policy });
    expect(verified).toMatchObject({ isProven: false, isApproved: false });
    expect(verified.signers?.unknownKeys).toHaveLength(1);
  });

  it("is checked against the authority that whoever checks has pinned", async () => {
    const { authority, foreignAuthority } = await loadCertificates();
    expect(check(file, { authority: authority.certificate }).isProven).toBe(true);
    expect(toReason(file, { authority: foreignAuthority.certificate })).toMatch(/^authority/);
  });

  it("from the future is refused", () => {
    expect(toReason(file, { now: receipt.at - 301 })).toMatch(/^time/);
  });

  it("has one encoding, and bounds", () => {
    const bytes = toReceiptBytes(receipt);
    expect(parseReceipt(bytes)).toEqual(receipt);
    const spaced = Buffer.from(Buffer.from(bytes).toString("utf8").replace(":", ": "));
    expect(() => parseReceipt(spaced)).toThrow("canonical encoding");
    expect(MAX_RECEIPT_TERMINALS).toBeGreaterThan(receipt.terminals.length);
  });

  it("is shown with what is proven first, in both languages, and hostile names harmless", () => {
    const hostile = check(forge({ merchantName: "\u001b[2J\u202e茶庄" }));
    for (const lang of ["zh", "en"] as const) {
      const text = renderReceipt(hostile, { lang, policy: 1, isStale: false, isPinned: true });
      expect(text).not.toMatch(/[\u001b\u202e]/);
      for (const { tusn } of receipt.terminals) expect(text).toContain(tusn);
      const words = RECEIPT_WORDS[lang];
      const page = [...toReceiptPage(receipt, words).map(({ title }) => title)];
      expect(page).toEqual(expect.arrayContaining([words.sections.what, words.sections.terminals]));
      expect(toReceiptHead(receipt, words).flat()).toContain(receipt.change);
      expect(toReceiptAnswer(receipt, words)).toEqual({ text: words.outcomes.done, tone: "good" });
    }
  });

  it("that is not proven says so loudly", () => {
    const text = renderReceipt(check(forge(withTerminal({}, { report: null }))), {
      ...{ lang: "en", policy: 2, isStale: true, isPinned: false },
    });
    expect(text).toMatch(/^!!! NOT PROVEN/m);
    expect(text).toMatch(/stale/);
  });
});

const CHECKED = {
  ...{ keyId: "", person: "", name: "", holds: false, authorization: "", method: "POST", path: "/" },
  ...{ body: new Uint8Array(0), content: new Uint8Array(0) },
};

function toRequest(change: Part): Part {
  return { checked: { ...contact.checked, ...change } };
}

function toSpoiled(): string {
  return (contact.checked?.authorization ?? "").replace(/.$/, (digit) => (digit === "0" ? "1" : "0"));
}

function toOther(field: ReceiptField, after: string): ChangeReceipt["differences"] {
  return [...receipt.differences.filter((one) => one.field !== field), { field, before: "", after }];
}

function toSigner(change: Part): Part {
  const [first, ...others] = receipt.approval?.signers ?? [];
  return { ...receipt.approval, signers: [{ ...first, ...change }, ...others] };
}
