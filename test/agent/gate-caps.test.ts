import { describe, expect, it } from "vitest";
import { type GateContext, verifyAddressed, verifyDelivery, verifySlot } from "../../agent/gate.ts";
import type { Policy } from "../../certs/trust/policy.ts";
import { verifyTrust } from "../../certs/trust/verify.ts";
import { toDigest } from "../../proto/bytes.ts";
import { parseDelivery, toDeliveryBytes } from "../../proto/delivery.ts";
import type { Directive } from "../../proto/directive.ts";
import { type Profile, toProfileBytes } from "../../proto/profile.ts";
import { TUSN } from "../support/machine.ts";
import { DEVICE_KEY, NOW } from "../support/memory-agent.ts";
import {
  createApprovers,
  type ReleaseRequest,
  SAMPLE_PROFILE,
  toDeliveries,
  toDirective,
  toNextProfile,
} from "../support/release.ts";

// What the policy bounds however many people sign: kinds and sizes of releases, settlement changes, ways back.

const DAY_S = 86_400;
const approvers = createApprovers(NOW);
const trust = verifyTrust(approvers.trust.root, approvers.trust);

const OLD = SAMPLE_PROFILE;
const HELD = toNextProfile(OLD, { binding: { last4: "1111" } });
const NEW_CARD = toNextProfile(HELD, { binding: { last4: "2222" } });
const NEW_NAME = toNextProfile(HELD, { merchant: { shortName: "小李餐饮" } });

const HOLDING: GateContext = {
  trust,
  now: NOW,
  past: NOW,
  tusn: TUSN,
  deviceKey: DEVICE_KEY,
  held: toProfileBytes(HELD),
  previous: toDigest(toProfileBytes(OLD)),
  sequence: 2,
  cardChanges: [],
};

function withPolicy(change: Partial<Policy>): GateContext {
  return { ...HOLDING, trust: { ...trust, policy: { ...trust.policy, ...change } } };
}

function third(profile: Profile, change: Partial<Directive> = {}): Directive {
  const terms = { tusn: TUSN, deviceKey: DEVICE_KEY, sequence: 3, base: HELD, profile, now: NOW };
  return toDirective(terms, change);
}

/** The way back from what is held to the profile before it. */
function back(change: Partial<Directive> = {}): Directive {
  return third(OLD, { restores: toDigest(toProfileBytes(OLD)), ...change });
}

function release(directive: Directive, change: Partial<ReleaseRequest> = {}): Uint8Array {
  const signers = [approvers.maker, approvers.checker];
  const request = { directives: [directive], purpose: "binding" as const, signers, now: NOW, ...change };
  return toDeliveries(request)[0] as Uint8Array;
}

const verifying = (bytes: Uint8Array, context: GateContext) => () => verifyDelivery(bytes, context);
const refusal = (code: string) => expect.objectContaining({ code });

describe("a policy", () => {
  it("that allows no kind of release freezes all changes, whoever signed", () => {
    const frozen = withPolicy({ types: [] });
    expect(verifying(release(third(NEW_CARD)), frozen)).toThrow(refusal("TYPE_NOT_ALLOWED"));
    const limits = toNextProfile(HELD, { parameters: { attempts: 3 } });
    expect(verifying(release(third(limits), { purpose: "parameters" }), frozen)).toThrow(refusal("TYPE_NOT_ALLOWED"));
    expect(() => verifyAddressed(release(third(NEW_CARD)), frozen)).toThrow(refusal("TYPE_NOT_ALLOWED"));
  });

  it("bounds a binding release and any other each by its own size", () => {
    const { caps } = trust.policy;
    const small = withPolicy({ caps: { ...caps, directivesPerBindingRelease: 1, directivesPerRelease: 2 } });
    const two = [third(NEW_CARD), third(NEW_CARD)];
    expect(verifying(release(third(NEW_CARD), { directives: two }), small)).toThrow(refusal("CAP_EXCEEDED"));
    const names = [third(NEW_NAME), third(NEW_NAME)];
    const merchant = { purpose: "merchant" as const };
    expect(verifyDelivery(release(third(NEW_NAME), { ...merchant, directives: names }), small).isCardChange).toBe(
      false,
    );
    const many = [...names, third(NEW_NAME)];
    expect(verifying(release(third(NEW_NAME), { ...merchant, directives: many }), small)).toThrow(
      refusal("CAP_EXCEEDED"),
    );
  });

  it("is asked after the signatures, and before anything in the tree is looked at", () => {
    const frozen = withPolicy({ types: [] });
    expect(verifying(release(third(NEW_CARD), { signers: [approvers.maker] }), frozen)).toThrow(
      refusal("STATEMENT_UNSIGNED"),
    );
    const foreign = toDeliveryBytes({ ...parseDelivery(release(third(NEW_CARD))), index: 7 });
    expect(verifying(foreign, frozen)).toThrow(refusal("TYPE_NOT_ALLOWED"));
  });

  it("still proves what was accepted under it", () => {
    expect(verifySlot(release(third(NEW_CARD)), trust.policy, TUSN).profile).toEqual(NEW_CARD);
  });
});

describe("a settlement change", () => {
  it("is told from other changes by what differs, not by what the release says of itself", () => {
    expect(verifyDelivery(release(third(NEW_CARD)), HOLDING).isCardChange).toBe(true);
    expect(verifyDelivery(release(third(NEW_NAME)), HOLDING).isCardChange).toBe(false);
  });

  it("is refused within a day of the last one, and accepted a day after it", () => {
    const bytes = release(third(NEW_CARD));
    const lastChanged = (seconds: number) => ({ ...HOLDING, cardChanges: [NOW - seconds] });
    for (const seconds of [0, 1, DAY_S - 1]) {
      expect(verifying(bytes, lastChanged(seconds)), String(seconds)).toThrow(refusal("CARD_CHANGE_TOO_SOON"));
    }
    expect(verifyDelivery(bytes, lastChanged(DAY_S)).isCardChange).toBe(true);
  });

  it("may come as often in a day as the policy says", () => {
    const { caps } = trust.policy;
    const thrice = withPolicy({ caps: { ...caps, cardChangesPerDay: 3 } });
    const bytes = release(third(NEW_CARD));
    expect(verifyDelivery(bytes, { ...thrice, cardChanges: [NOW - 20, NOW - 10] }).isCardChange).toBe(true);
    expect(verifying(bytes, { ...thrice, cardChanges: [NOW - 30, NOW - 20, NOW - 10] })).toThrow(
      refusal("CARD_CHANGE_TOO_SOON"),
    );
  });

  it("does not come sooner by a clock that is set forward", () => {
    const forward = { ...HOLDING, cardChanges: [NOW - 60], now: NOW + DAY_S - 1 };
    expect(verifying(release(third(NEW_CARD)), forward)).toThrow(refusal("CARD_CHANGE_TOO_SOON"));
  });

  it("waits for less than a day more where the last one was taken by a clock that was ahead", () => {
    const bytes = release(third(NEW_CARD));
    const ahead = { ...HOLDING, cardChanges: [NOW + DAY_S - 1] };
    expect(verifying(bytes, ahead)).toThrow(refusal("CARD_CHANGE_TOO_SOON"));
  });

  it("is not shut out for years by one that was taken at a time which a stolen key had signed", () => {
    const bytes = release(third(NEW_CARD));
    expect(verifyDelivery(bytes, { ...HOLDING, cardChanges: [4_102_444_800] }).isCardChange).toBe(true);
  });

  it("does not keep anything else from changing", () => {
    const lately = { ...HOLDING, cardChanges: [NOW] };
    expect(verifyDelivery(release(third(NEW_NAME)), lately).profile).toEqual(NEW_NAME);
    const nothing = { ...lately, held: undefined, previous: undefined };
    const first = toDirective({ tusn: TUSN, deviceKey: DEVICE_KEY, sequence: 3, profile: OLD, now: NOW });
    expect(verifyDelivery(release(first), nothing).isCardChange).toBe(false);
  });

  it("is judged for its validity before it is counted", () => {
    const bytes = release(third(NEW_CARD, { notAfter: NOW }));
    expect(verifying(bytes, { ...HOLDING, now: NOW + 1, cardChanges: [NOW] })).toThrow(refusal("EXPIRED"));
  });
});

describe("a way back", () => {
  it("to the previous profile is accepted, and is no settlement change however lately there was one", () => {
    const lately = { ...HOLDING, cardChanges: [NOW] };
    const accepted = verifyDelivery(release(back()), lately);
    expect(accepted).toMatchObject({ profile: OLD, isCardChange: false });
  });

  it("to anything but the previous profile is refused, and so is one where there is none to go back to", () => {
    const other = toNextProfile(OLD, { binding: { last4: "3333" } });
    const elsewhere = third(other, { restores: toDigest(toProfileBytes(other)) });
    expect(verifying(release(elsewhere), HOLDING)).toThrow(refusal("RESTORE_UNKNOWN"));
    expect(verifying(release(back()), { ...HOLDING, previous: undefined })).toThrow(refusal("RESTORE_UNKNOWN"));
    const toHeld = third(HELD, { restores: toDigest(toProfileBytes(HELD)) });
    expect(verifying(release(toHeld), HOLDING)).toThrow(refusal("RESTORE_UNKNOWN"));
  });

  it("that names other content than it brings is refused by its form", () => {
    const forged = third(NEW_CARD, { restores: toDigest(toProfileBytes(OLD)) });
    expect(verifying(release(forged), HOLDING)).toThrow(refusal("FIELD_INVALID"));
  });

  it("takes the same people, purpose, base, sequence and time as any other change", () => {
    expect(verifying(release(back(), { signers: [approvers.maker] }), HOLDING)).toThrow(refusal("STATEMENT_UNSIGNED"));
    expect(verifying(release(back(), { purpose: "merchant" }), HOLDING)).toThrow(refusal("PURPOSE_TOO_NARROW"));
    expect(verifying(release(back()), { ...HOLDING, held: toProfileBytes(NEW_NAME) })).toThrow(
      refusal("BASE_MISMATCH"),
    );
    expect(verifying(release(back()), { ...HOLDING, sequence: 3 })).toThrow(refusal("SEQUENCE_REPLAYED"));
    expect(verifying(release(back({ notBefore: NOW + 1 })), HOLDING)).toThrow(refusal("NOT_YET_VALID"));
  });

  it("counts where it leads forward again: back and forth is no way round the cap", () => {
    const forward = { ...HOLDING, held: toProfileBytes(OLD), previous: toDigest(toProfileBytes(HELD)) };
    const terms = { tusn: TUSN, deviceKey: DEVICE_KEY, sequence: 3, base: OLD, profile: HELD, now: NOW };
    const bytes = release(toDirective(terms, { restores: toDigest(toProfileBytes(HELD)) }));
    expect(verifyDelivery(bytes, forward).isCardChange).toBe(true);
    expect(verifying(bytes, { ...forward, cardChanges: [NOW] })).toThrow(refusal("CARD_CHANGE_TOO_SOON"));
  });

  it("without the word for it is a settlement change like any other", () => {
    const bytes = release(back({ restores: new Uint8Array(0) }));
    expect(verifyDelivery(bytes, HOLDING).isCardChange).toBe(true);
    expect(verifying(bytes, { ...HOLDING, cardChanges: [NOW] })).toThrow(refusal("CARD_CHANGE_TOO_SOON"));
  });
});
