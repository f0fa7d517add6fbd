import { MAX_TRUST_FILE_BYTES } from "../../../proto/bounds.ts";
import { toDigest, toHex } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { toPrintable } from "../../../proto/printable.ts";
import { parseMetadata } from "../../trust/metadata.ts";
import type { Trust } from "../../trust/verify.ts";
import type { MetadataFolder } from "../../tuf/folder.ts";
import type { Arguments, Command, Option } from "../arguments.ts";
import { readBounded } from "../files.ts";
import { initHome, openHome, readTrust } from "../home.ts";
import { print } from "../output.ts";
import type { Ports } from "../ports.ts";
import { toFingerprint } from "../render/fingerprint.ts";
import { fetchTrustSource, readTrustSource } from "../trust-source.ts";
import { SERVICE, toDesk, toHome } from "./options.ts";

export const trustInit: Command = {
  name: "trust init",
  about: "pin the root that you were given by hand; compare its fingerprint with somebody else's on the telephone",
  operands: ["ROOT.json"],
  options: {},
  run: async (given, ports) => {
    const root = readBounded(given.operands[0] ?? "", MAX_TRUST_FILE_BYTES);
    initHome(toHome(given, ports), root);
    const pinned = { version: parseMetadata("root", root).version, digest: toHex(toDigest(root)) };
    print(ports, given.flag("json"), { ...pinned, fingerprint: toFingerprint(root) }, () =>
      [`root ${pinned.version} is pinned`, `digest    ${pinned.digest}`, `read out  ${toFingerprint(root)}`].join("\n"),
    );
  },
};

export const trustUpdate: Command = {
  name: "trust update",
  about: "take newer trust from a bundle, a folder, or a service at https://HOST:PORT",
  operands: ["BUNDLE|FOLDER|URL"],
  options: { ca: SERVICE["ca"] as Option },
  run: async (given, ports) => {
    const folder = openHome(toHome(given, ports));
    const trust = await update(folder, given);
    if (trust !== undefined) return printTrust(trust, given, ports);
    const rootVersion = toRootVersion(folder);
    const words = `root ${rootVersion} is taken; nothing under it says who may sign: it takes an update with all files`;
    print(ports, given.flag("json"), { rootVersion, persons: [] }, () => words);
  },
};

export const trustShow: Command = {
  name: "trust show",
  about: "show who may sign what, and until when that is known",
  operands: [],
  options: {},
  run: async (given, ports) => printTrust(readTrust(toHome(given, ports)), given, ports),
};

async function update(folder: MetadataFolder, given: Arguments): Promise<Trust | undefined> {
  const source = given.operands[0] ?? "";
  const version = toRootVersion(folder);
  if (!source.includes("://")) return folder.update(readTrustSource(source, version));
  if (SERVICE["service"]?.pattern?.test(source) !== true) {
    throw new TillsyncError("CONFIG_INVALID", { expected: "https://HOST:PORT" });
  }
  return folder.update(await fetchTrustSource(toDesk(source, given), version));
}

function toRootVersion(folder: MetadataFolder): number {
  return parseMetadata("root", folder.read().roots.at(-1) ?? folder.pinnedRoot).version;
}

function printTrust(trust: Trust, given: Arguments, ports: Ports): void {
  const { policy, rootVersion, freshUntil, issued } = trust;
  const isStale = Math.max(ports.now(), issued) >= freshUntil;
  const persons = policy.persons.map(({ id, name, roles, keys }) => ({
    id,
    name,
    roles,
    keys: keys.map((key) => key.id),
  }));
  const { thresholds, caps } = policy;
  const facts = { rootVersion, policyVersion: policy.version, freshUntil, isStale, persons, thresholds, caps };
  print(ports, given.flag("json"), facts, () =>
    [
      `root ${rootVersion}, policy ${policy.version}, ${isStale ? "STALE since" : "fresh until"} ${toTime(freshUntil)}`,
      ...Object.entries(thresholds).map(([name, roles]) => `${name.padEnd(10)}  ${roles.join(" + ")}`),
      ...Object.entries(caps).map(([name, cap]) => `${name}  ${cap}`),
      ...persons.flatMap(({ id, name, roles, keys }) => [
        `${id}  ${toPrintable(name)}  ${roles.join(", ")}`,
        ...keys.map((key) => `    ${key}`),
      ]),
    ].join("\n"),
  );
}

function toTime(seconds: number): string {
  return new Date(seconds * 1_000).toISOString();
}
