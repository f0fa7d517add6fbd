import { Type } from "typebox";
import { BINDING_KINDS, type Binding, type Profile } from "../../../../../proto/profile.ts";
import type { TerminalView } from "../../../../app/queries/terminals.ts";
import { DEPLOYMENT_STATES } from "../../../../domain/deployment.ts";
import { LIVES } from "../../../../domain/life.ts";
import { VERDICTS } from "../../../../domain/verdict.ts";
import { Hex, Members, Nullable, OneOf, Seconds, Text, Whole } from "../schemas.ts";

// What is told of terminals and deployments.

/** An account as people may see it: BIN, stars, last four digits (PCI DSS 3.4.1). */
export const MaskedAccount = { kind: OneOf(BINDING_KINDS), bank: Text, cnaps: Text, holder: Text, number: Text };

export const Deployment = Members({
  tusn: Text,
  sequence: Whole,
  releaseId: Hex,
  state: OneOf(DEPLOYMENT_STATES),
  code: Text,
  detail: Text,
  baseDigest: Nullable(Hex),
  profileDigest: Hex,
  notBefore: Seconds,
  notAfter: Seconds,
  updatedAt: Seconds,
});

const Merchant = Members({
  number: Text,
  name: Text,
  shortName: Text,
  licenceNo: Text,
  taxNo: Text,
  uscc: Text,
  mcc: Text,
});

const ProfileAnswer = Members({
  number: Whole,
  merchant: Merchant,
  binding: Members(MaskedAccount),
  acquiring: Members({ acquirer: Text, terminalNo: Text, host: Text, port: Whole, tpdu: Hex }),
  parameters: Members({
    amountFen: Whole,
    connectMs: Whole,
    answerMs: Whole,
    attempts: Whole,
    retryBaseMs: Whole,
    reversalBaseMs: Whole,
    deadlineS: Whole,
  }),
});

const Reported = Members({
  counter: Whole,
  sequence: Whole,
  currentDigest: Nullable(Hex),
  previousDigest: Nullable(Hex),
  phase: Nullable(Text),
  busy: Nullable(Text),
  stale: Nullable(Type.Boolean()),
  agentVersion: Nullable(Text),
  timestampVersion: Nullable(Whole),
  rootVersion: Nullable(Whole),
  lastSeen: Seconds,
});

const TERMINAL = {
  tusn: Text,
  life: OneOf(LIVES),
  verdict: OneOf(VERDICTS),
  provenAt: Type.Optional(Seconds),
  maker: Text,
  deviceType: Text,
  model: Text,
  certificateNo: Text,
  place: Text,
  merchantNumber: Text,
  terminalNo: Text,
  acquirer: Text,
  enrolled: Type.Boolean(),
  issuedSequence: Whole,
  reported: Type.Optional(Reported),
  profile: Type.Optional(ProfileAnswer),
  deployment: Type.Optional(Deployment),
};

export const Terminal = Members(TERMINAL);

const Happening = Members({ at: Seconds, kind: Text, actor: Text, detail: Text });
export const Happenings = Type.Array(Happening);

export const TerminalInFull = Members({
  ...TERMINAL,
  certificateFingerprint: Type.Optional(Hex),
  verdicts: Type.Array(
    Members({
      verdict: OneOf(VERDICTS),
      source: Text,
      evidence: Text,
      evidenceDigest: Nullable(Hex),
      actor: Text,
      at: Seconds,
    }),
  ),
  certificates: Type.Array(
    Members({
      fingerprint: Hex,
      notAfter: Seconds,
      issuedAt: Seconds,
      revokedAt: Nullable(Seconds),
      revokedWhy: Text,
    }),
  ),
  snKeyCheckValue: Type.Optional(Text),
  replaces: Type.Optional(Text),
  replacedBy: Type.Optional(Text),
  quarantine: Type.Optional(Members({ at: Seconds, why: Text, sides: Text })),
  history: Happenings,
  deployments: Type.Array(Deployment),
});

export function toTerminalAnswer<T extends TerminalView>({ profile, ...terminal }: T) {
  return { ...terminal, ...(profile === undefined ? {} : { profile: toProfileAnswer(profile) }) };
}

function toProfileAnswer({ binding, ...profile }: Profile) {
  return { ...profile, binding: toMasked(binding) };
}

/** Neither the commitment nor anything else that a number could be tried against. */
export function toMasked({ kind, bank, cnaps, holder, bin, last4 }: Omit<Binding, "commitment">) {
  return { kind, bank, cnaps, holder, number: `${bin}******${last4}` };
}
