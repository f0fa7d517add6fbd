import type { Acquirer } from "../acquirers/acquirer.ts";
import type { Context } from "../context.ts";
import { RecordAsker } from "./asker.ts";

/** How often it is looked whether an acquirer may be asked the next question. */
const REVIEWS_POLL_MS = 1_000;

/** Acquirers are asked for their records while this is open. */
export interface ReviewService {
  /** Asks what may be asked now rather than at the next poll. Never rejects. */
  poll(): Promise<void>;
  /** Resolves when nothing is under way any more. The store stays open. */
  close(): Promise<void>;
}

/** @param acquirers by code */
export function openReviewService(context: Context, acquirers: ReadonlyMap<string, Acquirer>): ReviewService {
  const asker = new RecordAsker(context, acquirers);
  const timer = setInterval(() => void asker.poll(), REVIEWS_POLL_MS);
  return {
    poll: () => asker.poll(),
    close: async () => {
      clearInterval(timer);
      await asker.close();
    },
  };
}
