import type { Tusn } from "../../proto/tusn.ts";
import type { TerminalStanding } from "./standings.ts";
import type { Store } from "./store.ts";

/** The next `limit` terminals after `after` in order of TUSN, with what decides about their access. */
export function listStandings(db: Store, after: string, limit: number): Promise<readonly TerminalStanding[]> {
  return db
    .selectFrom("terminals")
    .select(["tusn", "life", "deviceKey", "certificateFingerprint"])
    .where("tusn", ">", after as Tusn)
    .orderBy("tusn")
    .limit(limit)
    .execute();
}
