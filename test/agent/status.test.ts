import { describe, expect, it } from "vitest";
import type { FileSystem } from "../../agent/slots/file-system.ts";
import { readStatus } from "../../agent/status.ts";
import type { Profile } from "../../proto/profile.ts";
import { TUSN } from "../support/machine.ts";
import { createWorld, DEVICE_KEY, NOW, openMemoryAgent, toTrustBytes } from "../support/memory-agent.ts";
import { MemoryFiles } from "../support/memory-files.ts";
import { SAMPLE_PROFILE, toDelivery, toDirective, toNextProfile } from "../support/release.ts";

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
  });

  it("whose slot is gone for good says so", async () => {
    const { root, third } = await commitThree();
    const { current } = readStatus(third, CONFIG, root, NOW);
    expect(current).toMatchObject({ readable: true, number: 3 });
    for (const name of third.list().filter((file) => file.startsWith("objects/"))) third.damage(name, undefined);
    const status = readStatus(third, CONFIG, root, NOW);
    expect(status).toMatchObject({ current: { readable: false }, previous: { readable: false }, trust: null });
  });
});
