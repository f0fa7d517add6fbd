import type { KeyAndCertificate } from "../../../certs/x509/authority.ts";
import { createRevocationList } from "../../../certs/x509/revocation-list.ts";
import { listRevoked } from "../../store/certificates.ts";
import type { Context } from "../context.ts";

/** A list is made anew when it is this old: strangers may ask for it as often as they like. In seconds. */
const LIST_LIFE_S = 30;
/** By when there is another one at the latest. */
const NEXT_UPDATE_S = 86_400;

/** The authority's list of revoked certificates, in PEM, for whoever asks. */
export function createRevocations(context: Context, authority: KeyAndCertificate): () => Promise<string> {
  let made: { readonly at: number; readonly list: Promise<string> } | undefined;
  const make = async (now: number) => {
    const rows = await listRevoked(context.store, now);
    const revoked = rows.map(({ serial, revokedAt }) => ({ serial, at: revokedAt ?? now }));
    // Seconds as the list's number: higher for each later list, whichever process makes it.
    return await createRevocationList(authority, { revoked, number: now, now, nextUpdate: now + NEXT_UPDATE_S });
  };
  return async () => {
    const now = context.now();
    if (made === undefined || now - made.at >= LIST_LIFE_S || now < made.at) {
      const list = make(now);
      made = { at: now, list };
      list.catch(() => {
        made = undefined;
      });
    }
    return await made.list;
  };
}
