import type { Peer } from "../../../broker/bus.ts";
import { toDigest, toHex } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { type Judgement, judgePeer } from "../../domain/admission.ts";
import { findQuarantined } from "../../store/quarantines.ts";
import { findCertificateStandings, findStandings } from "../../store/standings.ts";
import type { Store } from "../../store/store.ts";

/** Peers looked up in one go. While they are looked up the next ones gather, so that a storm is read in a few statements. */
const MAX_BATCH = 512;
/** Peers that may wait; beyond that they are refused and come again. */
const MAX_WAITING = 16_384;

interface Waiting {
  readonly peer: Peer;
  readonly resolve: (found: Found) => void;
  readonly reject: (error: unknown) => void;
}

/** A judgement, by records that hold all of history up to a row. */
export interface Found {
  readonly judgement: Judgement;
  /** Id of the row. */
  readonly upTo: number;
}

/** Judges peers by the records as they are now. */
export class LookUps {
  readonly #store: Store;
  readonly #findLast: () => Promise<number>;
  readonly #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  /** @param findLast id of the last row of history, before each batch; where it rejects, so does the batch */
  constructor(store: Store, findLast: () => Promise<number>) {
    this.#store = store;
    this.#findLast = findLast;
  }

  /** @throws TillsyncError STORE_FAILED, also where too many wait */
  judge(peer: Peer): Promise<Found> {
    if (this.#waiting.length >= MAX_WAITING) {
      return Promise.reject(new TillsyncError("STORE_FAILED", { waiting: MAX_WAITING }));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ peer, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when nobody waits. */
  async close(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MAX_BATCH);
      try {
        // Before the records: they may know of more than that, never of less.
        const upTo = await this.#findLast();
        const judge = await this.#read(batch.map(({ peer }) => peer));
        for (const { peer, resolve } of batch) resolve({ judgement: judge(peer), upTo });
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#running = undefined;
  }

  async #read(peers: readonly Peer[]): Promise<(peer: Peer) => Judgement> {
    const tusns = [...new Set(peers.map(({ tusn }) => tusn))];
    const fingerprints = [...new Map(peers.map(({ fingerprint }) => [toHex(fingerprint), fingerprint])).values()];
    const [terminals, certificates, quarantined] = [
      new Map((await findStandings(this.#store, tusns)).map((row) => [row.tusn, row])),
      new Map((await findCertificateStandings(this.#store, fingerprints)).map((row) => [toHex(row.fingerprint), row])),
      new Set(await findQuarantined(this.#store, tusns)),
    ];
    return ({ tusn, fingerprint }) => {
      const terminal = terminals.get(tusn);
      const certificate = certificates.get(toHex(fingerprint));
      return judgePeer({
        ...{ tusn, fingerprint },
        terminal: terminal && {
          life: terminal.life,
          deviceKey: terminal.deviceKey === null ? undefined : toDigest(terminal.deviceKey),
          fingerprint: terminal.certificateFingerprint ?? undefined,
          isQuarantined: quarantined.has(tusn),
        },
        certificate: certificate && { ...certificate, isRevoked: certificate.revokedAt !== null },
      });
    };
  }
}
