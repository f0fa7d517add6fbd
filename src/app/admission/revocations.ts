import type { Bus } from "../../../broker/bus.ts";
import type { KeyAndCertificate } from "../../../certs/x509/authority.ts";
import { createRevocationList, type RevokedCertificate } from "../../../certs/x509/revocation-list.ts";
import { listRevokedSerials } from "../../store/standings.ts";
import type { Context } from "../context.ts";

/**
 * A list tells that it was made so long ago, so that no clock finds it to be of the future, and holds for long: whoever
 * believes it is this very process, which makes another one far sooner, and again where its own clock was set. A list
 * whose time is over would refuse the whole fleet.
 */
export const LIST_AGE_S = 86_400;
export const LIST_LIFE_S = 30 * 86_400;
/** With each list all session tickets end, so that none is good for longer than this. */
export const LIST_RENEWAL_S = 86_400;

const SERIAL = /^(?:[0-9a-f]{2}){1,20}$/;

/** Keeps the bus refusing what is revoked. Where nothing ever was there is no list, and nothing that could go wrong with it. */
export class Revocations {
  readonly #context: Context;
  readonly #authority: KeyAndCertificate;
  #isOutdated = true;
  /** When the list was made that the bus has; undefined where it has none. */
  #madeAt: number | undefined;
  #number = 0;

  constructor(context: Context, authority: KeyAndCertificate) {
    this.#context = context;
    this.#authority = authority;
  }

  /** Something was revoked. */
  changed(): void {
    this.#isOutdated = true;
  }

  /**
   * Hands the bus a new list where it is time for one.
   *
   * @throws TillsyncError STORE_FAILED, KEY_INVALID, CONFIG_INVALID; it is tried anew at the next call
   */
  async refresh(bus: Pick<Bus, "refuse">): Promise<void> {
    const now = this.#context.now();
    if (!this.#isOutdated && !this.#isDue(now)) return;
    // What is revoked from here on asks for another list.
    this.#isOutdated = false;
    try {
      await this.#hand(bus, now);
    } catch (error) {
      this.#isOutdated = true;
      throw error;
    }
  }

  #isDue(now: number): boolean {
    return this.#madeAt !== undefined && (now < this.#madeAt || now - this.#madeAt >= LIST_RENEWAL_S);
  }

  async #hand(bus: Pick<Bus, "refuse">, now: number): Promise<void> {
    const revoked = await this.#listRevoked(now);
    if (revoked.length === 0 && this.#madeAt === undefined) return;
    const number = Math.max(now, this.#number + 1);
    const times = { now: now - LIST_AGE_S, nextUpdate: now + LIST_LIFE_S };
    bus.refuse(await createRevocationList(this.#authority, { revoked, number, ...times }));
    this.#number = number;
    this.#madeAt = now;
    this.#context.log.info({ certificates: revoked.length, number }, "revoked certificates are refused");
  }

  /** A row that somebody has spoiled keeps no other one off the list; the records refuse its certificate all the same. */
  async #listRevoked(now: number): Promise<readonly RevokedCertificate[]> {
    const rows = await listRevokedSerials(this.#context.store, now);
    return rows.flatMap(({ serial, revokedAt }) =>
      SERIAL.test(serial) && revokedAt !== null ? [{ serial, at: revokedAt }] : [],
    );
  }
}
