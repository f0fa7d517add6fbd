import { describe, expect, it } from "vitest";
import { MAX_ROOTS } from "../../../certs/trust/roots.ts";
import { ANY } from "../../../certs/trust/rules.ts";
import { readRoots, writeFirstRoot } from "../../../certs/tuf/holdings.ts";
import { refresh } from "../../../certs/tuf/refresh.ts";
import type { Source } from "../../../certs/tuf/source.ts";
import { MemoryFiles } from "../../support/memory-files.ts";
import { listContent, toFiles } from "../../support/tuf-files.ts";
import { createTufRepository, type TufRepository } from "../../support/tuf-repository.ts";

const NOW = 1_800_000_000;

function start(repository: TufRepository) {
  const disk = new MemoryFiles();
  const files = toFiles(disk);
  writeFirstRoot(files, repository.firstRoot, ANY);
  const asked: { address: string; most: number }[] = [];
  const source: Source = {
    get: (address, most) => {
      asked.push({ address, most });
      return Promise.resolve(repository.files.get(`metadata/${address}`));
    },
  };
  return { disk, asked, client: { files, source, now: NOW } };
}

describe("a refresh", () => {
  it("walks a bounded number of roots, and the next one walks on", async () => {
    const repository = createTufRepository(NOW);
    for (let version = 2; version <= MAX_ROOTS + 5; version += 1) repository.publish("root");
    const { client, asked } = start(repository);
    expect((await refresh(client)).root.metadata.version).toBe(MAX_ROOTS + 1);
    expect(asked.filter(({ address }) => address.endsWith("root.json"))).toHaveLength(MAX_ROOTS);
    const { root } = await refresh(client);
    expect(root.metadata.version).toBe(MAX_ROOTS + 5);
    expect(readRoots(client.files, root)).toHaveLength(MAX_ROOTS + 1);
  });

  it("asks for no more bytes than are told, and never for more than the role may have", async () => {
    const repository = createTufRepository(NOW);
    repository.isHashing = true;
    repository.publish("targets", "snapshot", "timestamp");
    const meta = repository.parts["snapshot"]?.meta["targets.json"] as { length: number };
    const told = meta.length;
    const { client, asked } = start(repository);
    await refresh(client);
    expect(asked.at(-1)).toEqual({ address: "2.targets.json", most: told });
    meta.length = 0xffff_ffff;
    repository.publish("snapshot", "timestamp");
    await expect(refresh(client)).rejects.toThrow(expect.objectContaining({ code: "TRUST_INVALID" }));
    expect(asked.at(-1)).toEqual({ address: "2.targets.json", most: ANY.bytes.targets });
  });

  it("takes again what was damaged on disk, and holds on to what was not", async () => {
    const repository = createTufRepository(NOW);
    const { client, disk } = start(repository);
    await refresh(client);
    const whole = listContent(disk);
    for (const name of ["timestamp.json", "snapshot.json", "targets.json"]) {
      disk.damage(`m/${name}`, Buffer.from("{}"));
      await refresh(client);
      expect(listContent(disk), name).toEqual(whole);
    }
    disk.damage("m/root.json", Buffer.from("{}"));
    await expect(refresh(client)).rejects.toThrow(expect.objectContaining({ code: "TRUST_INVALID" }));
  });

  it("takes a snapshot again whose digest the timestamp tells otherwise", async () => {
    const repository = createTufRepository(NOW);
    const { client } = start(repository);
    await refresh(client);
    repository.isHashing = true;
    const snapshot = repository.parts["snapshot"] as { version: number; more?: string };
    snapshot.more = "said later under the same version";
    snapshot.version -= 1;
    repository.publish("snapshot", "timestamp");
    const { snapshot: taken } = await refresh(client);
    expect(taken.metadata.signed["more"]).toBe(snapshot.more);
  });

  it("is refused where what is held has expired and nothing newer is there", async () => {
    const repository = createTufRepository(NOW);
    const soon = "2027-01-15T08:00:01Z";
    for (const role of ["snapshot", "targets"]) {
      const part = repository.parts[role] as { expires: string };
      const later = part.expires;
      part.expires = soon;
      repository.publish("targets", "snapshot", "timestamp");
      const { client } = start(repository);
      await refresh(client);
      const outcome = refresh({ ...client, now: NOW + 2 });
      await expect(outcome, role).rejects.toThrow(
        expect.objectContaining({ code: "TRUST_EXPIRED", fields: { what: role } }),
      );
      part.expires = later;
    }
  });
});
