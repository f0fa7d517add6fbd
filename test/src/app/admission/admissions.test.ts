import { X509Certificate } from "node:crypto";
import { sql } from "kysely";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Peer } from "../../../../broker/bus.ts";
import { toDigest } from "../../../../proto/bytes.ts";
import { toErrorCode } from "../../../../proto/errors.ts";
import { parseTusn, type Tusn } from "../../../../proto/tusn.ts";
import { Admissions } from "../../../../src/app/admission/admissions.ts";
import { quarantine, releaseQuarantine } from "../../../../src/app/admission/quarantine.ts";
import { LIST_RENEWAL_S } from "../../../../src/app/admission/revocations.ts";
import { revokeTerminal } from "../../../../src/app/admission/revoke.ts";
import { parseAct } from "../../../../src/app/registry/act.ts";
import { changeLife } from "../../../../src/app/registry/change-life.ts";
import { MAX_TAKE_OVERS } from "../../../../src/domain/clones.ts";
import { listHistory } from "../../../../src/store/history.ts";
import { transact } from "../../../../src/store/store.ts";
import { loadCertificates, TUSN_A } from "../../../support/certificates.ts";
import { enrolFleet, openTestFleet, readLedgerKinds, type TestFleet, TUSN_0 } from "../../../support/fleet-store.ts";
import { SOON_MS } from "../../../support/patience.ts";

const ACT = parseAct("test");
const WORDS = { reason: "test", by: "li.na" };
const SIDES = { before: "a", now: "b" };

/** Admissions over a fleet, and a bus that writes down what it is told. */
async function open(count = 1) {
  // The certificates are of today.
  const fleet = await openTestFleet(Math.floor(Date.now() / 1_000));
  const terminals = await enrolFleet(fleet, count);
  const { authority } = await loadCertificates();
  const cut: Tusn[] = [];
  const lists: string[] = [];
  const bus = { disconnect: (tusn: Tusn) => void cut.push(tusn), refuse: (list: string) => void lists.push(list) };
  const openAnother = () => {
    const admissions = new Admissions(fleet, { authority });
    onTestFinished(() => admissions.close());
    return admissions;
  };
  return { fleet, tusns: terminals.map(({ tusn }) => tusn), cut, lists, bus, admissions: openAnother(), openAnother };
}

async function toPeer(tusn: Tusn, remote = "192.0.2.1"): Promise<Peer> {
  const { certificate } = await (await loadCertificates()).terminal(tusn);
  return { tusn, fingerprint: toDigest(new X509Certificate(certificate).raw), remote };
}

/** Another certificate for the terminal that the authority signed and nobody enrolled. */
async function toForeignPeer(tusn: Tusn): Promise<Peer> {
  const { certificate } = await (await loadCertificates()).terminal(tusn, {});
  return { tusn, fingerprint: toDigest(new X509Certificate(certificate).raw), remote: "198.51.100.7" };
}

function suspect(fleet: TestFleet, tusn = TUSN_0) {
  return transact(fleet.store, (tx) => quarantine(tx, fleet.at, { tusn, why: "taken_over", sides: SIDES }));
}

async function readKinds(fleet: TestFleet): Promise<readonly string[]> {
  return (await listHistory(fleet.store, TUSN_0)).map(({ kind }) => kind);
}

describe("admission", () => {
  it("is given in full to an enrolled terminal, and to no other", async () => {
    const { admissions } = await open();
    expect(await admissions.admit(await toPeer(TUSN_0))).toBe("full");
    expect(await admissions.admit(await toPeer(TUSN_A)).catch(toErrorCode)).toBe("NOT_FOUND");
  });

  it("is to greet while suspended, and full again after that", async () => {
    const { admissions, fleet } = await open();
    const peer = await toPeer(TUSN_0);
    await changeLife(fleet, TUSN_0, "suspend", ACT);
    expect(await admissions.admit(peer)).toBe("greeting");
    expect(admissions.isGreeting(TUSN_0)).toBe(true);
    await changeLife(fleet, TUSN_0, "resume", ACT);
    expect(await admissions.admit(peer)).toBe("full");
    expect(admissions.isGreeting(TUSN_0)).toBe(false);
  });

  it("is to greet while in quarantine, and full again after that", async () => {
    const { admissions, fleet } = await open();
    await suspect(fleet);
    expect(await admissions.admit(await toPeer(TUSN_0))).toBe("greeting");
    await releaseQuarantine(fleet, TUSN_0, WORDS);
    expect(await admissions.admit(await toPeer(TUSN_0))).toBe("full");
  });

  it("is to greet where a quarantine could not be written, until it is, with a later poll", async () => {
    const { admissions, fleet, bus } = await open();
    const { store } = fleet;
    await sql`create trigger full before insert on quarantines begin select raise(abort, 'full'); end`.execute(store);
    for (let n = 0; n < MAX_TAKE_OVERS; n += 1) {
      admissions.takenOver(await toPeer(TUSN_0), await toPeer(TUSN_0, "192.0.2.2"));
    }
    await vi.waitFor(
      () => expect(fleet.lines).toContainEqual(expect.objectContaining({ msg: "quarantine not written" })),
      SOON_MS,
    );
    expect(await admissions.admit(await toPeer(TUSN_0))).toBe("greeting");
    await admissions.poll(bus);
    expect(await readKinds(fleet)).not.toContain("quarantined");
    await sql`drop trigger full`.execute(store);
    await admissions.poll(bus);
    expect(await readKinds(fleet)).toContain("quarantined");
    await releaseQuarantine(fleet, TUSN_0, WORDS);
    expect(await admissions.admit(await toPeer(TUSN_0))).toBe("full");
  });

  it("is refused to what was revoked or retired", async () => {
    const { admissions, fleet, tusns } = await open(2);
    const [first, second] = tusns as [Tusn, Tusn];
    await revokeTerminal(fleet, first, WORDS);
    await changeLife(fleet, second, "retire", ACT);
    await fleet.store.updateTable("certificates").set({ revokedAt: null }).where("tusn", "=", second).execute();
    expect(await admissions.admit(await toPeer(first)).catch(toErrorCode)).toBe("CERTIFICATE_REVOKED");
    expect(await admissions.admit(await toPeer(second)).catch(toErrorCode)).toBe("TERMINAL_RETIRED");
  });

  it("is refused to a certificate that nobody was given, whose terminal is cut off and put in quarantine, once", async () => {
    const { admissions, fleet, bus, cut } = await open();
    await admissions.poll(bus);
    await admissions.admit(await toPeer(TUSN_0));
    for (const _ of [1, 2]) {
      expect(await admissions.admit(await toForeignPeer(TUSN_0)).catch(toErrorCode)).toBe("CERTIFICATE_UNKNOWN");
    }
    expect(await admissions.admit(await toPeer(TUSN_0))).toBe("greeting");
    await admissions.admit(await toForeignPeer(TUSN_0)).catch(toErrorCode);
    await admissions.close();
    expect(await readKinds(fleet)).toEqual(["enrolled", "verdict", "quarantined"]);
    const [row] = await fleet.store.selectFrom("quarantines").selectAll().execute();
    expect(row).toMatchObject({ why: "certificate_unknown", counter: null, releasedAt: null });
    expect(row?.sides).toMatch(/"before":"192\.0\.2\.1 with certificate [0-9a-f]{12}"/);
    expect(row?.sides).toMatch(/"now":"198\.51\.100\.7 with certificate [0-9a-f]{12}"/);
    expect((await readLedgerKinds(fleet)).slice(-2)).toEqual(["terminal.quarantined", "alarm.clone_suspected"]);
    expect(new Set(cut)).toEqual(new Set([TUSN_0]));
    // Nothing more is done about a terminal that is in quarantine.
    expect(cut.length).toBeLessThanOrEqual(2);
  });

  it("is decided for a whole fleet that comes at once by a few statements", async () => {
    const { admissions, fleet, tusns } = await open(60);
    const peers = await Promise.all(tusns.map((tusn) => toPeer(tusn)));
    await admissions.admit(peers[0] as Peer);
    const asked = vi.spyOn(fleet.store, "selectFrom");
    expect(await Promise.all(peers.map((peer) => admissions.admit(peer)))).toEqual(peers.map(() => "full"));
    // The first one goes ahead alone, all others together.
    expect(asked).toHaveBeenCalledTimes(8);
  });

  it("is refused while the records cannot be read, and given when they can", async () => {
    const { admissions, fleet } = await open();
    const broken = vi.spyOn(fleet.store, "selectFrom").mockImplementation(() => {
      throw new Error("no records");
    });
    await expect(admissions.admit(await toPeer(TUSN_0))).rejects.toThrow("no records");
    broken.mockRestore();
    expect(await admissions.admit(await toPeer(TUSN_0))).toBe("full");
  });
});

describe("following what other processes decide", () => {
  it("cuts whoever may not stay or may do less, and lets in whoever may do more", async () => {
    const { admissions, fleet, bus, cut, tusns } = await open(4);
    const [suspended, revoked, retired, cloned] = tusns as [Tusn, Tusn, Tusn, Tusn];
    for (const tusn of tusns) await admissions.admit(await toPeer(tusn));
    await changeLife(fleet, suspended, "suspend", ACT);
    await revokeTerminal(fleet, revoked, WORDS);
    await changeLife(fleet, retired, "retire", ACT);
    await suspect(fleet, cloned);
    await admissions.poll(bus);
    expect(new Set(cut)).toEqual(new Set(tusns));

    cut.length = 0;
    for (const tusn of [suspended, cloned]) await admissions.admit(await toPeer(tusn));
    await admissions.poll(bus);
    expect(cut).toEqual([]);
    await changeLife(fleet, suspended, "resume", ACT);
    await releaseQuarantine(fleet, cloned, WORDS);
    await admissions.poll(bus);
    expect(new Set(cut)).toEqual(new Set([suspended, cloned]));
  });

  it("cuts nobody off over what it was admitted in the light of, though it is looked at only later", async () => {
    const { admissions, fleet, bus, cut } = await open();
    await admissions.poll(bus);
    await suspect(fleet);
    await releaseQuarantine(fleet, TUSN_0, WORDS);
    expect(await admissions.admit(await toPeer(TUSN_0))).toBe("full");
    await admissions.poll(bus);
    expect(cut).toEqual([]);
    await changeLife(fleet, TUSN_0, "suspend", ACT);
    await admissions.poll(bus);
    expect(cut).toEqual([TUSN_0]);
  });

  it("cuts off what was revoked even where a terminal was let in again since", async () => {
    const { admissions, fleet, bus, cut } = await open();
    await admissions.admit(await toPeer(TUSN_0));
    await revokeTerminal(fleet, TUSN_0, WORDS);
    await fleet.store.updateTable("certificates").set({ revokedAt: null }).execute();
    expect(await admissions.admit(await toPeer(TUSN_0))).toBe("full");
    await admissions.poll(bus);
    expect(cut).toEqual([TUSN_0]);
  });

  it("misses nothing that happens after the first terminal was admitted and before the first look", async () => {
    const { admissions, fleet, bus, cut } = await open();
    await admissions.admit(await toPeer(TUSN_0));
    await changeLife(fleet, TUSN_0, "suspend", ACT);
    await admissions.poll(bus);
    expect(cut).toEqual([TUSN_0]);
  });

  it("cuts nobody off again over what happened before it was started", async () => {
    const { fleet, bus, cut, openAnother } = await open();
    await changeLife(fleet, TUSN_0, "suspend", ACT);
    await openAnother().poll(bus);
    expect(cut).toEqual([]);
  });

  it("does not trip over histories of legacy numbers", async () => {
    const { admissions, fleet, bus, cut } = await open();
    await admissions.poll(bus);
    const row = { tusn: "N7NL01933217", at: fleet.at, kind: "retired", actor: "x", detail: "{}" } as const;
    await fleet.store.insertInto("history").values(row).execute();
    await admissions.poll(bus);
    expect(cut).toEqual([]);
  });

  it("shares one look among all who ask at once", async () => {
    const { admissions, fleet, bus } = await open();
    await admissions.poll(bus);
    const asked = vi.spyOn(fleet.store, "selectFrom");
    await Promise.all([admissions.poll(bus), admissions.poll(bus), admissions.poll(bus)]);
    expect(asked).toHaveBeenCalledTimes(1);
  });
});

describe("the list of revoked certificates", () => {
  it("is not made before anything is revoked, is handed over at once then, and at the start ever after", async () => {
    const { admissions, fleet, bus, lists, openAnother } = await open();
    await admissions.poll(bus);
    expect(lists).toEqual([]);
    await revokeTerminal(fleet, TUSN_0, WORDS);
    await admissions.poll(bus);
    await admissions.poll(bus);
    expect(lists).toHaveLength(1);
    await openAnother().poll(bus);
    expect(lists).toHaveLength(2);
  });

  it("is made anew long before its time is over, and when the clock was set", async () => {
    const { admissions, fleet, bus, lists } = await open();
    await revokeTerminal(fleet, TUSN_0, WORDS);
    await admissions.poll(bus);
    fleet.at += LIST_RENEWAL_S - 1;
    await admissions.poll(bus);
    expect(lists).toHaveLength(1);
    fleet.at += 1;
    await admissions.poll(bus);
    expect(lists).toHaveLength(2);
    fleet.at -= 10 * LIST_RENEWAL_S;
    await admissions.poll(bus);
    expect(lists).toHaveLength(3);
  });

  it("is made anew until the bus has it, with one line in the log; meanwhile the rest goes on", async () => {
    const { admissions, fleet, cut, bus } = await open();
    await admissions.admit(await toPeer(TUSN_0));
    await revokeTerminal(fleet, TUSN_0, WORDS);
    let isBroken = true;
    let tried = 0;
    const broken = {
      ...bus,
      refuse: () => {
        tried += 1;
        if (isBroken) throw new Error("no list");
      },
    };
    for (const _ of [1, 2]) await admissions.poll(broken);
    expect(cut).toEqual([TUSN_0]);
    expect(fleet.lines.filter(({ msg }) => msg === "revocation list not made")).toHaveLength(1);
    isBroken = false;
    for (const _ of [1, 2]) await admissions.poll(broken);
    expect(tried).toBe(3);
  });

  it("leaves out what somebody has spoiled, and what a renewal took the place of", async () => {
    const { fleet, bus, lists, openAnother, tusns } = await open(2);
    for (const tusn of tusns) await revokeTerminal(fleet, tusn, WORDS);
    await openAnother().poll(bus);
    await fleet.store.updateTable("certificates").set({ serial: "not a serial" }).where("tusn", "=", TUSN_0).execute();
    await openAnother().poll(bus);
    await fleet.store.updateTable("certificates").set({ revokedWhy: "superseded" }).execute();
    await openAnother().poll(bus);
    const [both, one, ...more] = lists.map((list) => list.length);
    expect(one).toBeLessThan(both ?? 0);
    expect(more).toEqual([]);
  });
});

describe("connections that take each other's place", () => {
  it("too quickly for one terminal put it in quarantine, with both sides named", async () => {
    const { admissions, fleet, bus, cut } = await open();
    await admissions.poll(bus);
    const [here, there] = [await toPeer(TUSN_0, "192.0.2.1"), await toPeer(TUSN_0, "198.51.100.7")];
    for (let n = 0; n < MAX_TAKE_OVERS; n += 1) {
      if (n % 2 === 0) admissions.takenOver(here, there);
      else admissions.takenOver(there, here);
    }
    expect(cut).toEqual([TUSN_0]);
    await admissions.close();
    const rows = await fleet.store.selectFrom("quarantines").selectAll().execute();
    expect(rows).toMatchObject([{ why: "two_places" }]);
    expect(rows[0]?.sides).toContain("192.0.2.1");
    expect(rows[0]?.sides).toContain("198.51.100.7");
  });

  it("at the same address put it in quarantine, too", async () => {
    const { admissions, fleet, bus } = await open();
    await admissions.poll(bus);
    const peer = await toPeer(TUSN_0);
    for (let n = 0; n < MAX_TAKE_OVERS; n += 1) {
      fleet.at += 2;
      admissions.takenOver(peer, peer);
    }
    await admissions.close();
    expect(await fleet.store.selectFrom("quarantines").select("why").execute()).toEqual([{ why: "taken_over" }]);
  });

  it("of a whole fleet that lost its line and comes back are nothing", async () => {
    const { admissions, fleet, bus, cut, tusns } = await open(40);
    await admissions.poll(bus);
    for (let outage = 0; outage < 20; outage += 1) {
      fleet.at += 10;
      for (const tusn of tusns) {
        const peer = await toPeer(tusn);
        admissions.takenOver(peer, peer);
      }
    }
    await admissions.close();
    expect(cut).toEqual([]);
    expect(await fleet.store.selectFrom("quarantines").selectAll().execute()).toEqual([]);
  });
});

describe("revoking a terminal", () => {
  it("takes all its certificates, keeps it on record, and is told in history and ledger", async () => {
    const { fleet } = await open();
    expect(await revokeTerminal(fleet, TUSN_0, WORDS)).toEqual({ tusn: TUSN_0, certificates: 1 });
    const [event] = (await listHistory(fleet.store, TUSN_0)).slice(-1);
    expect(event).toMatchObject({ kind: "revoked", actor: "li.na", detail: '{"certificates":1,"reason":"test"}' });
    expect((await readLedgerKinds(fleet)).at(-1)).toBe("terminal.revoked");
    expect(await fleet.store.selectFrom("terminals").select("life").execute()).toEqual([{ life: "verified" }]);
    expect(await revokeTerminal(fleet, TUSN_0, WORDS).catch(toErrorCode)).toBe("STATE_CONFLICT");
  });

  it("refuses a terminal that is not on record, and words that cannot be kept", async () => {
    const { fleet } = await open();
    expect(await revokeTerminal(fleet, parseTusn(TUSN_A), WORDS).catch(toErrorCode)).toBe("NOT_FOUND");
    for (const words of [{ reason: "" }, { reason: "x".repeat(201) }, { reason: "x", by: "two words" }]) {
      await expect(async () => revokeTerminal(fleet, TUSN_0, words)).rejects.toThrow("CONFIG_INVALID");
    }
    expect(await readKinds(fleet)).not.toContain("revoked");
  });

  it("reaches a terminal that was enrolled before certificates were kept", async () => {
    const { admissions, fleet, bus, lists } = await open();
    await fleet.store.deleteFrom("certificates").execute();
    expect(await admissions.admit(await toPeer(TUSN_0))).toBe("full");
    expect(await revokeTerminal(fleet, TUSN_0, WORDS)).toMatchObject({ certificates: 1 });
    await admissions.poll(bus);
    expect(await admissions.admit(await toPeer(TUSN_0)).catch(toErrorCode)).toBe("CERTIFICATE_REVOKED");
    expect(lists).toEqual([]);
  });
});
