import { describe, expect, it } from "vitest";
import { parseTusn, type Tusn } from "../../../../proto/tusn.ts";
import { importFile } from "../../../../src/app/import/import-file.ts";
import { importFleet } from "../../../../src/app/import/import-fleet.ts";
import { findLegacyTerminal } from "../../../../src/app/queries/legacy.ts";
import { showTerminal } from "../../../../src/app/queries/terminals.ts";
import { parseAct } from "../../../../src/app/registry/act.ts";
import { changeLife } from "../../../../src/app/registry/change-life.ts";
import { replaceTerminal } from "../../../../src/app/registry/replace.ts";
import { setIdentity } from "../../../../src/store/fleet.ts";
import { transact } from "../../../../src/store/store.ts";
import { OTHER_FLEET_FIELDS } from "../../../support/fleet-fields.ts";
import { CSV_HEADER, toCsvLine, toSource } from "../../../support/fleet-file.ts";
import {
  enrolFleet,
  openTestFleet,
  readLedgerKinds,
  release,
  TUSN_0,
  toFleetRow,
} from "../../../support/fleet-store.ts";

const ACT = parseAct("broken screen", "li.na");
const NEW = parseTusn(OTHER_FLEET_FIELDS.tusn);
const LEGACY = "SX-12345";

/** An enrolled terminal of one merchant, old stock of the same, and a new terminal that stands nowhere yet. */
async function openShop() {
  const fleet = await openTestFleet();
  await enrolFleet(fleet, 1);
  await importFleet(fleet, [toFleetRow({ ...OTHER_FLEET_FIELDS, place: "仓库" })]);
  const legacy = toCsvLine({ tusn: LEGACY, terminal_no: "00000009" });
  await importFile(fleet, toSource(`${CSV_HEADER}\n${legacy}\n`), "csv");
  return { fleet, store: fleet.store };
}

type Shop = Awaited<ReturnType<typeof openShop>>;

const give = ({ fleet }: Shop, tusn: Tusn, identity: Parameters<typeof setIdentity>[2]) =>
  transact(fleet.store, (tx) => setIdentity(tx, tusn, identity));

describe("replacing a terminal", () => {
  it("moves merchant, terminal number, acquirer and place, ends the old one and links both", async () => {
    const { fleet, store } = await openShop();
    await release(fleet, { tusns: [TUSN_0] });
    const before = await showTerminal(store, TUSN_0);
    const replacement = await replaceTerminal(fleet, TUSN_0, NEW, ACT);
    expect(replacement).toMatchObject({ replaced: TUSN_0, tusn: NEW, certificates: 1, directives: 1 });
    const [old, now] = [await showTerminal(store, TUSN_0), await showTerminal(store, NEW)];
    const { merchantNumber, terminalNo, acquirer, place } = before;
    expect(now).toMatchObject({ merchantNumber, terminalNo, acquirer, place, replaces: TUSN_0, life: "registered" });
    expect(old).toMatchObject({ life: "replaced", replacedBy: NEW });
    expect(old.certificates).toMatchObject([{ revokedWhy: "replaced", revokedAt: fleet.at }]);
    expect(old.deployments).toMatchObject([{ state: "superseded", code: "TERMINAL_RETIRED" }]);
    expect(await store.selectFrom("outbox").selectAll().execute()).toEqual([]);
    expect(old.history.slice(-2).map(({ kind }) => kind)).toEqual(["replaced", "revoked"]);
    expect(JSON.parse(old.history.at(-2)?.detail ?? "")).toMatchObject({ reason: "broken screen", replacedBy: NEW });
    expect(now.history).toMatchObject([{ kind: "replacing", actor: "li.na" }]);
    expect(JSON.parse(now.history[0]?.detail ?? "")).toMatchObject({ replaces: TUSN_0, terminalNo });
    expect(await readLedgerKinds(fleet)).toEqual(expect.arrayContaining(["terminal.replaced", "terminal.replacing"]));
  });

  it("gives no settlement: the new one waits for a first profile of its own", async () => {
    const { fleet, store } = await openShop();
    await replaceTerminal(fleet, TUSN_0, NEW, ACT);
    expect((await showTerminal(store, NEW)).deployments).toEqual([]);
  });

  it("takes old stock out, once", async () => {
    const { fleet, store } = await openShop();
    await replaceTerminal(fleet, LEGACY, NEW, ACT);
    expect(await findLegacyTerminal(store, LEGACY)).toMatchObject({
      replacedBy: NEW,
      history: [{ kind: "replaced", actor: "li.na" }],
    });
    expect(await showTerminal(store, NEW)).toMatchObject({ terminalNo: "00000009", replaces: LEGACY });
    await expect(replaceTerminal(fleet, LEGACY, TUSN_0, ACT)).rejects.toMatchObject({ code: "STATE_CONFLICT" });
  });

  it("frees the old one's terminal number for the next file", async () => {
    const { fleet } = await openShop();
    await replaceTerminal(fleet, LEGACY, NEW, ACT);
    await changeLife(fleet, NEW, "retire", ACT);
    const row = toFleetRow({ tusn: "00000304N7NL01999999", terminal_no: "00000009" });
    expect(await importFleet(fleet, [row])).toMatchObject({ terminals: 1, conflicts: [] });
  });
});

describe("a replacement is refused", () => {
  it.each<[string, string, string, (shop: Shop) => Promise<unknown>, string]>([
    ["of a terminal by itself", TUSN_0, TUSN_0, async () => {}, "STATE_CONFLICT"],
    ["of an unknown terminal", "0000030401", NEW, async () => {}, "NOT_FOUND"],
    ["of a number that is neither TUSN nor on record", "nothing", NEW, async () => {}, "TUSN_INVALID"],
    ["by an unknown terminal", TUSN_0, "0000030401", async () => {}, "NOT_FOUND"],
    ["of a retired terminal", TUSN_0, NEW, ({ fleet }) => changeLife(fleet, TUSN_0, "retire", ACT), "STATE_CONFLICT"],
    [
      "of one that was replaced before",
      TUSN_0,
      NEW,
      (shop) => give(shop, TUSN_0, { life: "replaced" }),
      "STATE_CONFLICT",
    ],
    ["by a bound terminal", TUSN_0, NEW, (shop) => give(shop, NEW, { life: "bound" }), "STATE_CONFLICT"],
    ["by a suspended terminal", TUSN_0, NEW, ({ fleet }) => changeLife(fleet, NEW, "suspend", ACT), "STATE_CONFLICT"],
    [
      "by one that stands in another's place",
      TUSN_0,
      NEW,
      ({ fleet }) => replaceTerminal(fleet, LEGACY, NEW, ACT),
      "STATE_CONFLICT",
    ],
    [
      "by a terminal that is not genuine",
      TUSN_0,
      NEW,
      (shop) => give(shop, NEW, { verdict: "mismatch" }),
      "TUSN_UNPROVEN",
    ],
    [
      "by a terminal in quarantine",
      TUSN_0,
      NEW,
      ({ store }) =>
        store
          .insertInto("quarantines")
          .values({
            tusn: NEW,
            at: 1,
            why: "counter_fork",
            sides: "{}",
            releasedAt: null,
            releasedBy: "",
            reason: "",
            counter: null,
          } as never)
          .execute(),
      "TERMINAL_QUARANTINED",
    ],
    [
      "while the old one has a directive under way",
      TUSN_0,
      NEW,
      async ({ fleet, store }) => {
        await release(fleet, { tusns: [TUSN_0] });
        await store.updateTable("deployments").set({ state: "verified" }).execute();
      },
      "STATE_CONFLICT",
    ],
  ])("%s, and nothing changes", async (_, old, tusn, prepare, code) => {
    const shop = await openShop();
    await prepare(shop);
    const before = await readAll(shop);
    await expect(replaceTerminal(shop.fleet, old, tusn as Tusn, ACT)).rejects.toMatchObject({ code });
    expect(await readAll(shop)).toEqual(before);
  });
});

async function readAll({ fleet, store }: Shop) {
  return [
    await store.selectFrom("terminals").selectAll().orderBy("tusn").execute(),
    await store.selectFrom("legacyTerminals").selectAll().execute(),
    await store.selectFrom("certificates").selectAll().execute(),
    await readLedgerKinds(fleet),
  ];
}
