import { TillsyncError } from "../../proto/errors.ts";
import type { ApproverKey } from "../keys.ts";
import type { RoleHolders } from "../trust/create.ts";
import { parseMetadata, toTufKey } from "../trust/metadata.ts";
import type { Ceremony, OfflineFiles } from "./ceremony.ts";
import { SIGNED_FILES, type SignedFile, toSigners } from "./sign.ts";
import { toHolding, toSignedBytes } from "./signed-file.ts";
import { type CeremonyView, toAfter, verifyCeremony } from "./verify.ts";

/** How far one file has come under one root: `present` for those who must agree to be followed by the next root. */
export interface Missing {
  readonly file: SignedFile;
  readonly under: "present" | "next";
  readonly threshold: number;
  readonly have: number;
  readonly signers: readonly { readonly key: ApproverKey; readonly signed: boolean }[];
}

/**
 * What is signed and what is lacking, one row for each file and each root it must satisfy.
 *
 * @throws TillsyncError whatever `verifyCeremony` throws
 */
export function toMissing(ceremony: Ceremony, now: number): readonly Missing[] {
  return toRows(ceremony, verifyCeremony(ceremony, now));
}

/**
 * The files in force once everyone has signed, each with the signatures that hold and no others.
 *
 * @throws TillsyncError TRUST_UNSIGNED, and whatever `verifyCeremony` throws
 */
export function completeCeremony(ceremony: Ceremony, now: number): OfflineFiles {
  const view = verifyCeremony(ceremony, now);
  const lacking = toRows(ceremony, view).find(({ have, threshold }) => have < threshold);
  if (lacking !== undefined) {
    const { file, under, have, threshold } = lacking;
    throw new TillsyncError("TRUST_UNSIGNED", { role: file, under, signatures: have, threshold });
  }
  const entries = SIGNED_FILES.flatMap((file) => {
    const bytes = ceremony.next[file];
    if (bytes === undefined) return [];
    const metadata = parseMetadata(file, bytes);
    return [[file, toSignedBytes(metadata.signed, toHolding(metadata, toSigners(view, file)))] as const];
  });
  return { ...toAfter(ceremony), ...Object.fromEntries(entries) };
}

function toRows(ceremony: Ceremony, { before, after }: CeremonyView): readonly Missing[] {
  return SIGNED_FILES.flatMap((file) => {
    const bytes = ceremony.next[file];
    if (bytes === undefined) return [];
    const next = toRow(file, "next", bytes, after.root.roles[file]);
    if (file !== "root" || before === undefined) return [next];
    return [toRow(file, "present", bytes, before.root.roles.root), next];
  });
}

function toRow(file: SignedFile, under: Missing["under"], bytes: Uint8Array, role: RoleHolders): Missing {
  const holding = new Set(toHolding(parseMetadata(file, bytes), role.keys).map(({ keyId }) => keyId));
  const signers = role.keys.map((key) => ({ key, signed: holding.has(toTufKey(key).id) }));
  return { file, under, threshold: role.threshold, have: holding.size, signers };
}
