import { expect, it } from "vitest";
import { parseProof, toProofBytes } from "../../proto/challenge.ts";
import { parseTusn } from "../../proto/tusn.ts";

const PROOF = { tusn: parseTusn("00000304N7NL01933217"), challenge: new Uint8Array(16).fill(1), factor: "0123456789" };

it.each([
  { ...PROOF, cryptogram: "A5C1D1C7", code: "" as const },
  { ...PROOF, cryptogram: "", code: "PROOF_UNAVAILABLE" as const },
])("a proof tells a cryptogram or why there is none: %#", (proof) => {
  expect(parseProof(toProofBytes(proof))).toMatchObject({ cryptogram: proof.cryptogram, code: proof.code });
});
