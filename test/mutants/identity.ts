import type { Mutant } from "./mutant.ts";

const PROOF = ["test/src/domain/proof.test.ts"];
const PROVER = ["test/src/app/proof/prover.test.ts"];
const TUSN_PROOF = ["test/attack/tusn-proof.test.ts"];
const BINDING_GATE = ["test/src/domain/binding-gate.test.ts"];
const ADMISSION = ["test/src/domain/admission.test.ts"];
const CLONES = ["test/src/domain/clones.test.ts"];
const ENROLMENT = ["test/src/domain/enrolment.test.ts"];
const UNBINDING = ["test/src/faces/http/desk-identity.test.ts"];
const ATTESTATION = ["test/certs/attestation.test.ts"];
const POLICY = ["test/broker/policy.test.ts"];

/** Checks of who a terminal is, broken. */
export const IDENTITY: readonly Mutant[] = [
  {
    name: "a factor of another challenge counts",
    file: "src/domain/proof.ts",
    find: "return isEqual(standing.challenge, challenge) && standing.factor === factor;",
    replace: "return isEqual(standing.challenge, challenge) && factor.length > 0;",
    tests: TUSN_PROOF,
  },
  {
    name: "a challenge without an end",
    file: "src/domain/proof.ts",
    find: "standing.challenge === null || expiresAt === null || now > expiresAt) return false;",
    replace: "standing.challenge === null || expiresAt === null || now < 0) return false;",
    tests: PROOF,
  },
  {
    name: "a challenge good for two answers",
    file: "src/domain/proof.ts",
    find: "return { ...standing, ...NO_CHALLENGE, dueAt: now + JUDGING_S };",
    replace: "return { ...standing, dueAt: now + JUDGING_S };",
    tests: PROVER,
  },
  {
    name: "wrong proofs without a bound",
    file: "src/domain/proof.ts",
    find: 'if (failures < attempts) return { ...wrong, code: "PROOF_WRONG"',
    replace: 'if (failures < attempts * 1_000) return { ...wrong, code: "PROOF_WRONG"',
    tests: PROOF,
  },
  {
    name: "a settlement for a terminal that nobody proved",
    file: "src/domain/binding-gate.ts",
    find: "if (!isBinding || isProven(facts, policy, now)) return undefined;",
    replace: "if (!isBinding || now >= 0 || isProven(facts, policy, now)) return undefined;",
    tests: BINDING_GATE,
  },
  {
    name: "a verdict that never ages",
    file: "src/domain/verdict.ts",
    find: "provenAt !== null && Math.abs(now - provenAt) <= policy.maxAgeS;",
    replace: "provenAt !== null && Math.abs(now - provenAt) >= 0;",
    tests: BINDING_GATE,
  },
  {
    name: "a revoked certificate is admitted",
    file: "src/domain/admission.ts",
    find: 'if (certificate?.isRevoked) return refuse("CERTIFICATE_REVOKED");',
    replace: 'if (certificate?.isRevoked && tusn === "") return refuse("CERTIFICATE_REVOKED");',
    tests: ADMISSION,
  },
  {
    name: "a certificate that nobody was given is admitted",
    file: "src/domain/admission.ts",
    find: "if (certificate === undefined && !isOf(terminal.fingerprint, fingerprint)) {",
    replace: "if (certificate === undefined && terminal.deviceKey === undefined) {",
    tests: ADMISSION,
  },
  {
    name: "suspended terminals may do everything",
    file: "broker/policy.ts",
    find: 'return (admission === "full" ? UP_KINDS : GREETING_KINDS)',
    replace: "return (admission.length > 0 ? UP_KINDS : GREETING_KINDS)",
    tests: POLICY,
  },
  {
    name: "a fork of the device counter goes unseen",
    file: "src/domain/clones.ts",
    find: "const isFork = prior.some((one) => !isEqual(one, digest));",
    replace: "const isFork = prior.length > 1 && prior.some((one) => !isEqual(one, digest));",
    tests: CLONES,
  },
  {
    name: "a wrong token is right",
    file: "src/domain/enrolment.ts",
    find: "if (!token.isRight) return",
    replace: "if (!token.isRight && token.isUsed) return",
    tests: ENROLMENT,
  },
  {
    name: "a token used twice",
    file: "src/domain/enrolment.ts",
    find: 'if (token.isUsed && (facts.asked !== "same" || terminal.isHeard)) return refuse("TOKEN_INVALID");',
    replace: 'if (token.isUsed && facts.asked === "nobody" && terminal.isHeard) return refuse("TOKEN_INVALID");',
    tests: ENROLMENT,
  },
  {
    name: "another key takes a terminal's place",
    file: "src/domain/enrolment.ts",
    find: 'if (key.holder === "other" || facts.asked === "other") return refuse("ENROLMENT_HELD");',
    replace: 'if (facts.asked === "other") return refuse("ENROLMENT_HELD");',
    tests: ENROLMENT,
  },
  {
    name: "one person unbinds a terminal",
    file: "src/app/enrolment/unbind.ts",
    find: "const second = others.find((row) => makesTwo(policy, row.person, person));",
    replace: "const second = words.find((row) => others.length >= 0 && isSameWord(policy, row, body));",
    tests: UNBINDING,
  },
  {
    name: "an attestation that nobody signed",
    file: "certs/attestation/envelope.ts",
    find: "sig.length === SIGNATURE_BYTES && verify(null, encoding, key.key, sig);",
    replace: "sig.length === SIGNATURE_BYTES && encoding.length > 0;",
    tests: ATTESTATION,
  },
];
