import type { Tusn } from "../../../proto/tusn.ts";
import { findNewestRecord } from "../../store/verdicts.ts";
import type { Context } from "../context.ts";
import { parseEvidence } from "./record.ts";
import type { Answer, Claim, Verifier } from "./verifier.ts";

/** What a person was told by a hotline or an online service, while that is recent enough. */
export class ManualVerifier implements Verifier {
  readonly source = "manual";
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  async wantsCryptogram(_tusn: Tusn): Promise<boolean> {
    return false;
  }

  /** That a person found it not to be genuine was told when it was recorded; here it only means that nobody says it is. */
  async verify({ tusn }: Claim): Promise<Answer> {
    const { store, now, identity } = this.#context;
    const record = await findNewestRecord(store, tusn);
    const evidence = record === undefined ? undefined : parseEvidence(record.evidence);
    const isGenuine = record?.verdict === "verified-manual";
    if (record === undefined || evidence === undefined || !isGenuine || now() - evidence.at > identity.maxAgeS) {
      return { verdict: "unknown", source: this.source, evidence: {} };
    }
    const { channel, on, at } = evidence;
    return {
      verdict: "verified-manual",
      source: this.source,
      evidence: { record: record.id, channel, on, by: record.actor },
      provenAt: Math.min(at, now()),
    };
  }
}
