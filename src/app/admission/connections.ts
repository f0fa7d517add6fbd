import type { Peer } from "../../../broker/bus.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import { judgeTakeOvers, MAX_TAKE_OVERS, type TakeOver } from "../../domain/clones.ts";
import type { CloneSign } from "../../domain/life.ts";
import { toNetwork } from "../../domain/network.ts";
import { type Sides, toPeerText } from "./sides.ts";

/** Terminals remembered; those that connected last. Some 10 MB. */
export const MAX_REMEMBERED = 20_000;
/** Of the networks that take-overs are told apart by. */
const V4_BITS = 24;

interface Remembered {
  /** The last two that differ in address or certificate; the newer one last. */
  readonly peers: readonly Peer[];
  /** Oldest first. */
  readonly takeOvers: readonly TakeOver[];
}

const NOTHING: Remembered = { peers: [], takeOvers: [] };

/** What terminals' last connections were like, in memory alone: after a restart they all come anew. */
export class Connections {
  readonly #terminals = new Map<Tusn, Remembered>();

  /** Terminals remembered. */
  get size(): number {
    return this.#terminals.size;
  }

  admitted(peer: Peer): void {
    const { peers, takeOvers } = this.#terminals.get(peer.tusn) ?? NOTHING;
    const last = peers.at(-1);
    const isSame = last !== undefined && toPeerText(last) === toPeerText(peer);
    this.#remember(peer.tusn, { peers: isSame ? peers : [...peers, peer].slice(-2), takeOvers });
  }

  /** What a take-over at `now`, in seconds, shows together with those before it. */
  takenOver(older: Peer, newer: Peer, now: number): CloneSign | undefined {
    const { peers, takeOvers } = this.#terminals.get(newer.tusn) ?? NOTHING;
    const news = { at: now, from: toNetwork(older.remote, V4_BITS), to: toNetwork(newer.remote, V4_BITS) };
    const all = [...takeOvers, news].slice(-MAX_TAKE_OVERS);
    const sign = judgeTakeOvers(all);
    // What a person has been told of is no sign again.
    this.#remember(newer.tusn, { peers, takeOvers: sign === undefined ? all : [] });
    return sign;
  }

  /** The last two connections of the terminal that differ; the same twice where there was one only. */
  sides(tusn: Tusn): Sides {
    const { peers } = this.#terminals.get(tusn) ?? NOTHING;
    return { before: toPeerText(peers[0]), now: toPeerText(peers.at(-1)) };
  }

  #remember(tusn: Tusn, remembered: Remembered): void {
    this.#terminals.delete(tusn);
    this.#terminals.set(tusn, remembered);
    const [oldest] = this.#terminals.keys();
    if (this.#terminals.size > MAX_REMEMBERED && oldest !== undefined) this.#terminals.delete(oldest);
  }
}
