import { verifyReleaseFile } from "../../../certs/release.ts";
import type { ReleaseView } from "../../../certs/sign/render/release/view.ts";
import { renderReleaseView, toReleaseJson } from "../../../certs/sign/render/release.ts";
import type { Language } from "../../../certs/sign/render/words.ts";
import { toSigners } from "../../../certs/signatures.ts";
import type { Policy } from "../../../certs/trust/policy.ts";
import type { ReleaseFile } from "../../../proto/delivery.ts";
import type { Tusn } from "../../../proto/tusn.ts";

/** What of a release is looked at, and how. */
export interface Look {
  /** This terminal's directives in full. */
  readonly terminal?: Tusn;
  /** Every terminal's directives in full, in text too. */
  readonly all?: boolean;
  readonly lang?: Language;
  /** Seconds; now where absent. */
  readonly now?: number;
}

/**
 * A release as `tillsync-sign show` tells it, with the directives of one terminal in full, or of all of them.
 *
 * @throws TillsyncError where the file does not fit together: what is shown is what is signed
 */
export function toReleaseView(file: ReleaseFile, policy: Policy, look: Look = {}): ReleaseView {
  const { terminal, lang = "en", now = toNow() } = look;
  const inFull = terminal === undefined ? { all: true } : { terminal };
  const signedBy = toSigners(policy, file.statement, file.signatures);
  return toReleaseJson(verifyReleaseFile(file), { policy, lang, blind: false, ...inFull, signedBy, now });
}

/** The summary by difference, and in full what was asked for; every single directive is in the JSON. */
export function toReleaseText(view: ReleaseView, look: Look = {}): string {
  const { terminal, all = false, lang = "en", now = toNow() } = look;
  const shown = all || terminal !== undefined ? view : { ...view, inFull: { shown: [], left: 0 } };
  return renderReleaseView(shown, { lang, blind: false, now, ...(terminal === undefined ? {} : { terminal }) });
}

function toNow(): number {
  return Math.floor(Date.now() / 1_000);
}
