import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createCardKey, toRawCardKey } from "../../certs/seal.ts";
import { signMessage } from "../../certs/signatures.ts";
import { SALT_BYTES, toDigest, toHex, toUtf8 } from "../../proto/bytes.ts";
import { toCardKeyBytes } from "../../proto/card-key.ts";
import { parseReleaseFile, type ReleaseFile, toReleaseFileBytes } from "../../proto/delivery.ts";
import type { DifferenceClass } from "../../proto/difference.ts";
import { type Directive, toDirectiveBytes } from "../../proto/directive.ts";
import { PAYLOAD_TYPES } from "../../proto/dsse.ts";
import { type Profile, toProfileBytes } from "../../proto/profile.ts";
import { toCommitment } from "../../proto/settlement.ts";
import { RELEASE_ID_BYTES, type Statement, toStatementBytes } from "../../proto/statement.ts";
import { toLeafHash, toTree } from "../../proto/tree.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { TUSN_A, TUSN_B } from "./certificates.ts";
import { REASON, SAMPLE_PROFILE, toNextProfile } from "./release.ts";

const DAY_S = 86_400;

/** A card that nobody has: its check digit is right. */
export const NEW_CARD = "6228481234567890128";

/** A terminal as a release sees it, with the keys that it alone has. */
export interface ReceivingTerminal {
  readonly tusn: Tusn;
  readonly deviceKey: KeyObject;
  readonly cardKey: KeyObject;
}

let deviceKeys: readonly KeyObject[] | undefined;

/** Two terminals; their device keys are made once and shared. */
export function createReceivers(): readonly [ReceivingTerminal, ReceivingTerminal] {
  deviceKeys ??= [0, 1].map(() => generateKeyPairSync("rsa", { modulusLength: 2_048 }).privateKey);
  const [a, b] = deviceKeys as [KeyObject, KeyObject];
  return [
    { tusn: TUSN_A, deviceKey: a, cardKey: createCardKey() },
    { tusn: TUSN_B, deviceKey: b, cardKey: createCardKey() },
  ];
}

export interface ReleaseSample {
  readonly terminals: readonly ReceivingTerminal[];
  /** The profile that every terminal takes in place of SAMPLE_PROFILE. */
  readonly profile: Profile;
  readonly purpose: DifferenceClass;
  readonly now: number;
  /** Whether the terminals need the card number. */
  readonly needsNumber?: boolean;
  readonly statement?: Partial<Statement>;
  readonly directive?: Partial<Directive>;
}

/** A release that fits together, without signatures. */
export function toSampleFile(sample: ReleaseSample): ReleaseFile {
  const { terminals, profile, purpose, now, needsNumber = false } = sample;
  const base = toProfileBytes(SAMPLE_PROFILE);
  const directives = terminals.map(({ tusn, deviceKey }) =>
    toDirectiveBytes({
      tusn,
      deviceKey: toDigest(toSpki(deviceKey)),
      sequence: 2,
      baseDigest: toDigest(base),
      profile: toProfileBytes(profile),
      notBefore: now,
      notAfter: now + DAY_S,
      onFail: "rollback",
      salt: randomBytes(SALT_BYTES),
      restores: new Uint8Array(0),
      ...sample.directive,
    }),
  );
  const { root, size } = toTree(directives.map(toLeafHash));
  const statement = toStatementBytes({
    releaseId: randomBytes(RELEASE_ID_BYTES),
    ...{ purpose, root, size },
    merchant: purpose === "binding" ? profile.merchant.number : "",
    created: now,
    expires: now + DAY_S,
    reason: toDigest(toUtf8(REASON)),
    ...sample.statement,
  });
  const recipients = terminals.map(({ tusn, deviceKey, cardKey }, index) => {
    const raw = toRawCardKey(cardKey);
    const proof = signMessage(deviceKey, PAYLOAD_TYPES.cardKey, toCardKeyBytes(tusn, raw));
    return { index, deviceKey: toSpki(deviceKey), cardKey: raw, proof };
  });
  return {
    ...{ statement, directives, reason: REASON },
    signatures: [],
    bases: terminals.map(() => base),
    recipients: needsNumber ? recipients : [],
    sealed: [],
  };
}

/** The sample profile with another card, and what opens its commitment. */
export function toNewCard(number = NEW_CARD, salt: Uint8Array = randomBytes(SALT_BYTES)) {
  const binding = { bin: number.slice(0, 6), last4: number.slice(-4), commitment: toCommitment(number, salt) };
  return { profile: toNextProfile(SAMPLE_PROFILE, { binding }), opening: { number, salt } };
}

/** A release file that people hand about. */
export interface HandedFile {
  readonly path: string;
  read(): ReleaseFile;
  put(file: ReleaseFile): void;
  /** Tells whether anything about it changed. */
  digest(): string;
}

export function toHandedFile(path: string): HandedFile {
  return {
    path,
    read: () => parseReleaseFile(readFileSync(path)),
    put: (file) => writeFileSync(path, toReleaseFileBytes(file)),
    digest: () => toHex(toDigest(readFileSync(path))),
  };
}

/** Writes a release file, and gives its path. */
export function writeRelease(folder: string, file: ReleaseFile, name = "change.release"): string {
  const path = join(folder, name);
  writeFileSync(path, toReleaseFileBytes(file));
  return path;
}

function toSpki(key: KeyObject): Uint8Array {
  return createPublicKey(key).export({ type: "spki", format: "der" });
}
