import { describe, expect, it } from "vitest";
import { type GateContext, MAX_SEQUENCE_STEP, verifyAddressed, verifyDelivery, verifySlot } from "../../agent/gate.ts";
import { createApproverKey } from "../../certs/keys.ts";
import { CLOCK_SLACK_S } from "../../certs/release.ts";
import { verifyTrust } from "../../certs/trust/verify.ts";
import { MAX_UINT32 } from "../../proto/bounds.ts";
import { toDigest } from "../../proto/bytes.ts";
import { parseDelivery, toDeliveryBytes } from "../../proto/delivery.ts";
import type { Directive } from "../../proto/directive.ts";
import { toProfileBytes } from "../../proto/profile.ts";
import { parseTusn } from "../../proto/tusn.ts";
import {
  createApprovers,
  type ReleaseRequest,
  SAMPLE_PROFILE,
  toDeliveries,
  toDirective,
  toNextProfile,
} from "../support/release.ts";

const NOW = 1_800_000_000;
const DAY_S = 86_400;
const TUSN = parseTusn("00000304N7NL01933217");
const NEIGHBOUR = parseTusn("00000304N7NL00072365");
const DEVICE_KEY = toDigest(Buffer.from("device key"));
const approvers = createApprovers(NOW);
const trust = verifyTrust(approvers.trust.root, approvers.trust);

const FRESH: GateContext = {
  trust,
  now: NOW,
  past: NOW,
  tusn: TUSN,
  deviceKey: DEVICE_KEY,
  held: undefined,
  previous: undefined,
  sequence: 0,
  cardChanges: [],
};
const HOLDING: GateContext = { ...FRESH, held: toProfileBytes(SAMPLE_PROFILE), sequence: 1 };

const NEW_LIMITS = toNextProfile(SAMPLE_PROFILE, { parameters: { attempts: 3 } });
const NEW_NAME = toNextProfile(SAMPLE_PROFILE, { merchant: { shortName: "小李餐饮" } });
const NEW_ROUTE = toNextProfile(SAMPLE_PROFILE, { acquiring: { port: 10 } });
const NEW_CARD = toNextProfile(SAMPLE_PROFILE, { binding: { last4: "1234" } });
const OTHER_MERCHANT = toNextProfile(SAMPLE_PROFILE, { merchant: { number: "822290058120002" } });

function first(change: Partial<Directive> = {}, profile = SAMPLE_PROFILE): Directive {
  return toDirective({ tusn: TUSN, deviceKey: DEVICE_KEY, sequence: 1, profile, now: NOW }, change);
}

function second(profile: typeof SAMPLE_PROFILE, change: Partial<Directive> = {}): Directive {
  return toDirective(
    { tusn: TUSN, deviceKey: DEVICE_KEY, sequence: 2, base: SAMPLE_PROFILE, profile, now: NOW },
    change,
  );
}

function release(directive: Directive, change: Partial<ReleaseRequest> = {}): Uint8Array {
  const signers = [approvers.maker, approvers.checker];
  const request = { directives: [directive], purpose: "binding" as const, signers, now: NOW, ...change };
  return toDeliveries(request)[0] as Uint8Array;
}

const verifying = (bytes: Uint8Array, context: GateContext) => () => verifyDelivery(bytes, context);
const refusal = (code: string) => expect.objectContaining({ code });

describe("the gate accepts", () => {
  it("a first profile that maker and checker signed", () => {
    const accepted = verifyDelivery(release(first()), FRESH);
    expect(accepted.profile).toEqual(SAMPLE_PROFILE);
    expect(accepted.directive.sequence).toBe(1);
    expect(accepted.statement.purpose).toBe("binding");
  });

  it("a directive among others of its release", () => {
    const others = Array.from({ length: 6 }, () => first({ tusn: NEIGHBOUR }));
    const directives = [...others.slice(0, 4), first(), ...others.slice(4)];
    const signers = [approvers.maker, approvers.checker];
    const deliveries = toDeliveries({ directives, purpose: "binding", signers, now: NOW });
    expect(verifyDelivery(deliveries[4] as Uint8Array, FRESH).directive.tusn).toBe(TUSN);
  });

  it("new limits with one signature, and with the graver signatures of a merchant release", () => {
    const alone = release(second(NEW_LIMITS), { purpose: "parameters", signers: [approvers.maker] });
    expect(verifyDelivery(alone, HOLDING).profile).toEqual(NEW_LIMITS);
    const together = release(second(NEW_LIMITS), { purpose: "merchant" });
    expect(verifyDelivery(together, HOLDING).profile).toEqual(NEW_LIMITS);
  });

  it("a release made a little ahead of the terminal's clock", () => {
    const bytes = release(first(), { statement: { created: NOW + CLOCK_SLACK_S } });
    expect(verifyDelivery(bytes, FRESH).statement.created).toBe(NOW + CLOCK_SLACK_S);
  });

  it("until the last second of validity and of freshness", () => {
    const bytes = release(first({ notAfter: NOW + 10 }));
    expect(verifyDelivery(bytes, { ...FRESH, now: NOW + 10 }).directive.notAfter).toBe(NOW + 10);
    const long = release(first());
    expect(verifyDelivery(long, { ...FRESH, now: trust.freshUntil - 1 }).directive.sequence).toBe(1);
  });
});

describe("the gate refuses", () => {
  it("more bytes than a delivery may have, before it looks at them", () => {
    expect(verifying(new Uint8Array(16_385), FRESH)).toThrow(refusal("BYTES_TOO_LARGE"));
  });

  it("bytes that are no canonical delivery", () => {
    const bytes = release(first());
    expect(verifying(bytes.subarray(0, bytes.length - 1), FRESH)).toThrow(refusal("BYTES_NOT_CANONICAL"));
    expect(verifying(new Uint8Array(0), FRESH)).toThrow(refusal("FIELD_INVALID"));
  });

  it("anything without trust metadata, or once it is stale", () => {
    const bytes = release(first({ notAfter: NOW + 9 * DAY_S }), { statement: { expires: NOW + 9 * DAY_S } });
    expect(verifying(bytes, { ...FRESH, trust: undefined })).toThrow(refusal("TRUST_STALE"));
    expect(verifying(bytes, { ...FRESH, now: trust.freshUntil })).toThrow(refusal("TRUST_STALE"));
  });

  it("a statement that nobody known signed, without parsing it", () => {
    const unknown = release(first(), { signers: [createApproverKey()] });
    expect(verifying(unknown, FRESH)).toThrow(refusal("STATEMENT_UNSIGNED"));
    const { statement, ...rest } = parseDelivery(release(first()));
    const garbage = toDeliveryBytes({ ...rest, statement: Buffer.from([0xff, ...statement]) });
    expect(verifying(garbage, FRESH)).toThrow(refusal("STATEMENT_UNSIGNED"));
  });

  it("a settlement card that only the maker, or only the checker, signed", () => {
    for (const signers of [[approvers.maker], [approvers.checker], [approvers.maker, approvers.maker]]) {
      expect(verifying(release(second(NEW_CARD), { signers }), HOLDING)).toThrow(refusal("STATEMENT_UNSIGNED"));
    }
  });

  it("limits that only somebody without that role signed", () => {
    const bytes = release(second(NEW_LIMITS), { purpose: "parameters", signers: [approvers.checker] });
    expect(verifying(bytes, HOLDING)).toThrow(refusal("STATEMENT_UNSIGNED"));
  });

  it("a directive that is not the leaf its proof speaks of", () => {
    const delivery = parseDelivery(release(first()));
    const other = parseDelivery(release(first()));
    const swapped = toDeliveryBytes({ ...delivery, directive: other.directive });
    expect(verifying(swapped, FRESH)).toThrow(refusal("NOT_IN_RELEASE"));
    expect(verifying(toDeliveryBytes({ ...delivery, index: 1 }), FRESH)).toThrow(refusal("NOT_IN_RELEASE"));
    const path = [toDigest(Buffer.from("sibling"))];
    expect(verifying(toDeliveryBytes({ ...delivery, path }), FRESH)).toThrow(refusal("NOT_IN_RELEASE"));
  });

  it("a directive or profile that breaks its rules although people signed it", () => {
    const unreadable = release(first({ onFail: "explode" as "rollback" }));
    expect(verifying(unreadable, FRESH)).toThrow(refusal("FIELD_INVALID"));
    const empty = release(first({ profile: new Uint8Array(0) }), { statement: { merchant: "822290058120001" } });
    expect(verifying(empty, FRESH)).toThrow(refusal("FIELD_INVALID"));
  });

  it("what is meant for a neighbour", () => {
    expect(verifying(release(first({ tusn: NEIGHBOUR })), FRESH)).toThrow(refusal("WRONG_TERMINAL"));
  });

  it("what is meant for another device under the same TUSN", () => {
    const bytes = release(first({ deviceKey: toDigest(Buffer.from("clone")) }));
    expect(verifying(bytes, FRESH)).toThrow(refusal("WRONG_DEVICE_KEY"));
  });

  it("a sequence accepted before, and every lower one", () => {
    expect(verifying(release(second(NEW_NAME)), { ...HOLDING, sequence: 2 })).toThrow(refusal("SEQUENCE_REPLAYED"));
    expect(verifying(release(second(NEW_NAME)), { ...HOLDING, sequence: 7 })).toThrow(refusal("SEQUENCE_REPLAYED"));
  });

  it("a sequence so far ahead that few could follow it", () => {
    const ahead = (sequence: number) => release(second(NEW_NAME, { sequence }));
    for (const highest of [1, 70_000]) {
      const context = { ...HOLDING, sequence: highest };
      const furthest = highest + MAX_SEQUENCE_STEP;
      expect(verifyDelivery(ahead(furthest), context).directive.sequence).toBe(furthest);
      expect(verifying(ahead(furthest + 1), context)).toThrow(refusal("SEQUENCE_TOO_HIGH"));
      expect(verifying(ahead(MAX_UINT32), context)).toThrow(refusal("SEQUENCE_TOO_HIGH"));
    }
    const last = { ...HOLDING, sequence: MAX_UINT32 - 1 };
    expect(verifyDelivery(ahead(MAX_UINT32), last).directive.sequence).toBe(MAX_UINT32);
  });

  it("what is built on another profile, on none, or on one where none is held", () => {
    const onAnother = toDirective({
      tusn: TUSN,
      deviceKey: DEVICE_KEY,
      sequence: 2,
      base: NEW_NAME,
      profile: NEW_CARD,
      now: NOW,
    });
    expect(verifying(release(onAnother), HOLDING)).toThrow(refusal("BASE_MISMATCH"));
    expect(verifying(release(first({ sequence: 2 })), HOLDING)).toThrow(refusal("BASE_MISMATCH"));
    expect(verifying(release(second(NEW_CARD)), FRESH)).toThrow(refusal("BASE_MISMATCH"));
  });

  it("a card under a merchant or parameters release, and a name or route under a parameters release", () => {
    for (const [profile, purpose] of [
      [NEW_CARD, "merchant"],
      [NEW_CARD, "parameters"],
      [NEW_NAME, "parameters"],
      [NEW_ROUTE, "parameters"],
    ] as const) {
      expect(verifying(release(second(profile), { purpose }), HOLDING)).toThrow(refusal("PURPOSE_TOO_NARROW"));
    }
    expect(verifying(release(first(), { purpose: "merchant" }), FRESH)).toThrow(refusal("PURPOSE_TOO_NARROW"));
  });

  it("a binding release made for another merchant", () => {
    const bytes = release(second(NEW_CARD), { statement: { merchant: "822290058120002" } });
    expect(verifying(bytes, HOLDING)).toThrow(refusal("WRONG_MERCHANT"));
  });

  it("a terminal being moved from one merchant to another, whoever signed", () => {
    expect(verifying(release(second(OTHER_MERCHANT)), HOLDING)).toThrow(refusal("WRONG_MERCHANT"));
    expect(verifying(release(second(OTHER_MERCHANT), { purpose: "merchant" }), HOLDING)).toThrow(
      refusal("WRONG_MERCHANT"),
    );
  });

  it("what is not valid yet", () => {
    expect(verifying(release(first({ notBefore: NOW + 1 })), FRESH)).toThrow(refusal("NOT_YET_VALID"));
    const future = release(first(), { statement: { created: NOW + CLOCK_SLACK_S + 1, expires: NOW + DAY_S } });
    expect(verifying(future, FRESH)).toThrow(refusal("NOT_YET_VALID"));
  });

  it("what has expired, directive or release", () => {
    const later = { ...FRESH, now: NOW + 11 };
    expect(verifying(release(first({ notAfter: NOW + 10 })), later)).toThrow(refusal("EXPIRED"));
    expect(verifying(release(first(), { statement: { expires: NOW + 10 } }), later)).toThrow(refusal("EXPIRED"));
  });

  it("every single changed bit of a good delivery", () => {
    const bytes = release(first());
    const nonce = parseDelivery(bytes).nonce;
    const nonceStart = bytes.length - nonce.length;
    for (let bit = 0; bit < nonceStart * 8; bit += 1) {
      const forged = Uint8Array.from(bytes, (byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      expect(verifying(forged, FRESH), `bit ${bit}`).toThrow(expect.objectContaining({ name: "TillsyncError" }));
    }
  });
});

describe("the first half of the gate", () => {
  it("judges what is meant for this terminal without knowing what it will hold", () => {
    const replayed = release(second(NEW_NAME));
    expect(verifyAddressed(replayed, { ...FRESH, sequence: 9 }).profile).toEqual(NEW_NAME);
    expect(() => verifyAddressed(release(first({ tusn: NEIGHBOUR })), FRESH)).toThrow(refusal("WRONG_TERMINAL"));
  });
});

describe("a slot", () => {
  it("is proven again without regard to freshness, validity or device key", () => {
    const bytes = release(first({ notAfter: NOW, deviceKey: toDigest(Buffer.from("older key")) }));
    expect(verifySlot(bytes, trust.policy, TUSN).profile).toEqual(SAMPLE_PROFILE);
  });

  it("is refused where it is another terminal's or not signed", () => {
    expect(() => verifySlot(release(first()), trust.policy, NEIGHBOUR)).toThrow(refusal("WRONG_TERMINAL"));
    const unsigned = release(first(), { signers: [approvers.maker] });
    expect(() => verifySlot(unsigned, trust.policy, TUSN)).toThrow(refusal("STATEMENT_UNSIGNED"));
  });
});
