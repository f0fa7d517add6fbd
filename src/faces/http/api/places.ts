import type { ServerResponse } from "node:http";
import { TillsyncError } from "../../../../proto/errors.ts";

export interface PlacesOptions {
  readonly inAll: number;
  readonly ofOne: number;
}

/** How much of something costly goes on at once. */
export interface Places {
  /**
   * Takes a place until the response is through or its connection gone.
   *
   * @throws TillsyncError RATE_LIMITED; where the client is gone, too, to whom nothing is told any more
   */
  enter(actor: string, response: ServerResponse): void;
  /**
   * Takes a place until the work is through, whether anybody still waits for it or not.
   *
   * @throws TillsyncError RATE_LIMITED; whatever the work throws
   */
  during<T>(actor: string, work: () => Promise<T>): Promise<T>;
}

export function createPlaces({ inAll, ofOne }: PlacesOptions): Places {
  const counts = new Map<string, number>();
  let all = 0;
  const take = (actor: string) => {
    const own = counts.get(actor) ?? 0;
    if (all >= inAll || own >= ofOne) throw new TillsyncError("RATE_LIMITED", { atOnce: own >= ofOne ? ofOne : inAll });
    all += 1;
    counts.set(actor, own + 1);
  };
  const leave = (actor: string) => {
    all -= 1;
    const left = (counts.get(actor) ?? 1) - 1;
    if (left === 0) counts.delete(actor);
    else counts.set(actor, left);
  };
  return {
    enter: (actor, response) => {
      const { socket } = response.req;
      // What has closed already never tells so again: a place that is taken now would never be free.
      if (response.destroyed || socket.destroyed) throw new TillsyncError("RATE_LIMITED", { atOnce: 0 });
      take(actor);
      const end = () => {
        response.off("close", end);
        socket.off("close", end);
        socket.setMaxListeners(socket.getMaxListeners() - 1);
        leave(actor);
      };
      response.once("close", end);
      // A response that waits behind another one on its connection is never told that it is gone. There are no more of them
      // than places: it is no leak that Node would have to warn of.
      socket.setMaxListeners(socket.getMaxListeners() + 1);
      socket.once("close", end);
    },
    during: async (actor, work) => {
      take(actor);
      try {
        return await work();
      } finally {
        leave(actor);
      }
    },
  };
}
