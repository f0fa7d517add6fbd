import type { ServerResponse } from "node:http";
import { TillsyncError } from "../../../../proto/errors.ts";
import { MAX_TRANSFERS, TRANSFER_MS } from "../limits.ts";

/** How many release files are held for requests, coming or going. */
export interface Transfers {
  /**
   * Takes a place until the response is through or its connection gone.
   *
   * @throws TillsyncError DESK_BUSY where none is free
   */
  enter(response: ServerResponse): void;
}

export function createTransfers(): Transfers {
  let count = 0;
  return {
    enter: (response) => {
      if (count >= MAX_TRANSFERS) throw new TillsyncError("DESK_BUSY", { transfers: MAX_TRANSFERS });
      count += 1;
      const timer = setTimeout(() => response.destroy(), TRANSFER_MS);
      response.once("close", () => {
        count -= 1;
        clearTimeout(timer);
      });
    },
  };
}
