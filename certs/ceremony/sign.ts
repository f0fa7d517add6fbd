import type { KeyObject } from "node:crypto";
import { TillsyncError } from "../../proto/errors.ts";
import { type ApproverKey, toPublicKey } from "../keys.ts";
import type { RootContent } from "../trust/create.ts";
import { parseMetadata } from "../trust/metadata.ts";
import type { Ceremony } from "./ceremony.ts";
import { withSignature } from "./signed-file.ts";
import { type CeremonyView, verifyCeremony } from "./verify.ts";

/** Files of a ceremony that are signed. */
export const SIGNED_FILES = ["root", "targets", "snapshot"] as const;
export type SignedFile = (typeof SIGNED_FILES)[number];

/**
 * The ceremony with this key's signature on every file whose role names the key. A next root takes signatures of those
 * who hold the present root and of those who hold the next one.
 *
 * @param now seconds
 * @throws TillsyncError SIGNER_NOT_ALLOWED, and whatever `verifyCeremony` throws
 */
export function signCeremony(ceremony: Ceremony, key: KeyObject, now: number): Ceremony {
  const view = verifyCeremony(ceremony, now);
  const { id } = toPublicKey(key);
  const next: { -readonly [file in keyof Ceremony["next"]]: Uint8Array } = { ...ceremony.next };
  let signed = 0;
  for (const file of SIGNED_FILES) {
    const bytes = ceremony.next[file];
    const signers = toSigners(view, file);
    if (bytes === undefined || !signers.some((signer) => signer.id === id)) continue;
    next[file] = withSignature(parseMetadata(file, bytes), signers, key);
    signed += 1;
  }
  if (signed === 0) throw new TillsyncError("SIGNER_NOT_ALLOWED", { key: id });
  return { ...ceremony, next };
}

/** Every key whose signature on a next file counts. */
export function toSigners({ before, after }: CeremonyView, file: SignedFile): readonly ApproverKey[] {
  const next = after.root.roles[file].keys;
  return file === "root" && before !== undefined ? [...toRootKeys(before.root), ...next] : next;
}

function toRootKeys({ roles }: RootContent): readonly ApproverKey[] {
  return roles.root.keys;
}
