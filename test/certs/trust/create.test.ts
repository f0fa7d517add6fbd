import { describe, expect, it } from "vitest";
import {
  createTrust,
  OFFLINE_VALIDITY_S,
  toRoleHolders,
  toRootPart,
  toSnapshotPart,
} from "../../../certs/trust/create.ts";
import { parseMetadata, ROLE_NAMES, toMetadataBytes, toRoleKeys } from "../../../certs/trust/metadata.ts";
import { openRoot } from "../../../certs/trust/roots.ts";
import { ANY } from "../../../certs/trust/rules.ts";
import { openSnapshot } from "../../../certs/trust/steps.ts";
import { NOW, POLICY, SIGNERS } from "../../support/trust.ts";

describe("new trust metadata", () => {
  const trust = createTrust(SIGNERS, POLICY, NOW);

  it("gives each role its keys, and demands all of them", () => {
    const root = parseMetadata("root", trust.root);
    expect(root).toMatchObject({ version: 1, expires: NOW + OFFLINE_VALIDITY_S });
    for (const name of ROLE_NAMES) expect(toRoleKeys(root, name).threshold, name).toBe(SIGNERS[name].length);
  });

  it("comes back from the root's roles as it was", () => {
    const root = parseMetadata("root", trust.root);
    const { version, expires } = root;
    const [a, b, c, d] = ROLE_NAMES.map((name) => toRoleHolders(toRoleKeys(root, name)));
    const roles = { root: a, timestamp: b, snapshot: c, targets: d } as Parameters<typeof toRootPart>[0]["roles"];
    const again = toMetadataBytes(toRootPart({ version, expires, roles }), SIGNERS.root);
    expect(Buffer.from(again).equals(trust.root)).toBe(true);
  });

  it("may name its targets by version alone", () => {
    const bytes = toMetadataBytes(toSnapshotPart({ version: 7 }, 3, NOW), SIGNERS.snapshot);
    const { metadata, files } = openSnapshot(openRoot(trust.root, ANY), bytes);
    expect(metadata.version).toBe(3);
    expect(files.get("targets.json")).toEqual({ version: 7, length: undefined, hashes: undefined });
  });
});
