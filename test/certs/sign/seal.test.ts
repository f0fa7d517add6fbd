import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { signRelease, verifyReleaseFile } from "../../../certs/release.ts";
import { openCardNumber } from "../../../certs/seal.ts";
import { toHex } from "../../../proto/bytes.ts";
import { SAMPLE_PROFILE, toNextProfile } from "../../support/release.ts";
import { createCompany, expectRefused, pinTrust, runSign, type SigningPerson } from "../../support/sign.ts";
import {
  createReceivers,
  NEW_CARD,
  type ReleaseSample,
  toHandedFile,
  toNewCard,
  toSampleFile,
} from "../../support/sign-sample.ts";

const NOW = Math.floor(Date.now() / 1_000);
const LAST4 = NEW_CARD.slice(-4);
const company = createCompany(NOW);
const { maker, checker } = company;
const terminals = createReceivers();
const card = toNewCard();
const NEEDED: ReleaseSample = { terminals, profile: card.profile, purpose: "binding", now: NOW, needsNumber: true };
const handed = toHandedFile(join(company.folder, "change.release"));
const { path, read, put } = handed;
const opening = join(company.folder, "opening.json");

beforeAll(() => pinTrust(company, maker, checker));
afterAll(() => company.remove());
beforeEach(() => {
  put(toSampleFile(NEEDED));
  writeOpening(card.opening.number, card.opening.salt);
});

function writeOpening(number: string, salt: Uint8Array): void {
  writeFileSync(opening, JSON.stringify({ number, salt: toHex(salt) }), { mode: 0o600 });
}

function sign(person: SigningPerson, ...argv: readonly string[]) {
  return runSign(["sign", path, ...person.as, "--yes", ...argv], { now: NOW });
}

function refuse(code: string, ...argv: readonly string[]): Promise<string> {
  return expectRefused(code, handed, () => sign(maker, ...argv));
}

describe("the card number", () => {
  it("is sealed to every terminal that needs it, and opens there only", async () => {
    expect((await sign(maker, "--opening", opening)).code).toBe(0);
    const { sealed } = read();
    expect(sealed.map(({ index }) => index)).toEqual([0, 1]);
    for (const [index, { tusn, cardKey }] of terminals.entries()) {
      const bytes = sealed[index]?.bytes ?? new Uint8Array(0);
      const { binding } = card.profile;
      expect(await openCardNumber(cardKey, bytes, { tusn, binding })).toBe(NEW_CARD);
      const other = terminals[1 - index]?.cardKey ?? cardKey;
      await expect(openCardNumber(other, bytes, { tusn, binding })).rejects.toThrow(
        expect.objectContaining({ code: "SEAL_INVALID" }),
      );
    }
  });

  it("is printed nowhere, and stands in no file that leaves", async () => {
    const { stdout, stderr } = await sign(maker, "--opening", opening);
    expect(stdout + stderr).not.toContain(NEW_CARD);
    expect(readFileSync(path).includes(NEW_CARD)).toBe(false);
  });

  it("is told to go where it goes, before the maker confirms: terminals and device keys", async () => {
    const { stdout } = await sign(maker, "--opening", opening);
    expect(stdout).toContain("THE CARD NUMBER GOES TO 2 terminals");
    const { leaves } = verifyReleaseFile(read());
    for (const { directive } of leaves) {
      const [at, key] = [stdout.indexOf(directive.tusn), toHex(directive.deviceKey)];
      expect(stdout.indexOf(key, at)).toBeGreaterThan(at);
    }
    put(toSampleFile({ ...NEEDED, needsNumber: false }));
    expect((await sign(maker)).stdout).not.toContain("CARD NUMBER");
  });

  it("has to be there when a maker signs, not when a checker does", async () => {
    await refuse("SEAL_MISSING");
    expect((await sign(checker, "--last4", LAST4)).code).toBe(0);
  });

  it("may have been sealed before", async () => {
    const result = await runSign(["seal", path, "--opening", opening]);
    expect(result.code).toBe(0);
    expect((await sign(maker)).code).toBe(0);
    expect(read().sealed).toHaveLength(2);
  });

  it("may be sealed after signing, and the signatures stay good", async () => {
    put(signRelease(signRelease(read(), maker.key), checker.key));
    expect((await runSign(["seal", path, "--opening", opening])).code).toBe(0);
    expect((await runSign(["verify", path, "--home", maker.home], { now: NOW })).code).toBe(0);
  });

  it("has to be the one that is committed to", async () => {
    writeOpening("6228481234567890128".replace("1234", "1235"), card.opening.salt);
    await refuse("SEAL_INVALID", "--opening", opening);
    writeOpening(NEW_CARD, Buffer.alloc(16));
    await refuse("SEAL_INVALID", "--opening", opening);
  });

  it("is not sealed where the commitment is to another number than people read", async () => {
    const { profile } = card;
    const lying = toNextProfile(profile, { number: profile.number, binding: { last4: "6666" } });
    put(toSampleFile({ ...NEEDED, profile: lying }));
    await refuse("SEAL_INVALID", "--opening", opening);
  });

  it("is not sealed to a key that the device does not vouch for", async () => {
    const file = read();
    const [first, second] = file.recipients;
    if (first === undefined || second === undefined) throw new Error("two recipients");
    const forgeries = [
      { ...first, proof: second.proof },
      { ...first, cardKey: second.cardKey },
      { ...first, deviceKey: second.deviceKey },
      { ...first, cardKey: new Uint8Array(32) },
    ];
    for (const forged of forgeries) {
      put({ ...file, recipients: [forged, second] });
      await refuse("SEAL_INVALID", "--opening", opening);
      const result = await runSign(["seal", path, "--opening", opening]);
      expect([result.code, read().sealed]).toEqual([1, []]);
    }
  });

  it("is not read from a file that others may read, or that holds anything else", async () => {
    chmodSync(opening, 0o644);
    await refuse("CONFIG_INVALID", "--opening", opening);
    chmodSync(opening, 0o600);
    writeFileSync(opening, JSON.stringify({ number: NEW_CARD, salt: "00".repeat(16), cvv: "123" }));
    const said = await refuse("SENSITIVE_DATA", "--opening", opening);
    expect(said).not.toContain("123");
  });

  it("has nothing to be sealed to where no settlement changes", async () => {
    const profile = toNextProfile(SAMPLE_PROFILE, { merchant: { shortName: "小张" } });
    put(toSampleFile({ ...NEEDED, profile, purpose: "merchant", needsNumber: false }));
    await refuse("SEAL_INVALID", "--opening", opening);
  });
});
