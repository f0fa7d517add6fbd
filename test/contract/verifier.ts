import { describe, expect, it } from "vitest";
import type { Tusn } from "../../proto/tusn.ts";
import type { Claim, Verifier } from "../../src/app/verifiers/verifier.ts";
import { PROVING } from "../../src/domain/verdict.ts";
import { TUSN_A, TUSN_C } from "../support/certificates.ts";
import { FACTOR, SN_KEY, toCryptogram } from "../support/sn-keys.ts";

export interface OpenedVerifier {
  /** Knows TUSN_A as genuine, with the key SN_KEY where it knows keys, and model P3100; knows nothing of TUSN_C. */
  readonly verifier: Verifier;
  /** Takes away what it asks. */
  breakIt(): Promise<void>;
}

export interface VerifierTraits {
  /** Whether it judges cryptograms. */
  readonly judges: boolean;
  /** Code with which it fails once it is broken. */
  readonly failsWith: string;
}

/** What every adapter of the verifier port does. */
export function describeVerifier(name: string, traits: VerifierTraits, open: () => Promise<OpenedVerifier>): void {
  const { judges, failsWith } = traits;

  describe(`the verifier contract, ${name}`, () => {
    it("proves a terminal that is what it claims to be, each time it is asked", async () => {
      const { verifier } = await open();
      const first = await verifier.verify(toClaim(TUSN_A));
      expect(PROVING).toContain(first.verdict);
      expect(first.source).toBe(verifier.source);
      expect((await verifier.verify(toClaim(TUSN_A))).verdict).toBe(first.verdict);
    });

    it("knows nothing of a terminal that it was told nothing of", async () => {
      const { verifier } = await open();
      expect(await verifier.verify(toClaim(TUSN_C))).toMatchObject({ verdict: "unknown", source: verifier.source });
    });

    it("wants a cryptogram if it can judge one", async () => {
      const { verifier } = await open();
      expect(await verifier.wantsCryptogram(TUSN_A)).toBe(judges);
    });

    it("refutes what another key, another factor or another terminal's key would have answered, if it judges that", async () => {
      const { verifier } = await open();
      const wrong = [
        "00000000",
        toCryptogram(SN_KEY.replace("7", "8"), TUSN_A),
        toCryptogram(SN_KEY, TUSN_A, "1270261235"),
        toCryptogram(SN_KEY, TUSN_C),
      ];
      for (const cryptogram of wrong) {
        const { verdict } = await verifier.verify({ ...toClaim(TUSN_A), cryptogram });
        expect(verdict, cryptogram).toBe(judges ? "mismatch" : "verified-manual");
      }
    });

    it("without a cryptogram neither proves nor refutes, if it judges that", async () => {
      const { verifier } = await open();
      const claim = { ...toClaim(TUSN_A), cryptogram: "" };
      const verdict = await verifier.verify(claim).then(
        (answer) => answer.verdict,
        ({ code }) => code,
      );
      expect(judges ? ["unknown", "PROOF_UNAVAILABLE"] : ["verified-manual"]).toContain(verdict);
    });

    it("gives as evidence neither the key nor the cryptogram nor the factor", async () => {
      const { verifier } = await open();
      for (const tusn of [TUSN_A, TUSN_C]) {
        const claim = toClaim(tusn);
        const text = JSON.stringify(await verifier.verify(claim));
        for (const secret of [SN_KEY, claim.cryptogram, claim.factor]) expect(text).not.toContain(secret);
      }
    });

    it("answers many at once, each for itself", async () => {
      const { verifier } = await open();
      const tusns = Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? TUSN_A : TUSN_C));
      const answers = await Promise.all(tusns.map((tusn) => verifier.verify(toClaim(tusn))));
      const known = answers.map(({ verdict }) => PROVING.includes(verdict));
      expect(known).toEqual(tusns.map((tusn) => tusn === TUSN_A));
    });

    it(`that cannot ask fails with ${failsWith} and gives no verdict`, async () => {
      const { verifier, breakIt } = await open();
      await breakIt();
      await expect(verifier.verify(toClaim(TUSN_A))).rejects.toMatchObject({ code: failsWith });
    });
  });
}

/** With the cryptogram that SN_KEY gives. */
export function toClaim(tusn: Tusn): Claim {
  return { tusn, factor: FACTOR, cryptogram: toCryptogram(SN_KEY, tusn), certificateNo: "P3100" };
}
