import { X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { LINK_FILE, noteLink } from "../../agent/link-file.ts";
import type { FileSystem } from "../../agent/slots/file-system.ts";
import { readStatus, toStatusText } from "../../agent/status.ts";
import type { Profile } from "../../proto/profile.ts";
import { toTrustBundleBytes } from "../../proto/trust-bundle.ts";
import { makeFolder } from "../support/agent-process.ts";
import { loadCertificates, TUSN_A } from "../support/certificates.ts";
import { TUSN } from "../support/machine.ts";
import {
  createWorld,
  DEVICE_KEY,
  type MemoryWorld,
  NOW,
  openMemoryAgent,
  toTrustBytes,
} from "../support/memory-agent.ts";
import { MemoryFiles } from "../support/memory-files.ts";
import { SAMPLE_PROFILE, toDelivery, toDirective, toNextProfile } from "../support/release.ts";
import { createApproversUnder, createRoleSigners, toRootBytes, toRootsOnly } from "../support/rotation.ts";

const DAY_S = 86_400;
const CONFIG = { tusn: TUSN, stateDir: "state" };
const STATE_FILES = 2;

/** The disk of an agent after each of three committed profiles. */
async function commitThree() {
  const world = createWorld();
  const agent = openMemoryAgent(world, new MemoryFiles());
  await agent.runner.start();
  await agent.runner.receive("trust", toTrustBytes(world));
  const disks: MemoryFiles[] = [];
  let base: Profile | undefined;
  for (const sequence of [1, 2, 3]) {
    const profile = base === undefined ? SAMPLE_PROFILE : toNextProfile(base, {});
    const terms = { tusn: TUSN, deviceKey: DEVICE_KEY, sequence, profile, now: NOW };
    const directive = toDirective(base === undefined ? terms : { ...terms, base });
    await agent.runner.receive("directive", toDelivery(world.approvers, directive, "binding", NOW));
    await agent.settle();
    disks.push(agent.files.clone());
    base = profile;
  }
  const [first, , third] = disks as [MemoryFiles, MemoryFiles, MemoryFiles];
  return { root: world.approvers.trust.root, first, third };
}

/** An agent whose settlement card was changed once. */
async function commitTwoCards(world: MemoryWorld) {
  const agent = openMemoryAgent(world, new MemoryFiles());
  await agent.runner.start();
  await agent.runner.receive("trust", toTrustBytes(world));
  const first = toDirective({ tusn: TUSN, deviceKey: DEVICE_KEY, sequence: 1, profile: SAMPLE_PROFILE, now: NOW });
  const profile = toNextProfile(SAMPLE_PROFILE, { binding: { last4: "2222" } });
  const terms = { tusn: TUSN, deviceKey: DEVICE_KEY, sequence: 2, base: SAMPLE_PROFILE, profile, now: NOW };
  for (const directive of [first, toDirective(terms)]) {
    await agent.runner.receive("directive", toDelivery(world.approvers, directive, "binding", NOW));
    await agent.settle();
  }
  return { agent };
}

describe("the status of an agent", () => {
  it("that commits and sweeps while it is read is that of one moment", async () => {
    const { root, first, third } = await commitThree();
    let reads = 0;
    const files: Pick<FileSystem, "read"> = {
      read: (name) => {
        reads += 1;
        return (reads <= STATE_FILES ? first : third).read(name);
      },
    };
    const status = readStatus(files as FileSystem, CONFIG, root, NOW);
    expect(status).toMatchObject({ sequence: 3, current: { readable: true, number: 3 } });
    expect(status.previous).toMatchObject({ readable: true, number: 2 });
    expect(status).toMatchObject({ rootVersion: 1, stale: false, cardChanges: 0, cardKey: false });
  });

  it("tells its certificate, how long it lasts and how the service names it", async () => {
    const { root, third } = await commitThree();
    const { certificate } = await (await loadCertificates()).terminal(TUSN_A, { now: new Date(NOW * 1_000) });
    const { folder, remove } = makeFolder();
    const certFile = join(folder, "device.pem");
    writeFileSync(certFile, certificate);
    const at = (now: number) => readStatus(third, { ...CONFIG, certFile }, root, now);
    const { fingerprint256, validTo } = new X509Certificate(certificate);
    const until = new Date(validTo).toISOString();
    const fingerprint = fingerprint256.replaceAll(":", "").toLowerCase();
    expect(at(NOW).certificate).toEqual({ until, fingerprint, state: "valid" });
    expect(at(NOW + 19 * DAY_S).certificate).toMatchObject({ state: "valid" });
    expect(at(NOW + 21 * DAY_S).certificate).toMatchObject({ state: "ending" });
    expect(at(NOW + 30 * DAY_S).certificate).toMatchObject({ state: "expired" });
    expect(toStatusText(at(NOW))).toMatch(new RegExp(`^certificate +until ${until}, ${fingerprint}$`, "m"));
    expect(toStatusText(at(NOW + 31 * DAY_S))).toMatch(/^certificate .+: EXPIRED/m);
    writeFileSync(certFile, "torn");
    expect(at(NOW).certificate).toBeNull();
    expect(toStatusText(at(NOW))).toMatch(/^certificate none/m);
    remove();
  });

  it("tells how it reaches its service, if it ever did", async () => {
    const { root, third } = await commitThree();
    const read = () => readStatus(third, CONFIG, root, NOW);
    expect([read().link, toStatusText(read())]).toEqual([null, expect.stringMatching(/^link +none yet$/m)]);
    noteLink(third, "poll", NOW, () => undefined);
    noteLink(third, "poll", NOW + 60, () => undefined);
    expect(read().link).toEqual({ way: "poll", since: new Date(NOW * 1_000).toISOString() });
    expect(toStatusText(read())).toMatch(/^link +polling, since /m);
    noteLink(third, "mqtt", NOW + 120, () => undefined);
    expect(toStatusText(read())).toMatch(/^link +connection to the broker, since /m);
    third.damage(LINK_FILE, Buffer.from("torn"));
    expect(read().link).toBeNull();
  });

  it("whose slot is gone for good says so", async () => {
    const { root, third } = await commitThree();
    const { current } = readStatus(third, CONFIG, root, NOW);
    expect(current).toMatchObject({ readable: true, number: 3 });
    for (const name of third.list().filter((file) => file.startsWith("objects/"))) third.damage(name, undefined);
    const status = readStatus(third, CONFIG, root, NOW);
    expect(status).toMatchObject({ current: { readable: false }, previous: { readable: false }, trust: null });
    expect(status).toMatchObject({ stale: true, rootVersion: 1 });
  });

  it("tells the newest root, staleness, settlement changes of a day, and whether it can be sealed card numbers", async () => {
    const signers = createRoleSigners();
    const world = createWorld(createApproversUnder(signers, NOW));
    const { agent } = await commitTwoCards(world);
    const root2 = toRootBytes(2, signers, signers, NOW);
    await agent.runner.receive("trust", toTrustBundleBytes(toRootsOnly(root2)));
    const config = { ...CONFIG, cardKeyFile: "card.key" };
    const at = (now: number) => readStatus(agent.files, config, world.approvers.trust.root, now);
    expect(at(NOW)).toMatchObject({ rootVersion: 2, stale: false, cardChanges: 1, cardKey: true });
    expect(toStatusText(at(NOW))).toMatch(/^trust +root 2, version 1, until [^ ]+, policy 1$/m);
    expect(at(NOW + DAY_S)).toMatchObject({ rootVersion: 2, stale: true, cardChanges: 0 });
    expect(toStatusText(at(NOW + DAY_S))).toMatch(/^trust .+: STALE/m);
    expect(toStatusText(at(NOW))).toMatch(/^card +1 changed within 24 hours/m);
  });
});
