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
   * @throws TillsyncError RATE_LIMITED
   */
  enter(actor: string, response: ServerResponse): void;
}

export function createPlaces({ inAll, ofOne }: PlacesOptions): Places {
  const counts = new Map<string, number>();
  let all = 0;
  return {
    enter: (actor, response) => {
      const own = counts.get(actor) ?? 0;
      if (all >= inAll || own >= ofOne)
        throw new TillsyncError("RATE_LIMITED", { atOnce: own >= ofOne ? ofOne : inAll });
      all += 1;
      counts.set(actor, own + 1);
      response.once("close", () => {
        all -= 1;
        const left = (counts.get(actor) ?? 1) - 1;
        if (left === 0) counts.delete(actor);
        else counts.set(actor, left);
      });
    },
  };
}
