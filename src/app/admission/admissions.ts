import type { Admission, Bus, Peer } from "../../../broker/bus.ts";
import type { KeyAndCertificate } from "../../../certs/x509/authority.ts";
import { TillsyncError, toErrorCode } from "../../../proto/errors.ts";
import { isTusn, type Tusn } from "../../../proto/tusn.ts";
import type { HistoryKind } from "../../domain/life.ts";
import { toErrorFields } from "../../log.ts";
import { findLastHistory, listHistoryAfter, type Selected } from "../../store/history.ts";
import { transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { Connections } from "./connections.ts";
import { LookUps } from "./look-ups.ts";
import { quarantine, type Suspicion } from "./quarantine.ts";
import { Revocations } from "./revocations.ts";
import { type Sides, toPeerText } from "./sides.ts";

/** Rows of history read at a time, and so many times in one poll; what is left comes with the next one. */
const HISTORY_CHUNK = 1_000;
const MAX_CHUNKS = 100;
/** Suspicions kept while the database takes none. */
const MAX_UNWRITTEN = 1_000;

/** After these whatever is connected has to go, and comes again where it may. */
const ENDING: readonly HistoryKind[] = ["revoked", "unbound", "retired", "replaced"];
/** After these a terminal may only greet, */
const NARROWING: readonly HistoryKind[] = ["suspended", "quarantined"];
/** and after these perhaps more. */
const WIDENING: readonly HistoryKind[] = ["resumed", "quarantine_released"];

export interface AdmissionsOptions {
  /** Signs lists of revoked certificates. */
  readonly authority: KeyAndCertificate;
}

type Cutter = Pick<Bus, "disconnect" | "refuse">;

/** Who may connect and do what, and what connections tell of clones. Follows what other processes decide. */
export class Admissions {
  readonly #context: Context;
  readonly #lookUps: LookUps;
  readonly #revocations: Revocations;
  readonly #connections = new Connections();
  /** Terminals that were admitted last to say hello and nothing else. */
  readonly #greeting = new Set<Tusn>();
  readonly #writing = new Set<Promise<void>>();
  /** Suspicions that the database did not take, by terminal: written with a later poll, and counted as written till then. */
  readonly #unwritten = new Map<Tusn, Suspicion>();
  /** Up to which row of history the terminal's last admission knew it; only while rows before that are not followed. */
  readonly #knownUpTo = new Map<Tusn, number>();
  #bus: Cutter | undefined;
  #polling: Promise<void> | undefined;
  /** Id of the last row of history that was followed; undefined until somebody could have been admitted. */
  #followed: number | undefined;
  #toldCode = "";

  constructor(context: Context, { authority }: AdmissionsOptions) {
    this.#context = context;
    this.#lookUps = new LookUps(context.store, () => this.#findLast());
    this.#revocations = new Revocations(context, authority);
  }

  /**
   * What the peer may do, from the records as they are now. A certificate that nobody was given is news of a second
   * device: its terminal is put in quarantine.
   *
   * @throws TillsyncError NOT_FOUND, CERTIFICATE_REVOKED, CERTIFICATE_UNKNOWN, TERMINAL_RETIRED; STORE_FAILED
   */
  async admit(peer: Peer): Promise<Admission> {
    const { tusn } = peer;
    const { judgement, upTo } = await this.#lookUps.judge(peer);
    if ("refusal" in judgement) {
      const sides = { before: this.#connections.sides(tusn).now, now: toPeerText(peer) };
      if (judgement.isAlarming) this.#suspect({ tusn, why: "certificate_unknown", sides });
      throw new TillsyncError(judgement.refusal, { terminal: tusn });
    }
    this.#connections.admitted(peer);
    this.#knownUpTo.set(tusn, upTo);
    const admission = this.#unwritten.has(tusn) ? "greeting" : judgement.admission;
    if (admission === "greeting") this.#greeting.add(tusn);
    else this.#greeting.delete(tusn);
    return admission;
  }

  /** Whether the terminal was admitted last to say hello and nothing else. */
  isGreeting(tusn: Tusn): boolean {
    return this.#greeting.has(tusn);
  }

  /** A connection took the place of an open one. Never throws. */
  takenOver(older: Peer, newer: Peer): void {
    const why = this.#connections.takenOver(older, newer, this.#context.now());
    const sides = { before: toPeerText(older), now: toPeerText(newer) };
    // Either of the two may have counted further: after a release both are listened to, whatever was heard before.
    if (why !== undefined) this.#suspect({ tusn: newer.tusn, why, sides, counter: 0 });
  }

  /** Where the terminal's last two connections came from. */
  sides(tusn: Tusn): Sides {
    return this.#connections.sides(tusn);
  }

  /** Cuts the terminal off now, because its quarantine is being written; it comes again when that is done. */
  cut(tusn: Tusn): void {
    this.#bus?.disconnect(tusn);
  }

  /**
   * Cuts whoever may not stay any more, and has revoked certificates refused. Resolves when done; one poll at a time.
   *
   * @throws TillsyncError STORE_FAILED
   */
  poll(bus: Cutter): Promise<void> {
    this.#bus = bus;
    this.#polling ??= this.#poll(bus).finally(() => {
      this.#polling = undefined;
    });
    return this.#polling;
  }

  /** Resolves when nothing is being written any more. */
  async close(): Promise<void> {
    await this.#lookUps.close();
    await this.#polling?.catch(() => undefined);
    await Promise.all(this.#writing);
  }

  /** The last row of history. What comes after the very first answer is followed: nobody is admitted before. */
  async #findLast(): Promise<number> {
    const last = await findLastHistory(this.#context.store);
    this.#followed ??= last;
    return last;
  }

  async #poll(bus: Cutter): Promise<void> {
    for (const suspicion of [...this.#unwritten.values()]) await this.#write(suspicion);
    let followed = this.#followed ?? (await this.#findLast());
    for (let chunk = 0; chunk < MAX_CHUNKS; chunk += 1) {
      const rows = await listHistoryAfter(this.#context.store, followed, HISTORY_CHUNK);
      for (const row of rows) this.#follow(bus, row);
      followed = rows.at(-1)?.id ?? followed;
      this.#followed = followed;
      if (rows.length < HISTORY_CHUNK) break;
    }
    for (const [tusn, upTo] of this.#knownUpTo) if (upTo <= followed) this.#knownUpTo.delete(tusn);
    await this.#refuse(bus);
  }

  #follow(bus: Cutter, { id, tusn, kind }: Selected): void {
    if (!isTusn(tusn)) return;
    const isEnding = ENDING.includes(kind);
    if (isEnding) this.#revocations.changed();
    const isCut = this.#greeting.has(tusn) ? WIDENING.includes(kind) : NARROWING.includes(kind);
    // What it was admitted in the light of is no news. An end is, always: another connection may have stayed open.
    const isNews = id > (this.#knownUpTo.get(tusn) ?? 0);
    if (isEnding || (isCut && isNews)) bus.disconnect(tusn);
  }

  /** Without a list the records refuse all the same, so that everything else goes on. Told once until it is another. */
  async #refuse(bus: Cutter): Promise<void> {
    try {
      await this.#revocations.refresh(bus);
      this.#toldCode = "";
    } catch (error) {
      const code = toErrorCode(error);
      if (code !== this.#toldCode) this.#context.log.error(toErrorFields(error), "revocation list not made");
      this.#toldCode = code;
    }
  }

  /** Cut first: whoever comes again waits for what is written here. */
  #suspect(suspicion: Suspicion): void {
    this.cut(suspicion.tusn);
    const written = this.#write(suspicion);
    this.#writing.add(written);
    written.finally(() => this.#writing.delete(written));
  }

  /** Never throws. */
  async #write(suspicion: Suspicion): Promise<void> {
    const { log, now, store } = this.#context;
    const { tusn, why } = suspicion;
    try {
      const isNew = await transact(store, (tx) => quarantine(tx, now(), suspicion));
      if (isNew) log.warn({ code: "CLONE_SUSPECTED", terminal: tusn, why }, "quarantined");
      this.#unwritten.delete(tusn);
    } catch (error) {
      log.error({ terminal: tusn, ...toErrorFields(error) }, "quarantine not written");
      if (this.#unwritten.size < MAX_UNWRITTEN) this.#unwritten.set(tusn, suspicion);
    }
  }
}
