import { describe, expect, it } from "vitest";
import { openRoot } from "../../../certs/trust/roots.ts";
import { ANY } from "../../../certs/trust/rules.ts";
import {
  openSnapshot,
  openTimestamp,
  toFloorOf,
  toNamed,
  verifySnapshot,
  verifyTargets,
  verifyTimestamp,
  verifyUnexpired,
} from "../../../certs/trust/steps.ts";
import { createTufRepository, type TufRepository } from "../../support/tuf-repository.ts";

const NOW = 1_800_000_000;
const NOTHING = { timestamp: 0, snapshot: 0 };

function withCode(code: string) {
  return expect.objectContaining({ code });
}

function read({ files, parts }: TufRepository, role: string): Uint8Array {
  const prefix = role === "timestamp" ? "" : `${parts[role]?.version}.`;
  return files.get(`metadata/${prefix}${role}.json`) as Uint8Array;
}

/** Everything a client holds after it has followed the repository. */
function follow(repository: TufRepository) {
  const root = openRoot(repository.firstRoot, ANY);
  const timestamp = openTimestamp(root, read(repository, "timestamp"));
  const snapshot = openSnapshot(root, read(repository, "snapshot"));
  return { root, timestamp, snapshot };
}

describe("a timestamp", () => {
  const repository = createTufRepository(NOW);
  repository.publish("snapshot", "timestamp");
  const { root } = follow(repository);
  const bytes = read(repository, "timestamp");

  it("is taken where neither it nor its snapshot is older than held", () => {
    expect(verifyTimestamp(root, bytes, { timestamp: 1, snapshot: 2 }).metadata.version).toBe(2);
    expect(() => verifyTimestamp(root, bytes, { timestamp: 3, snapshot: 2 })).toThrow(withCode("TRUST_ROLLBACK"));
    expect(() => verifyTimestamp(root, bytes, { timestamp: 1, snapshot: 3 })).toThrow(withCode("TRUST_ROLLBACK"));
  });

  it("of the version held is no error, whatever it names: it is left aside", () => {
    expect(verifyTimestamp(root, bytes, { timestamp: 2, snapshot: 3 }).metadata.version).toBe(2);
  });
});

describe("a snapshot", () => {
  it("is the one the timestamp names, with every file held at its version or a later one", () => {
    const repository = createTufRepository(NOW);
    repository.delegate("targets", "a", { paths: ["*"] });
    repository.publish("a", "targets", "snapshot", "timestamp");
    const { root, timestamp, snapshot } = follow(repository);
    const bytes = read(repository, "snapshot");
    expect([...toFloorOf(snapshot)]).toEqual([
      ["targets.json", 2],
      ["a.json", 1],
    ]);
    expect(verifySnapshot(root, timestamp, bytes, toFloorOf(snapshot)).bytes).toBe(bytes);
    for (const floor of [new Map([["a.json", 2]]), new Map([["targets.json", 3]]), new Map([["b.json", 1]])]) {
      expect(() => verifySnapshot(root, timestamp, bytes, floor)).toThrow(withCode("TRUST_ROLLBACK"));
    }
    const named = { ...timestamp, snapshot: { ...timestamp.snapshot, version: 3 } };
    expect(() => verifySnapshot(root, named, bytes, new Map())).toThrow(withCode("TRUST_INVALID"));
  });

  it("names a bounded number of files", () => {
    const repository = createTufRepository(NOW);
    const snapshot = repository.parts["snapshot"] as { meta: object };
    snapshot.meta = Object.fromEntries(Array.from({ length: 65_537 }, (_, at) => [`${at}`, { version: 1 }]));
    repository.publish("snapshot", "timestamp");
    expect(() => follow(repository)).toThrow(withCode("TRUST_INVALID"));
  });
});

describe("targets", () => {
  it("are the ones the snapshot names, under the keys they are asked for with", () => {
    const repository = createTufRepository(NOW);
    const { root, snapshot } = follow(repository);
    const bytes = read(repository, "targets");
    const { targets: keys, timestamp: others } = root.roles;
    expect(verifyTargets(root, snapshot, "targets.json", keys, bytes).version).toBe(1);
    expect(() => verifyTargets(root, snapshot, "targets.json", others, bytes)).toThrow(withCode("TRUST_UNSIGNED"));
    expect(() => verifyTargets(root, snapshot, "a.json", keys, bytes)).toThrow(withCode("TRUST_INVALID"));
    expect(() => toNamed(snapshot, "a.json")).toThrow(withCode("TRUST_INVALID"));
    repository.publish("targets");
    const later = read(repository, "targets");
    expect(() => verifyTargets(root, snapshot, "targets.json", keys, later)).toThrow(withCode("TRUST_INVALID"));
  });
});

describe("a file of the right version", () => {
  it.each(["snapshot", "targets"])("is refused as %s with another digest than told, though it is signed", (role) => {
    const repository = createTufRepository(NOW);
    repository.isHashing = true;
    repository.publish("targets", "snapshot", "timestamp");
    const { root, timestamp, snapshot } = follow(repository);
    const part = repository.parts[role] as { expires: string };
    part.expires = "2028-01-01T00:00:00Z";
    const bytes = repository.serve(role);
    const verify = () =>
      role === "snapshot"
        ? verifySnapshot(root, timestamp, bytes, new Map())
        : verifyTargets(root, snapshot, "targets.json", root.roles.targets, bytes);
    expect(verify).toThrow(withCode("TRUST_INVALID"));
  });
});

describe("expiry", () => {
  it("has come in the second that the file names", () => {
    const { timestamp } = follow(createTufRepository(NOW));
    const { expires } = timestamp.metadata;
    verifyUnexpired(timestamp.metadata, "timestamp", expires - 1);
    for (const now of [expires, expires + 1]) {
      expect(() => verifyUnexpired(timestamp.metadata, "timestamp", now)).toThrow(
        expect.objectContaining({ code: "TRUST_EXPIRED", fields: { what: "timestamp" } }),
      );
    }
  });

  it("is judged by who reads, not by the steps", () => {
    const repository = createTufRepository(0);
    const { root } = follow(repository);
    expect(verifyTimestamp(root, read(repository, "timestamp"), NOTHING).metadata.expires).toBeLessThan(NOW);
  });
});
