import type { KeyObject } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readStatus, toStatusText } from "../../agent/status.ts";
import { type Ceremony, toCeremonyBytes } from "../../certs/ceremony/ceremony.ts";
import { toFrozen, withCaps, withHolders, withPerson } from "../../certs/ceremony/changes.ts";
import { createCeremony, type TrustChange } from "../../certs/ceremony/create.ts";
import { toHolders } from "../../certs/ceremony/holders.ts";
import { type OfflineTrust, verifyOfflineTrust } from "../../certs/ceremony/offline-trust.ts";
import { createApproverKey, toPrivateKeyPem, toPublicKey } from "../../certs/keys.ts";
import { TIMESTAMP_VALIDITY_S } from "../../certs/trust/verify.ts";
import { initMetadataFolder } from "../../certs/tuf/folder.ts";
import { toErrorCode } from "../../proto/errors.ts";
import { TRUST_FILES, type TrustBundle } from "../../proto/trust-bundle.ts";
import { listLedger } from "../../src/app/queries/ledger.ts";
import { buildRelease } from "../../src/app/release/build.ts";
import { publishRelease } from "../../src/app/release/publish.ts";
import { applyCeremony } from "../../src/app/trust/apply.ts";
import { toSignedBundle } from "../../src/app/trust/install.ts";
import { writeTrust } from "../../src/app/trust-files.ts";
import { callTillsync } from "../support/called-cli.ts";
import { type Company, carryOut, createCompany, toPerson } from "../support/ceremony.ts";
import { runTillsync } from "../support/cli.ts";
import { type Drill, deliver, openDrill, openTerminal, tell, toOrder, update } from "../support/drill.ts";
import { makeFolder, readLedgerKinds, signFile, toRequest } from "../support/fleet-store.ts";
import {
  codeOf,
  LEAVER,
  type LeftCompany,
  openLeftCompany,
  replaceHolder,
  rotateOnlineKey,
  toHeld,
  toLeaverOrder,
  toRefreshed,
} from "../support/left-company.ts";
import { createWorld, NOW } from "../support/memory-agent.ts";
import { SAMPLE_PROFILE } from "../support/release.ts";
import { toRootsOnly } from "../support/rotation.ts";
import { discard } from "../support/scratch.ts";
import { openDispatch, readOutbox, readStates } from "../support/test-dispatch.ts";
import { readTree } from "../support/tree.ts";
import { resign } from "../support/trust.ts";
import { DONE, STATE, startTufClient } from "../support/tuf-client.ts";

const SOMEBODY = createApproverKey();

/** Every choice of each of four files from one bundle or the other. */
function toMixtures(older: TrustBundle, newer: TrustBundle): readonly TrustBundle[] {
  return Array.from({ length: 2 ** TRUST_FILES.length }, (_, bits) => ({
    ...newer,
    ...Object.fromEntries(TRUST_FILES.map((name, at) => [name, (bits >> at) & 1 ? older[name] : newer[name]])),
  }));
}

/** Puts the files of a bundle into the service's folder, as whoever has the machine can. */
function plant({ folder }: Drill, bundle: TrustBundle): void {
  for (const name of TRUST_FILES) writeFileSync(join(folder, `${name}.json`), bundle[name]);
}

/** Nobody who heard of it takes the leaver back: not the terminal, nor an approver's folder, nor the running service. */
async function expectStaysOut({ drill, terminal, metadata, metadataPath }: LeftCompany, attack: TrustBundle) {
  const [held, folder] = [toHeld(terminal), readTree(metadataPath)];
  await tell(terminal.agent, attack);
  expect(toHeld(terminal)).toEqual(held);
  expect(codeOf(() => metadata.update(attack))).toMatch(/^TRUST_/);
  expect(readTree(metadataPath)).toEqual(folder);
  expect(await deliver(terminal, toLeaverOrder(terminal, drill))).toBe("refused STATEMENT_UNSIGNED");
  expect(toHeld(terminal)).toEqual(held);
}

describe("row 18: a person who left signs on", () => {
  it("is not brought back by any mixture of what was in force and what is", async () => {
    const left = await openLeftCompany();
    const { drill, older } = left;
    const newer = drill.service.bundle();
    for (const mixture of toMixtures(older, newer).slice(1)) await expectStaysOut(left, mixture);
    await expectStaysOut(left, toRefreshed(older, drill, 99));
  });

  it("is not brought back into the running service by older files in its folder, under any timestamp", async () => {
    const { drill, older } = await openLeftCompany();
    const { service } = drill;
    const newer = service.bundle();
    for (const attack of [...toMixtures(older, newer).slice(1), toRefreshed(older, drill, 99)]) {
      plant(drill, attack);
      // Files beside an unchanged timestamp are not even looked at; what is looked at is refused.
      const outcome = await service.reload().catch(toErrorCode);
      expect(["TRUST_ROLLBACK", "TRUST_INVALID", false]).toContain(outcome);
      expect(service.bundle()).toEqual(newer);
    }
    plant(drill, newer);
    expect(await service.reload()).toBe(false);
    expect(service.trust().policy.persons.map(({ id }) => id)).not.toContain(LEAVER);
  });

  it("is not brought back by a new online key, nor by the one before it", async () => {
    const left = await openLeftCompany();
    const { drill, terminal, metadata, older } = left;
    await rotateOnlineKey(drill);
    // The broker tells the root and keeps back what comes with it: the versions held so far are forgotten.
    const [root = new Uint8Array(0)] = drill.service.bundle().roots;
    await tell(terminal.agent, toRootsOnly(root));
    for (const attack of [older, toRefreshed(older, drill, 99)]) {
      const held = toHeld(terminal);
      await tell(terminal.agent, attack);
      expect(toHeld(terminal)).toEqual(held);
      expect(await deliver(terminal, toLeaverOrder(terminal, drill))).toBe("refused TRUST_STALE");
    }
    await update(terminal, drill.service);
    metadata.update(drill.service.bundle());
    for (const attack of [older, toRefreshed(older, drill, 99)]) await expectStaysOut(left, attack);
  });

  it.each([
    ["in one message with the root", (older: TrustBundle, root: Uint8Array) => [{ ...older, roots: [root] }]],
    ["after the root", (older: TrustBundle, root: Uint8Array) => [toRootsOnly(root), older]],
  ])("is not brought back by older files told %s that replaces another holder", async (_, toMessages) => {
    const { drill, terminal, older } = await openLeftCompany();
    await replaceHolder(drill);
    const [root = new Uint8Array(0)] = drill.service.bundle().roots;
    for (const message of toMessages(older, root)) await tell(terminal.agent, message);
    expect(terminal.agent.runner.state.roots).toHaveLength(1);
    const outcome = await deliver(terminal, toLeaverOrder(terminal, drill));
    expect([outcome, terminal.agent.runner.state.trust?.versions.policy]).toEqual(["refused STATEMENT_UNSIGNED", 2]);
    expect(terminal.world.content).toBeUndefined();
  });

  it("is not brought back into an approver's folder by older files told with the root that replaces another holder", async () => {
    const { drill, metadata, older } = await openLeftCompany();
    await replaceHolder(drill);
    expect(codeOf(() => metadata.update({ ...older, roots: drill.service.bundle().roots }))).toBe("TRUST_ROLLBACK");
    expect(metadata.trust()?.policy.persons.map(({ id }) => id) ?? []).not.toContain(LEAVER);
  });

  it("is heard by a terminal that is kept from the news to the last second of a day, and no longer", async () => {
    const { drill, older } = await openLeftCompany();
    const deaf = await openTerminal(2, drill.company.files.root);
    await tell(deaf.agent, older);
    deaf.world.clock = NOW + TIMESTAMP_VALIDITY_S;
    const held = toHeld(deaf);
    expect(await deliver(deaf, toLeaverOrder(deaf, drill))).toBe("refused TRUST_STALE");
    // Neither a clock set back nor the old timestamp again makes it fresh.
    await tell(deaf.agent, older);
    deaf.world.uptime = TIMESTAMP_VALIDITY_S;
    deaf.world.clock = NOW - 1_000;
    expect(await deliver(deaf, toLeaverOrder(deaf, drill))).toBe("refused TRUST_STALE");
    expect(toHeld(deaf)).toEqual(held);
  });

  it("publishes nothing, and what was published before is withheld, closed and told", async () => {
    const { fleet, dispatch, sent, state, tusns } = await openDispatch(2);
    const { policy } = fleet.approvers;
    const without = {
      ...policy,
      version: 2,
      persons: policy.persons.filter(({ roles }) => !roles.includes("checker")),
    };
    const { file } = await buildRelease(fleet, toRequest());
    const before = await readAll(fleet.store);
    const attempt = publishRelease(fleet, signFile(fleet, file), without);
    await expect(attempt).rejects.toThrow(expect.objectContaining({ code: "STATEMENT_UNSIGNED" }));
    expect(await readAll(fleet.store)).toEqual(before);

    state.policy = without;
    await dispatch.poll();
    expect(sent).toEqual([]);
    expect(await readOutbox(fleet)).toEqual([]);
    expect(await readStates(fleet)).toEqual(tusns.map(() => "superseded"));
    const kinds = await readLedgerKinds(fleet);
    expect(kinds.filter((kind) => kind === "alarm.not_approved")).toHaveLength(2);
    state.policy = policy;
    await dispatch.poll();
    expect(sent).toEqual([]);
  });
});

describe("row 19: trust is changed in an emergency", () => {
  const now = Math.floor(Date.now() / 1_000);

  /** A company of today, with three of five for everything: there is a threshold to lower. */
  function createWide(at = now): Company {
    const company = createCompany(at);
    const keys = [...company.holders, createApproverKey(), createApproverKey()] as const;
    const role = { keys: keys.map(toPublicKey), threshold: 3 };
    const holders = { root: role, targets: role, online: toPublicKey(company.online) };
    return { ...company, files: carryOut(company.files, { holders }, keys, at) };
  }

  const EMERGENCIES: readonly (readonly [string, (before: OfflineTrust) => TrustChange])[] = [
    ["stops everything", ({ policy }) => ({ policy: toFrozen(policy) })],
    ["lets somebody in", ({ policy }) => ({ policy: withPerson(policy, toPerson("x", SOMEBODY, "maker", "checker")) })],
    ["raises a cap", ({ policy }) => ({ policy: withCaps(policy, { cardChangesPerDay: 10 }) })],
    ["asks for fewer holders", ({ root }) => ({ holders: withHolders(toHolders(root), { rootThreshold: 2 }) })],
    ["takes another online key", ({ root }) => ({ holders: { ...toHolders(root), online: toPublicKey(SOMEBODY) } })],
  ];

  /** The files as those make them who are too few: with signatures of strangers and of the online key beside their own. */
  function forge({ files, online }: Company, change: TrustChange, keys: readonly KeyObject[]) {
    const { ceremony } = createCeremony(files, change, { reason: "at once", now });
    const signers = [...keys, SOMEBODY, online];
    const next = { ...ceremony.next };
    for (const file of ["root", "targets", "snapshot"] as const) {
      const bytes = next[file];
      if (bytes !== undefined) next[file] = resign(bytes, signers, {});
    }
    return { ...ceremony, next };
  }

  describe.each(EMERGENCIES)("one that %s", (_, toChange) => {
    const company = createWide();
    const change = toChange(verifyOfflineTrust(company.files));
    const tooFew = [0, 1, 2].map((count) => forge(company, change, company.holders.slice(0, count)));
    const toForged = ({ next }: Ceremony, at: number) => {
      const files = { ...company.files, ...next };
      return {
        ...toSignedBundle(files, company.online, 2 + at, now),
        roots: next.root === undefined ? [] : [next.root],
      };
    };

    it("is not applied with two of three signatures, and leaves folder and ledger alone", async () => {
      const drill = await openDrill(company);
      drill.fleet.at = now;
      const before = readTree(drill.folder);
      for (const ceremony of tooFew) {
        const attempt = applyCeremony(drill.fleet, drill.folder, toCeremonyBytes(ceremony));
        await expect(attempt).rejects.toThrow(expect.objectContaining({ code: "TRUST_UNSIGNED" }));
        expect(readTree(drill.folder)).toEqual(before);
      }
      expect(await readLedgerKinds(drill.fleet)).toEqual([]);
    });

    it("is taken by no approver's folder and no terminal, not even under the true online key", async () => {
      const path = join(makeFolder(), "metadata");
      const metadata = initMetadataFolder(path, company.files.root);
      metadata.update(toSignedBundle(company.files, company.online, 1, now));
      const terminal = await openTerminal(1, company.files.root, { world: { ...createWorld(), clock: now } });
      await tell(terminal.agent, toSignedBundle(company.files, company.online, 1, now));
      const { files } = terminal.agent;
      const before = { ...toHeld(terminal), tree: readTree(path), operations: files.operations };
      for (const forged of tooFew.map(toForged)) {
        expect(codeOf(() => metadata.update(forged))).toBe("TRUST_UNSIGNED");
        await tell(terminal.agent, forged);
        await tell(terminal.agent, toRootsOnly(...forged.roots));
        expect({ ...toHeld(terminal), tree: readTree(path), operations: files.operations }).toEqual(before);
      }
    });

    it("is taken by no client of the repository", async () => {
      const client = await startTufClient({ isInitialized: false });
      const serve = ({ roots, policy: __, ...bundle }: TrustBundle) => {
        for (const [name, bytes] of Object.entries(bundle)) client.repository.files.set(`metadata/${name}.json`, bytes);
        const [root] = roots;
        const next = verifyOfflineTrust(company.files).root.version + 1;
        if (root !== undefined) client.repository.files.set(`metadata/${next}.root.json`, root);
      };
      client.repository.files.clear();
      writeFileSync(join(client.folder, "root.json"), company.files.root);
      expect(await client.run("init", join(client.folder, "root.json"))).toEqual(DONE);
      serve({ ...toSignedBundle(company.files, company.online, 1, now), roots: [] });
      expect(await client.refresh()).toEqual(DONE);
      const { "timestamp.json": _was, ...before } = toMetadataTree(client.folder);
      for (const forged of tooFew.map(toForged)) {
        serve(forged);
        expect(await client.refresh()).toEqual({ exit: 1, code: "TRUST_UNSIGNED" });
        const { "timestamp.json": _is, ...after } = toMetadataTree(client.folder);
        expect(after).toEqual(before);
      }
    });
  });

  it("is refused to the operator's command, and leaves the data folder's trust and ledger alone", async () => {
    const company = createWide();
    const data = join(makeFolder(), "data");
    expect((await callTillsync(data, "init")).code).toBe(0);
    const trust = join(data, "trust");
    discard(trust);
    await writeTrust(trust, toSignedBundle(company.files, company.online, 1, now), toPrivateKeyPem(company.online));
    const before = readTree(trust);
    const file = join(data, "..", "ceremony");
    const change = { policy: toFrozen(verifyOfflineTrust(company.files).policy) };
    for (const count of [0, 1, 2]) {
      writeFileSync(file, toCeremonyBytes(forge(company, change, company.holders.slice(0, count))));
      const { code, stderr } = await callTillsync(data, "--json", "trust", "apply", file);
      expect([code, stderr]).toEqual([1, expect.stringContaining('"TRUST_UNSIGNED"')]);
      expect(readTree(trust)).toEqual(before);
    }
    const ledger = async () => JSON.parse((await callTillsync(data, "--json", "ledger", "show")).stdout).entries;
    expect(await ledger()).toEqual([]);
    writeFileSync(file, toCeremonyBytes(forge(company, change, company.holders)));
    expect((await runTillsync(data, "--json", "trust", "apply", file)).code).toBe(0);
    expect((await ledger()).map(({ kind }: { kind: string }) => kind)).toEqual([
      "trust.changed",
      "alarm.trust_emergency",
    ]);
  });

  it("is applied by enough, told by entry and alarm, and shows on the terminal", async () => {
    const drill = await openDrill(createWide(NOW));
    const { company, service } = drill;
    const terminal = await openTerminal(1, company.files.root);
    await update(terminal, service);
    const before = await terminal.agent.runner.greet();
    await drill.carryOut(({ policy, root }) => {
      return {
        policy: toFrozen(policy),
        holders: withHolders(toHolders(root), { rootThreshold: 2, targetsThreshold: 2 }),
      };
    }, company.holders);
    expect(await readLedgerKinds(drill.fleet)).toEqual(["trust.changed", "alarm.trust_emergency"]);
    const { entries } = await listLedger(drill.fleet.store, 0, 10);
    const alarm = JSON.parse(entries.find(({ kind }) => kind === "alarm.trust_emergency")?.detail ?? "{}");
    expect(alarm.what).toBe("frozen fewer_root_holders fewer_targets_holders");
    await update(terminal, service);
    const after = await terminal.agent.runner.greet();
    expect([before.rootVersion, after.rootVersion]).toEqual([2, 3]);
    const { tusn, agent, files } = terminal;
    const status = readStatus(files, { tusn, stateDir: "" }, company.files.root, NOW);
    expect(status).toMatchObject({ rootVersion: 3, trust: { timestamp: 1, stale: false, policy: 2, frozen: true } });
    expect(toStatusText(status)).toMatch(/^trust .+ FROZEN/m);
    const order = toOrder(terminal, { profile: SAMPLE_PROFILE, signers: [company.maker, company.checker] });
    expect(await deliver(terminal, order)).toBe("refused TYPE_NOT_ALLOWED");
    expect(agent.runner.state.slots.current).toBeUndefined();
  });
});

function toMetadataTree(folder: string) {
  return readTree(join(folder, STATE, "metadata"));
}

type Store = Awaited<ReturnType<typeof openDispatch>>["fleet"]["store"];

/** Every row that a release may add. */
async function readAll(store: Store) {
  const tables = ["releases", "deployments", "outbox", "profiles", "ledger"] as const;
  return await Promise.all(tables.map((table) => store.selectFrom(table).selectAll().execute()));
}
