import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Breach, openBreach } from "./red-team-breach.ts";
import { Campaign, type CampaignResult } from "./red-team-campaign.ts";
import { chooseSeed, createRandom } from "./red-team-random.ts";
import { discard, makeScratch } from "./scratch.ts";

/** Test files that share the deliveries, so that each core has its own. */
export const SHARES = 2;
/** In the suite; `npm run attack` sends a million. */
const ALL = Number(process.env["TILLSYNC_DELIVERIES"] ?? 5_000);
const DELIVERIES = Math.ceil(ALL / SHARES);
const IS_FULL = ALL >= 100_000;
const ROUNDS = 16;
const HOUR_MS = 3_600_000;

/** Refusals that a short form meets, and those that take a longer one to be sure of. */
const OFTEN = [
  ...["BYTES_NOT_CANONICAL", "STATEMENT_UNSIGNED", "CAP_EXCEEDED", "NOT_IN_RELEASE", "WRONG_TERMINAL", "TRUST_STALE"],
  ...["SEQUENCE_REPLAYED", "BASE_MISMATCH", "PURPOSE_TOO_NARROW", "WRONG_MERCHANT", "EXPIRED", "CARD_CHANGE_TOO_SOON"],
  ...["TRUST_INVALID", "TRUST_UNSIGNED", "TRUST_ROLLBACK"],
];
const SELDOM = ["BYTES_TOO_LARGE", "FIELD_INVALID", "WRONG_DEVICE_KEY", "RESTORE_UNKNOWN", "NOT_YET_VALID"];

function toTable(counts: ReadonlyMap<string, number>): string {
  const rows = [...counts].toSorted((a, b) => b[1] - a[1]);
  return rows.map(([name, count]) => `${String(count).padStart(9)}  ${name}`).join("\n");
}

function print(seed: number, result: CampaignResult, milliseconds: number): void {
  const { sent, taken, codes, forgeries } = result;
  const pace = `${((1_000 * sent) / milliseconds).toFixed(0)}/s`;
  console.log(
    [
      `red team: TILLSYNC_SEED=${seed} sent ${sent} in ${(milliseconds / 1_000).toFixed(0)} s (${pace})`,
      `approved and taken: ${taken.genuine} from the service, ${taken.early} from the red team; trust ${taken.trust}`,
      `by refusal\n${toTable(codes)}`,
      `by making\n${toTable(forgeries)}`,
    ].join("\n"),
  );
}

/** Declares the tests of one share; each has a fleet service, terminals and people of its own. */
export function describeRedTeam(share: number): void {
  const seed = chooseSeed();
  const folder = makeScratch("red-team");
  let breach: Breach;

  beforeAll(async () => {
    breach = await openBreach(folder, createRandom(seed + share));
  });

  afterAll(() => discard(folder));

  describe("row 13: whoever holds broker, database, service, authority and every online key", () => {
    it("finds no approver's key in what it carried away", () => {
      const { loot, theatre } = breach;
      expect(loot.files.map(([path]) => path)).toEqual(expect.arrayContaining(["tillsync.sqlite", "ca/ca.key"]));
      expect(loot.keys.map((key) => key.asymmetricKeyType)).toEqual(expect.arrayContaining(["rsa", "ed25519"]));
      for (const secret of theatre.company.secrets) {
        const forms = ["hex", "base64", "base64url"].map((form) =>
          Buffer.from(secret).toString(form as BufferEncoding),
        );
        for (const [path, content] of loot.files) {
          expect(content.includes(Buffer.from(secret)), path).toBe(false);
          for (const text of forms) expect(content.includes(text), path).toBe(false);
        }
        for (const text of forms) expect(loot.environment.includes(text)).toBe(false);
      }
    });

    it(
      `makes no terminal take a card that two people did not approve for it, in ${DELIVERIES} deliveries`,
      async () => {
        const started = Date.now();
        const random = createRandom(seed + 1 + share);
        const progress = (sent: number) => (IS_FULL ? console.log(`red team: ${sent} of ${DELIVERIES}`) : undefined);
        const options = { random, deliveries: DELIVERIES, rounds: ROUNDS, everyBit: IS_FULL, progress };
        const result = await new Campaign(breach.theatre, options).run();
        print(seed, result, Date.now() - started);
        expect(result.violations).toEqual([]);
        expect(result.sent).toBeGreaterThanOrEqual(DELIVERIES);
        // It is no feat to refuse everything.
        expect(result.taken.genuine).toBe(ROUNDS);
        expect(result.taken.early).toBeGreaterThan(0);
        expect(result.taken.trust).toBeGreaterThan(0);
        // Every check of the gate was reached by something.
        expect([...result.codes.keys()]).toEqual(expect.arrayContaining(IS_FULL ? [...OFTEN, ...SELDOM] : [...OFTEN]));
      },
      HOUR_MS,
    );
  });
}
