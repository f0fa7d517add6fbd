import { signAttestation } from "../../../certs/attestation/envelope.ts";
import { type Attestation, toAttestationBytes } from "../../../certs/attestation/format.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import { transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { findOnlineKey, toOnlineKeyOf } from "../trust/online-key.ts";
import type { TrustHolder } from "../trust-files.ts";
import { readAttestation } from "./read-attestation.ts";

/** What attestations are made from. */
export interface Attestor {
  readonly trust: Pick<TrustHolder, "trust">;
  /** Folder of the trust metadata and of the online key. */
  readonly trustFolder: string;
  /** Certificate of the private authority in PEM. */
  readonly authority: string;
}

/** The attestation of a terminal as of now; undefined where there is no such terminal. */
export function attest(context: Context, attestor: Attestor, tusn: Tusn): Promise<Attestation | undefined> {
  return transact(context.store, (tx) => readAttestation(tx, toSources(context, attestor), tusn));
}

export function toSources({ identity, now }: Context, { trust, authority }: Attestor) {
  return { trust: trust.trust(), identity, authority, now: now() };
}

/**
 * The attestation in a DSSE envelope, signed with the key that the root lets sign timestamps.
 *
 * @throws TillsyncError KEY_INVALID where the folder has not that key; DATA_FOLDER_INVALID
 */
export async function issueAttestation(attestor: Attestor, attestation: Attestation): Promise<Uint8Array> {
  const key = toOnlineKeyOf(attestor.trust.trust().root, [await findOnlineKey(attestor.trustFolder)]);
  return signAttestation(key, toAttestationBytes(attestation));
}
