import { describe, expect, it } from "vitest";
import { advanceSearch, isCovered, MAX_VISITS, type Search, startSearch } from "../../../certs/trust/delegations.ts";
import { type Metadata, parseMetadata } from "../../../certs/trust/metadata.ts";
import { ANY } from "../../../certs/trust/rules.ts";
import { toDigest, toHex, toUtf8 } from "../../../proto/bytes.ts";
import { createSigner, type DelegatedRole, toFile } from "../../support/tuf-repository.ts";

const invalid = expect.objectContaining({ code: "TRUST_INVALID" });
const SIGNER = createSigner();
const KEYS = { [SIGNER.keyId]: SIGNER.entry };
const TOP = { keys: new Map(), threshold: 1 };

function role(name: string, how: Partial<DelegatedRole> = {}): object {
  return { name, keyids: [SIGNER.keyId], threshold: 1, terminating: false, paths: ["*"], ...how };
}

function targets(delegations?: object): Metadata {
  const common = { _type: "targets", spec_version: "1.0", version: 1, expires: "2030-01-01T00:00:00Z", targets: {} };
  return parseMetadata("targets", toFile(delegations === undefined ? common : { ...common, delegations }, []), ANY);
}

/** Names in the order in which a search for "file" looks into them. */
function visit(graph: Readonly<Record<string, readonly object[]>>, path = "file"): readonly string[] {
  const order: string[] = [];
  let search: Search = startSearch(path, TOP);
  for (let [next] = search.next; next !== undefined; [next] = search.next) {
    order.push(next.role);
    const roles = graph[next.role];
    search = advanceSearch(search, targets(roles === undefined ? undefined : { keys: KEYS, roles }), ANY);
  }
  return order;
}

describe("a search for a target", () => {
  it("goes depth first, in order of appearance", () => {
    expect(visit({ targets: [role("a"), role("b")], a: [role("c"), role("d")] })).toEqual([
      "targets",
      "a",
      "c",
      "d",
      "b",
    ]);
  });

  it("goes on from the first role that a terminating one stops at, and no further", () => {
    const graph = { targets: [role("a"), role("b")], a: [role("c", { terminating: true }), role("d")], c: [role("e")] };
    expect(visit(graph)).toEqual(["targets", "a", "c", "e"]);
  });

  it("is not stopped by a terminating role that does not cover the target", () => {
    const graph = { targets: [role("a", { terminating: true, paths: ["other"] }), role("b")] };
    expect(visit(graph)).toEqual(["targets", "b"]);
  });

  it("looks into a role once, whoever delegates to it, and ends circles", () => {
    expect(
      visit({ targets: [role("a"), role("b")], a: [role("b")], b: [role("a"), role("c")], c: [role("b")] }),
    ).toEqual(["targets", "a", "b", "c"]);
  });

  it("ends at its bound", () => {
    const endless = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`r${at}`, [role(`r${at + 1}`)]]));
    expect(visit({ targets: [role("r0")], ...endless })).toHaveLength(MAX_VISITS);
  });

  it("goes nowhere once it has ended", () => {
    const ended = { path: "file", next: [], visited: new Set<string>() };
    expect(advanceSearch(ended, targets(), ANY).next).toEqual([]);
  });

  it("hands each role the keys that this delegator gives it", () => {
    const { next } = advanceSearch(
      startSearch("file", TOP),
      targets({ keys: KEYS, roles: [role("a", { threshold: 1 })] }),
      ANY,
    );
    expect(next).toMatchObject([{ role: "a", keys: { threshold: 1 } }]);
    expect([...(next[0]?.keys.keys.keys() ?? [])]).toEqual([SIGNER.keyId]);
  });

  it("goes by the beginning of the digest of the path where a role says so", () => {
    const digest = toHex(toDigest(toUtf8("file")));
    const byPrefix = (...prefixes: string[]) => {
      const { paths, ...rest } = role("a") as DelegatedRole;
      return visit({ targets: [{ ...rest, path_hash_prefixes: prefixes }] });
    };
    expect(byPrefix("zz", digest.slice(0, 2))).toEqual(["targets", "a"]);
    expect(byPrefix(digest)).toEqual(["targets", "a"]);
    expect(byPrefix(digest.slice(1))).toEqual(["targets"]);
    expect(byPrefix()).toEqual(["targets"]);
  });

  it.each([
    ["are none", 1],
    ["have no roles", { keys: KEYS }],
    ["are bins in the short form, which is not supported", { keys: KEYS, succinct_roles: { bit_length: 4 } }],
    ["hold more roles than any may", { keys: KEYS, roles: Array(16_385).fill(role("a")) }],
    ["hold what is no role", { keys: KEYS, roles: [1] }],
    ["hold a role without a name", { keys: KEYS, roles: [{ ...role("a"), name: 1 }] }],
    ["hold a role with an empty name", { keys: KEYS, roles: [role("")] }],
    ["hold a role with a name that is too long", { keys: KEYS, roles: [role("a".repeat(129))] }],
    ["hold one role twice", { keys: KEYS, roles: [role("a"), role("a")] }],
    ["hold a role of the top level", { keys: KEYS, roles: [role("snapshot")] }],
    ["hold a role with both kinds of paths", { keys: KEYS, roles: [role("a", { path_hash_prefixes: ["a"] })] }],
    ["hold a role without paths", { keys: KEYS, roles: [{ ...role("a"), paths: undefined }] }],
    ["hold a role with paths that are none", { keys: KEYS, roles: [{ ...role("a"), paths: [1] }] }],
    [
      "hold more paths than any may",
      { keys: KEYS, roles: [role("a", { paths: Array.from({ length: 65_537 }, (_, at) => String(at)) })] },
    ],
    ["hold a role without a threshold", { keys: KEYS, roles: [role("a", { threshold: 0 })] }],
    ["hold a role whose key is not there", { keys: {}, roles: [role("a")] }],
    [
      "hold one key under two ids",
      { keys: { ...KEYS, b: SIGNER.entry }, roles: [role("a", { keyids: [SIGNER.keyId, "b"] })] },
    ],
  ])("is refused where delegations %s", (_, delegations) => {
    const json = JSON.parse(JSON.stringify(delegations));
    expect(() => advanceSearch(startSearch("file", TOP), targets(json), ANY)).toThrow(invalid);
  });
});

describe("a pattern", () => {
  it.each([
    ["file", "file", true],
    ["file", "*", true],
    ["", "*", true],
    ["file", "f*e", true],
    ["file", "f**e", true],
    ["file", "*l*", true],
    ["file", "f?le", true],
    ["file", "????", true],
    ["file", "???", false],
    ["file", "?????", false],
    ["file", "fil", false],
    ["file", "files", false],
    ["file", "File", false],
    ["file", "f*x", false],
    ["file", "f*l", false],
    ["a/b", "*", false],
    ["a/b", "*/*", true],
    ["a/b", "?/b", true],
    ["a/b", "a*b", false],
    ["a/b", "a?b", false],
    ["a/b/c", "*/*", false],
    ["a", "[a]", false],
    ["[a]", "[a]", true],
    ["a.tgz", "a.t*z", true],
    ["axtgz", "a.tgz", false],
    ["aab", "*ab", true],
    ["王", "?", true],
    ["\u{1f600}", "?", true],
  ])("for %j: %j covers it: %s", (path, pattern, covered) => {
    expect(isCovered(path, pattern)).toBe(covered);
  });

  it("made to take long does not", () => {
    const begin = process.cpuUsage().user;
    expect(isCovered("a".repeat(20_000), `${"*a".repeat(50)}*b`)).toBe(false);
    expect(process.cpuUsage().user - begin).toBeLessThan(2_000_000);
  });
});
