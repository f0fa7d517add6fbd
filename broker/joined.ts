import type { Tusn } from "../proto/tusn.ts";
import type { Bus, BusHandlers, Peer } from "./bus.ts";

/** Opens one way in; its handlers may be called from then on. */
export type OpenWay = (handlers: BusHandlers) => Promise<Bus>;

/** Peers remembered for each way, those admitted last: so many can be there at once. */
const MAX_REMEMBERED = 20_000;

/** A terminal on the way that it is on now. */
interface Place {
  readonly way: number;
  /** As it was admitted there last. */
  readonly peer: Peer | undefined;
}

/**
 * One bus made of several ways in, such as MQTT and polling. A terminal is on one of them at a time, the one on which it
 * became ready last; what it had on another is cut then, and that counts as one connection taking another one's place.
 *
 * @throws whatever a way throws; those that were open by then are closed
 */
export async function openJoinedBus(openWays: readonly OpenWay[], handlers: BusHandlers): Promise<Bus> {
  const ways: Bus[] = [];
  const places = new Map<Tusn, Place>();

  const leave = (tusn: Tusn) => {
    if (places.delete(tusn)) handlers.disconnected(tusn);
  };
  const arrive = (tusn: Tusn, place: Place) => {
    const before = places.get(tusn);
    leave(tusn);
    // The way it was on tells that, too, and is not listened to any more.
    if (before !== undefined) ways[before.way]?.disconnect(tusn);
    places.set(tusn, place);
    handlers.connected(tusn);
    // Last, for whoever is told may cut the newer one, too.
    if (before?.peer !== undefined && place.peer !== undefined) handlers.takenOver(before.peer, place.peer);
  };

  for (const [way, openWay] of openWays.entries()) {
    const admitted = new Map<Tusn, Peer>();
    const opening = openWay({
      admit: async (peer) => {
        const admission = await handlers.admit(peer);
        if (admission === "full") remember(admitted, peer);
        return admission;
      },
      takenOver: (older, newer) => handlers.takenOver(older, newer),
      receive: (message) => handlers.receive(message),
      connected: (tusn) => arrive(tusn, { way, peer: admitted.get(tusn) }),
      disconnected: (tusn) => {
        if (places.get(tusn)?.way === way) leave(tusn);
      },
    });
    ways.push(await opening.catch((error) => closeAll(ways).then(() => Promise.reject(error))));
  }

  const [first, ...others] = ways;
  if (first === undefined) throw new TypeError("a bus needs a way in");
  return {
    send: (tusn, kind, payload) => (ways[places.get(tusn)?.way ?? 0] ?? first).send(tusn, kind, payload),
    connected: () => [...places.keys()],
    disconnect: (tusn) => {
      for (const way of ways) way.disconnect(tusn);
    },
    refuse: (revoked) => {
      first.refuse(revoked);
      for (const way of others) way.refuse(revoked);
    },
    close: () => closeAll(ways),
  };
}

function remember(admitted: Map<Tusn, Peer>, peer: Peer): void {
  admitted.delete(peer.tusn);
  admitted.set(peer.tusn, peer);
  const [oldest] = admitted.keys();
  if (admitted.size > MAX_REMEMBERED && oldest !== undefined) admitted.delete(oldest);
}

async function closeAll(ways: readonly Bus[]): Promise<void> {
  await Promise.all(ways.map((way) => way.close()));
}
