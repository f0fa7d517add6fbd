import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyDelivery } from "../../agent/gate.ts";
import { DEFAULT_CAPS, MOST, type Policy, parsePolicy, toPolicyBytes } from "../../certs/trust/policy.ts";
import { verifyTrust } from "../../certs/trust/verify.ts";
import { toDigest } from "../../proto/bytes.ts";
import { toReleaseFileBytes } from "../../proto/delivery.ts";
import { type Profile, toProfileBytes } from "../../proto/profile.ts";
import { toTrustBundleBytes } from "../../proto/trust-bundle.ts";
import { readDataFolder } from "../../src/app/data-folder.ts";
import { importFleet } from "../../src/app/import/import-fleet.ts";
import { parseFleet } from "../../src/app/import/parse-fleet.ts";
import { buildRelease } from "../../src/app/release/build.ts";
import { publishRelease } from "../../src/app/release/publish.ts";
import { openStore } from "../../src/store/store.ts";
import { callTillsync } from "../support/called-cli.ts";
import { runTillsync } from "../support/cli.ts";
import { FLEET_FIELDS, OTHER_FLEET_FIELDS } from "../support/fleet-fields.ts";
import { enrolFleet, openTestFleet, signFile, toFleetRow, toRequest } from "../support/fleet-store.ts";
import { TUSN } from "../support/machine.ts";
import {
  createWorld,
  DEVICE_KEY,
  type MemoryAgent,
  type MemoryWorld,
  NOW,
  openMemoryAgent,
  toTrustBytes,
} from "../support/memory-agent.ts";
import { MemoryFiles } from "../support/memory-files.ts";
import { errorOf } from "../support/refusal.ts";
import {
  createApprovers,
  SAMPLE_PROFILE,
  toDeliveries,
  toDelivery,
  toDirective,
  toNextProfile,
} from "../support/release.ts";
import { discard, makeScratch } from "../support/scratch.ts";
import { toFleetCsv } from "../support/shop.ts";
import { createCompany, pinTrust, runSign, runSignProcess, type SigningCompany, toRefusal } from "../support/sign.ts";
import { createReceivers, toNewCard, toSampleFile, writeRelease } from "../support/sign-sample.ts";

const HOUR_S = 3_600;
const DAY_S = 86_400;
const PRESENT = Math.floor(Date.now() / 1_000);
/** One settlement change for one terminal, and no more. */
const NARROW = { ...DEFAULT_CAPS, directivesPerBindingRelease: 1 };

let company: SigningCompany;
let folder: string;

beforeAll(async () => {
  folder = makeScratch("bulk");
  company = createCompany(PRESENT, { caps: NARROW });
  await pinTrust(company, company.maker, company.checker);
});

afterAll(() => {
  company.remove();
  discard(folder);
});

function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => "nothing was refused",
    ({ code }) => code,
  );
}

// What of row 67 waits for rollouts: waves, and that a wave with failures halts the next ones. Until there are rollouts
// one release is one wave, and these caps are what keeps it small.
describe("row 67: a card change for more terminals than the policy lets change at once", () => {
  const withCaps = (policy: Policy): Policy => ({
    ...policy,
    caps: { ...policy.caps, directivesPerBindingRelease: 2 },
  });

  it("is not built", async () => {
    const fleet = await openTestFleet();
    await enrolFleet(fleet, 3);
    const policy = withCaps(fleet.approvers.policy);
    expect(await codeOf(buildRelease(fleet, toRequest({ policy })))).toBe("CAP_EXCEEDED");
    const two = ["00000304N7NL01900000", "00000304N7NL01900001"] as never;
    expect((await buildRelease(fleet, toRequest({ policy, tusns: two }))).file.directives).toHaveLength(2);
  });

  it("is not built for two merchants at once, whatever the policy says", async () => {
    const fleet = await openTestFleet();
    await enrolFleet(fleet, 1);
    await importFleet(fleet, [toFleetRow(OTHER_FLEET_FIELDS)]);
    await fleet.store
      .updateTable("terminals")
      .set({ deviceKey: new Uint8Array(294), verdict: "verified-manual" })
      .execute();
    expect(await codeOf(buildRelease(fleet, toRequest()))).toBe("CAP_EXCEEDED");
    const many = { ...fleet.approvers.policy, caps: { ...MOST, merchantsPerBindingRelease: 2 } };
    expect(errorOf(() => parsePolicy(toPolicyBytes(many))).code).toBe("POLICY_TOO_WEAK");
  });

  it("is not signed by either person's own program, which leaves the file as it was", async () => {
    const { profile } = toNewCard();
    const file = toSampleFile({ terminals: createReceivers(), profile, purpose: "binding", now: PRESENT });
    const release = writeRelease(folder, file, "bulk.release");
    const before = readFileSync(release);
    for (const person of [company.maker, company.checker]) {
      const last4 = ["--last4", profile.binding.last4];
      const result = await runSignProcess("sign", release, "--yes", ...person.as, ...last4);
      expect([result.code, toRefusal(result)]).toEqual([1, "CAP_EXCEEDED"]);
      expect(readFileSync(release)).toEqual(before);
    }
    expect(toRefusal(await runSignProcess("verify", release, "--home", company.maker.home))).toBe("CAP_EXCEEDED");
  });

  it("is not published, although two people signed it: nothing of it is in the database", async () => {
    const fleet = await openTestFleet();
    await enrolFleet(fleet, 3);
    const signed = signFile(fleet, (await buildRelease(fleet, toRequest())).file);
    const before = await fleet.store.selectFrom("ledger").selectAll().execute();
    expect(await codeOf(publishRelease(fleet, signed, withCaps(fleet.approvers.policy)))).toBe("CAP_EXCEEDED");
    for (const table of ["releases", "deployments", "outbox", "profiles"] as const) {
      expect(await fleet.store.selectFrom(table).selectAll().execute(), table).toEqual([]);
    }
    expect(await fleet.store.selectFrom("ledger").selectAll().execute()).toEqual(before);
  });

  it("is refused by every terminal, although two people signed it", () => {
    const approvers = createApprovers(NOW);
    const trust = verifyTrust(approvers.trust.root, approvers.trust);
    const profile = toNextProfile(SAMPLE_PROFILE, { binding: { last4: "2222" } });
    const terms = { tusn: TUSN, deviceKey: DEVICE_KEY, sequence: 2, base: SAMPLE_PROFILE, profile, now: NOW };
    const directives = [0, 1, 2].map(() => toDirective(terms));
    const signers = [approvers.maker, approvers.checker];
    const context = {
      ...{ now: NOW, past: NOW, tusn: TUSN, deviceKey: DEVICE_KEY, previous: undefined, sequence: 1, cardChanges: [] },
      held: toProfileBytes(SAMPLE_PROFILE),
      trust: { ...trust, policy: withCaps(trust.policy) },
    };
    for (const delivery of toDeliveries({ directives, purpose: "binding", signers, now: NOW })) {
      expect(errorOf(() => verifyDelivery(delivery, context)).code).toBe("CAP_EXCEEDED");
    }
    const [small] = toDeliveries({ directives: directives.slice(1), purpose: "binding", signers, now: NOW });
    expect(verifyDelivery(small as Uint8Array, context).isCardChange).toBe(true);
  });
});

const A = SAMPLE_PROFILE;
const B = toNextProfile(A, { binding: { last4: "2222" } });
const C = toNextProfile(B, { binding: { last4: "3333" } });

async function open(world: MemoryWorld, files = new MemoryFiles()): Promise<MemoryAgent> {
  const agent = openMemoryAgent(world, files);
  await agent.runner.start();
  await agent.settle();
  return agent;
}

function toChange(world: MemoryWorld, sequence: number, profile: Profile, base: Profile | undefined): Uint8Array {
  const terms = { tusn: TUSN, deviceKey: DEVICE_KEY, sequence, profile, now: NOW };
  return toDelivery(world.approvers, toDirective(base === undefined ? terms : { ...terms, base }), "binding", NOW);
}

/** Code of the refusal, or how it ended. */
async function deliver(agent: MemoryAgent, delivery: Uint8Array): Promise<string | undefined> {
  await agent.runner.receive("directive", delivery);
  await agent.settle();
  const report = agent.runner.unsent().at(-1);
  await agent.receiptAll();
  return report?.kind === "refused" ? report.code : report?.kind;
}

async function openHolding() {
  const world = createWorld();
  const agent = await open(world);
  await agent.runner.receive("trust", toTrustBytes(world));
  expect(await deliver(agent, toChange(world, 1, A, undefined))).toBe("committed");
  return { world, agent };
}

async function pass(agent: MemoryAgent, world: MemoryWorld, seconds: number): Promise<void> {
  world.clock += seconds;
  world.uptime += seconds;
  const version = (agent.runner.state.trust?.versions.timestamp ?? 0) + 1;
  await agent.runner.receive("trust", toTrustBundleBytes(world.approvers.renew(version, world.clock)));
}

describe("row 67: a second card change within a day", () => {
  it("is refused wherever the power went during the first, and taken a day later", async () => {
    const { world, agent: holding } = await openHolding();
    const [first, second] = [toChange(world, 2, B, A), toChange(world, 3, C, B)];
    const whole = holding.files.clone();
    const measured = await open({ ...world }, whole);
    const started = whole.operations;
    expect(await deliver(measured, first)).toBe("committed");
    expect(whole.operations - started).toBeGreaterThan(10);

    let cuts = 0;
    for (let cutAt = started + 1; cutAt <= whole.operations; cutAt += 1) {
      const here = { ...world, reports: [] };
      const files = holding.files.clone();
      const dying = await open(here, files);
      files.cutAt = cutAt;
      void dying.runner.receive("directive", first).catch(() => {});
      await dying.settle();
      for (const left of files.afterPowerCut()) {
        const there = { ...here };
        const agent = await open(there, left);
        // Whatever it had done by then, the first change comes to its end, by itself or when it is sent again.
        await agent.receiptAll();
        if (agent.runner.state.sequence < 2) expect(await deliver(agent, first)).toBe("committed");
        await agent.settle();
        expect(there.content, `cut ${cutAt}`).toEqual(toProfileBytes(B));
        const restarted = await open(there, left.clone());
        const { slots } = restarted.runner.state;
        expect(await deliver(restarted, second), `cut ${cutAt}`).toBe("CARD_CHANGE_TOO_SOON");
        expect(restarted.runner.state).toMatchObject({ sequence: 2, slots, cardChanges: [NOW] });
        expect(there.content).toEqual(toProfileBytes(B));
        cuts += 1;
      }
    }
    expect(cuts).toBeGreaterThan(20);
  });

  it("is refused up to the last second of the day, after any number of restarts, and taken then", async () => {
    const { world, agent } = await openHolding();
    expect(await deliver(agent, toChange(world, 2, B, A))).toBe("committed");
    let files = agent.files.clone();
    for (const seconds of [0, HOUR_S, DAY_S - HOUR_S - 1]) {
      const again = await open(world, files);
      await pass(again, world, seconds);
      const terms = { tusn: TUSN, deviceKey: DEVICE_KEY, sequence: 3, base: B, profile: C, now: world.clock };
      const delivery = toDelivery(world.approvers, toDirective(terms), "binding", world.clock);
      expect(await deliver(again, delivery)).toBe("CARD_CHANGE_TOO_SOON");
      files = again.files.clone();
    }
    const last = await open(world, files);
    await pass(last, world, 1);
    const terms = { tusn: TUSN, deviceKey: DEVICE_KEY, sequence: 3, base: B, profile: C, now: world.clock };
    expect(await deliver(last, toDelivery(world.approvers, toDirective(terms), "binding", world.clock))).toBe(
      "committed",
    );
    expect(last.runner.state.cardChanges).toEqual([NOW, NOW + DAY_S]);
    expect(world.content).toEqual(toProfileBytes(C));
  });
});

/** What stands on the shop's sign. */
const HONEST = "日昌Coffee 1号店";

/** Names that no parser takes. */
const REFUSED: readonly string[] = [
  ..."\u061c\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2066\u2067\u2068\u2069\u206f\ufeff\ufff9\u{e0001}\u{e0041}\u{1d173}",
  ..."\u0000\u0007\u001b\u007f\u0085\u009b\t\n\r\u2028\u2029\u00ad\ue000\u{f0000}\u0378\uffff",
].map((character) => `日昌${character}Coffee 1号店`);
const REFUSED_FORMS = ["日昌Cofe\u0301", ` ${HONEST}`, `${HONEST}\u3000`, "\uf900昌Coffee", "\u212bngström"];

/** Names that are somebody's honest ones, or pass for another: what the signer is shown of each. */
const SHOWN: readonly (readonly [name: string, seen: string])[] = [
  ["日昌Сoffee 1号店", "<U+0421>"],
  ["日昌Cоffee 1号店", "<U+043E>"],
  ["日昌Cοffee 1号店", "<U+03BF>"],
  ["日昌Coffeе 1号店", "<U+0435>"],
  ["曰昌Coffee 1号店", "<U+66F0>"],
  ["日昌Coffee l号店", "<U+006C>"],
  ["日昌Coffee １号店", "<U+FF11>"],
  ["日昌C0ffee 1号店", "<U+0030>"],
  ["⽇昌Coffee 1号店", "<U+2F47>"],
  ["日昌𝐂offee 1号店", "<U+1D402>"],
  ["日昌Coffee\u00a01号店", "<U+00A0>"],
  ["日昌Coffee\u20071号店", "<U+2007>"],
  ["日昌Coffee\u30001号店", "<U+3000>"],
  ["日昌\u3164Coffee 1号店", "<U+3164>"],
  ["日昌\u115fCoffee 1号店", "<U+115F>"],
  ["日昌\u2800Coffee 1号店", "<U+2800>"],
  ["日\ufe0f昌Coffee 1号店", "<U+FE0F>"],
  ["日\u{e0100}昌Coffee 1号店", "<U+E0100>"],
  ["日昌Cof\u034ffee 1号店", "<U+034F>"],
  ["日昌Coffee 1\u0338号店", "<U+0338>"],
  ["日昌 קפה 1号店", "U+05E7"],
];

describe("row 68: a merchant's name that was made to deceive", () => {
  let data: string;

  beforeAll(async () => {
    data = join(folder, "data");
    expect((await callTillsync(data, "init")).code).toBe(0);
  });

  /** One merchant and terminal for each name. */
  function toFile(names: readonly string[]): string {
    const file = join(folder, "names.csv");
    const rows = names.map((name, n) => ({
      ...FLEET_FIELDS,
      tusn: `00000304N7NL018${String(n).padStart(5, "0")}`,
      terminal_no: `58E${String(n).padStart(5, "0")}`,
      merchant_no: `8223910581${String(n).padStart(5, "0")}`,
      merchant_name: name,
    }));
    writeFileSync(file, toFleetCsv(rows));
    return file;
  }

  async function show(name: string) {
    const profile = toNextProfile(
      { ...SAMPLE_PROFILE, merchant: { ...SAMPLE_PROFILE.merchant, name: HONEST } },
      { merchant: { name } },
    );
    const base = toProfileBytes({ ...SAMPLE_PROFILE, merchant: { ...SAMPLE_PROFILE.merchant, name: HONEST } });
    const [receiver] = createReceivers();
    const directive = { baseDigest: toDigest(base) };
    const file = toSampleFile({ terminals: [receiver], profile, purpose: "merchant", now: PRESENT, directive });
    const release = join(folder, "name.release");
    writeFileSync(release, toReleaseFileBytes({ ...file, bases: [base] }));
    return runSign(["show", release, "--home", company.checker.home, "--lang", "en"], { now: PRESENT });
  }

  it("with what steers a screen is refused by the import, line by line, and nothing of the file is taken", async () => {
    const names = [HONEST, ...REFUSED, ...REFUSED_FORMS];
    const { code, stdout, stderr } = await runTillsync(data, "--json", "terminals", "import", toFile(names));
    expect([code, stdout]).toEqual([1, ""]);
    const { error } = JSON.parse(stderr.trim().split("\n").at(-1) ?? "");
    expect(error.code).toBe("IMPORT_REFUSED");
    for (const name of [...REFUSED, ...REFUSED_FORMS]) expect(stderr.includes(name), JSON.stringify(name)).toBe(false);
    expect(JSON.parse((await callTillsync(data, "--json", "terminals", "list")).stdout)).toEqual([]);
  });

  it("with any one of these is refused by the import for its name", async () => {
    for (const name of [...REFUSED, ...REFUSED_FORMS]) {
      const { rows, faults } = await parseFleet(toChunks(readFileSync(toFile([name]))));
      expect(rows).toEqual([]);
      const codes = faults.map(({ column, code }) => `${column} ${code}`);
      // A bare carriage return breaks the file itself.
      expect(["merchant_name NAME_INVALID", " CSV_MALFORMED"], JSON.stringify(name)).toContain(codes[0]);
    }
  });

  it("with what steers a screen is refused by the signer's own program, unseen", async () => {
    for (const name of [...REFUSED, ...REFUSED_FORMS]) {
      const result = await show(name);
      expect([result.code, result.stdout, toRefusal(result)], JSON.stringify(name)).toEqual([1, "", "FIELD_INVALID"]);
      expect(result.stderr).not.toContain(name);
    }
  });

  it("and is some honest name of another kind comes in, as it is", async () => {
    const names = SHOWN.map(([name]) => name);
    expect((await callTillsync(data, "--json", "terminals", "import", toFile(names))).code).toBe(0);
    const store = await openStore(readDataFolder(data).database);
    const merchants = await store.selectFrom("merchants").select("name").execute();
    await store.destroy();
    expect(merchants.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
  });

  it.each(SHOWN)("is shown to who signs with its code points and a warning: %s", async (name, seen) => {
    const { code, stdout } = await show(name);
    expect(code).toBe(0);
    expect(stdout).toContain(seen);
    expect(stdout).toMatch(/^!!! WARNING/m);
    // Neither do such characters reach the screen themselves.
    expect(/(?! )\p{Zs}|[\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]/u.test(stdout)).toBe(false);
  });
});

async function* toChunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
