import { randomBytes } from "node:crypto";
import { toDigest, toUtf8 } from "../../proto/bytes.ts";
import type { Recipient, ReleaseFile } from "../../proto/delivery.ts";
import { parseStatement, toStatementBytes } from "../../proto/statement.ts";
import { buildRelease } from "../../src/app/release/build.ts";
import { type TestFleet, toRequest } from "./fleet-store.ts";

/** A release over all terminals of the fleet, which nobody has signed. */
export async function buildUnsigned(fleet: TestFleet, reason = "a first profile"): Promise<ReleaseFile> {
  return (await buildRelease(fleet, toRequest({ reason }))).file;
}

/** The same release with a recipient for each of the leaves; nobody vouches for them. */
export function withRecipients(file: ReleaseFile, indexes: readonly number[]): ReleaseFile {
  const toRecipient = (index: number): Recipient => ({
    index,
    deviceKey: Buffer.alloc(64, index + 1),
    cardKey: Buffer.alloc(32, index + 1),
    proof: Buffer.alloc(256, index + 1),
  });
  return { ...file, recipients: indexes.map(toRecipient) };
}

/** Nobody but the terminal can tell what is in a sealed number, and so it need not be one. */
export function withSealed(file: ReleaseFile, indexes: readonly number[]): ReleaseFile {
  return { ...file, sealed: indexes.map((index) => ({ index, bytes: randomBytes(83) })) };
}

export function toId(file: ReleaseFile): Uint8Array {
  return parseStatement(file.statement).releaseId;
}

/** The same release for another reason: stated, and not signed. */
export function withReason(file: ReleaseFile, reason: string): ReleaseFile {
  const statement = toStatementBytes({ ...parseStatement(file.statement), reason: toDigest(toUtf8(reason)) });
  return { ...file, statement, reason };
}
