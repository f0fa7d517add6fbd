import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterEach, describe, expect, it, vi } from "vitest";
import { openHome } from "../../certs/sign/home.ts";
import { signStatement } from "../../certs/signatures.ts";
import { createTimestamp, toSnapshotPart, toTargetsPart } from "../../certs/trust/create.ts";
import { toMetadataBytes } from "../../certs/trust/metadata.ts";
import { NONCE_BYTES, toDigest, toUtf8 } from "../../proto/bytes.ts";
import { toDeliveryBytes } from "../../proto/delivery.ts";
import { toDirectiveBytes } from "../../proto/directive.ts";
import { RELEASE_ID_BYTES, toStatementBytes } from "../../proto/statement.ts";
import { toLeafHash, toTree } from "../../proto/tree.ts";
import { type TrustBundle, toTrustBundleBytes } from "../../proto/trust-bundle.ts";
import { install } from "../support/agent-process.ts";
import { callTillsync } from "../support/called-cli.ts";
import { TUSN_A } from "../support/certificates.ts";
import { makeFolder } from "../support/fleet-store.ts";
import { codeOf } from "../support/left-company.ts";
import { TILLSYNC, TILLSYNC_AGENT, TILLSYNC_SIGN, TILLSYNC_TUF } from "../support/programs.ts";
import { SAMPLE_PROFILE, type TestApprovers, toDirective } from "../support/release.ts";
import { createApproversUnder, createRoleSigners } from "../support/rotation.ts";
import { openTestService } from "../support/test-service.ts";
import { HAS_STRACE, IS_STRACE_INSTALLED, startTraced, type Touched, toTouched } from "../support/trace.ts";
import { readTree } from "../support/tree.ts";
import { STATE, startTufClient } from "../support/tuf-client.ts";

const PATIENCE = { timeout: 120_000 };

/** Names that lead out of a folder where somebody takes them for a path, in one reading or another. */
const HOSTILE = [
  "../evil",
  "../../../../../../../../../../../../tmp/evil",
  "/tmp/tillsync-evil",
  "/etc/passwd",
  "..",
  ".",
  "a/../../evil",
  "..\\..\\evil",
  "C:\\evil",
  "%2e%2e%2fevil",
  "..%2fevil",
  "%252e%252e%252fevil",
  "evil\u0000/../x",
  "．．／evil",
  "‥/evil",
  "․․∕evil",
  "..⁄evil",
  "\u202e../evil",
  "~/evil",
  "$HOME/evil",
  "file:///tmp/evil",
  "e".repeat(5_000),
  "../".repeat(1_000),
];
/** As far as they can be an argument of a process. */
const ARGUMENTS = HOSTILE.filter((name) => !name.includes("\u0000"));

/** Nothing outside these folders was made, written, renamed or removed. */
function expectWithin(touched: Touched, ...folders: readonly string[]): void {
  const isWithin = (path: string) => folders.some((folder) => path === folder || path.startsWith(`${folder}/`));
  expect(touched.changed.filter((path) => !isWithin(path))).toEqual([]);
  if (HAS_STRACE) expect(touched.opened.length).toBeGreaterThan(5);
}

/** A folder with a secret in it, and one below where a program may write. */
function makePlaces() {
  const outer = makeFolder();
  const inner = join(outer, "a/b/c/d");
  mkdirSync(inner, { recursive: true });
  writeFileSync(join(outer, "secret"), "the secret beside it");
  return { outer, inner, trace: join(outer, "trace") };
}

/** What lies around the folder in which a program may write. */
function readAround(outer: string, inner: string) {
  const below = inner.slice(outer.length + 1);
  return Object.keys(readTree(outer)).filter((path) => !path.startsWith(below) && !path.startsWith("trace"));
}

describe("row 24: names that are paths to somebody", () => {
  it.runIf(process.env["TILLSYNC_REQUIRE_ALL"] === "1")(
    "are watched by strace where everything must be checked",
    () => {
      expect(IS_STRACE_INSTALLED).toBe(true);
      // A container may forbid tracing; the folders around are compared all the same.
      if (!HAS_STRACE) console.warn("strace may not trace here: what was opened is not looked at, what changed is");
    },
  );

  it("would be seen: what strace tells is read as it is meant", () => {
    const lines = [
      String.raw`7 openat(AT_FDCWD</w>, "a/../../\303\251 \"x", O_WRONLY|O_CREAT, 0600) = 3</\303\251>`,
      '7 openat(AT_FDCWD</w>, "/r/O_RDWR", O_RDONLY) = 3',
      '7 renameat2(5</k>, "one", AT_FDCWD</w>, "../two", 0) = 0',
      '7 mkdir("deep", 0700 <unfinished ...>',
      '7 openat(AT_FDCWD</w>, "/dev/null", O_RDWR) = 3',
    ];
    expect(toTouched(lines.join("\n"), "/w")).toEqual({
      changed: ['/é "x', "/k/one", "/two", "/w/deep"],
      opened: ['/é "x', "/r/O_RDWR"],
    });
  });

  it.runIf(HAS_STRACE)("would be seen: a program that leaves its folder", async () => {
    const { inner, trace } = makePlaces();
    const leave = "const fs = require('node:fs'); fs.writeFileSync('../left', ''); fs.mkdirSync('kept')";
    const program = startTraced(trace, ["-e", leave], inner);
    expect(await program.ended).toMatchObject({ code: 0 });
    expect((await program.touched()).changed).toEqual([join(inner, "../left"), join(inner, "kept")]);
  });

  it(
    "as roles and targets of a repository make no file of tillsync-tuf outside its two folders",
    PATIENCE,
    async () => {
      const client = await startTufClient();
      const { repository, folder, url } = client;
      const roles = HOSTILE.filter((name) => name.length <= 128);
      for (const role of roles) repository.delegate("targets", role, { paths: ["*"] });
      repository.addTarget("file", "content");
      const targets = repository.parts["targets"]?.targets ?? {};
      for (const name of HOSTILE) targets[name] = targets["file"] as (typeof targets)[string];
      repository.publish(...roles, "targets", "snapshot", "timestamp");
      const [metadata, down] = ["metadata", "targets"].map((name) => join(folder, STATE, name)) as [string, string];
      const run = (n: number, ...args: readonly string[]) =>
        startTraced(join(folder, `trace.${n}`), [
          TILLSYNC_TUF,
          "--metadata-dir",
          metadata,
          "--metadata-url",
          `${url}/metadata/`,
          ...args,
        ]);
      const to = ["--target-base-url", `${url}/targets`, "--target-dir", down];

      const visiting = run(0, "--target-name", "nowhere", ...to, "download");
      expect(await visiting.ended).toMatchObject({ code: 1, stderr: expect.stringMatching(/^NOT_FOUND/) });
      expectWithin(await visiting.touched(), metadata, down);
      expect(Object.keys(readTree(metadata)).length).toBeGreaterThan(roles.length);
      for (const [n, name] of ARGUMENTS.entries()) {
        const fetching = run(n + 1, `--target-name=${name}`, ...to, "download");
        const { code, stderr } = await fetching.ended;
        expect([code, stderr.slice(0, 13)], name).toEqual([1, expect.stringMatching(/^(TRUST_INVALID|FETCH_FAILED)/)]);
        expectWithin(await fetching.touched(), metadata, down);
      }
      expect(Object.keys(readTree(down))).toEqual([]);
    },
  );

  it(
    "as person, file or metadata name make no file of tillsync-sign outside the folders it was told",
    PATIENCE,
    async () => {
      const { outer, inner, trace } = makePlaces();
      const [home, keys] = [join(inner, "home"), join(inner, "keys")];
      mkdirSync(keys);
      const passphrase = join(inner, "passphrase");
      writeFileSync(passphrase, "seven tills in a row\n", { mode: 0o600 });
      const around = readAround(outer, inner);
      let runs = 0;
      const run = async (...args: readonly string[]) => {
        const started = startTraced(`${trace}.${++runs}`, [TILLSYNC_SIGN, ...args, "--home", home], inner);
        const ended = await started.ended;
        expectWithin(await started.touched(), inner);
        return ended;
      };
      for (const person of ARGUMENTS.filter((_, n) => n % 4 === 0)) {
        const made = await run(
          "keygen",
          "--out",
          join(keys, "me"),
          "--passphrase-file",
          passphrase,
          `--person=${person}`,
        );
        expect(made.code, person).not.toBe(0);
      }
      expect(readTree(keys)).toEqual({});

      const { trust, attacks } = createHostileTrust();
      writeFileSync(join(inner, "root.json"), trust.root);
      expect((await run("trust", "init", join(inner, "root.json"))).code).toBe(0);
      // Some as processes of their own; all of them through the same folder.
      for (const attack of attacks.slice(0, 6)) {
        writeFileSync(join(inner, "bundle"), toTrustBundleBytes(attack));
        expect((await run("trust", "update", join(inner, "bundle"))).stderr).not.toContain("INTERNAL");
      }
      for (const attack of attacks) expect(codeOf(() => openHome(home).update(attack))).not.toBe("INTERNAL");
      const known = /^trust(\/(roots(\/\d+\.json)?|(root|timestamp|snapshot|targets|policy)\.json))?$/;
      expect(Object.keys(readTree(home)).filter((path) => !known.test(path))).toEqual([]);
      expect(readAround(outer, inner)).toEqual(around);
    },
  );

  it("in what the broker sends make no file of the agent outside its folder", PATIENCE, async () => {
    const { outer, inner, trace } = makePlaces();
    const { approvers, trust, attacks, now } = createHostileTrust();
    const service = await openTestService(approvers);
    closings.push(() => service.close());
    const { configFile, stateDir } = await install({
      folder: inner,
      tusn: TUSN_A,
      port: service.port,
      root: trust.root,
    });
    const around = readAround(outer, inner);
    const agent = startTraced(trace, [TILLSYNC_AGENT, "run", "--config", configFile], inner);
    await vi.waitFor(() => expect(service.hellos.length).toBeGreaterThan(0), { timeout: 20_000 });
    for (const name of HOSTILE) {
      service.send(TUSN_A, "directive", toNamed(approvers, name, now));
      for (const kind of ["directive", "trust", "receipt"] as const) service.send(TUSN_A, kind, toUtf8(name));
    }
    for (const attack of attacks) service.send(TUSN_A, "trust", toTrustBundleBytes(attack));
    const toCodes = () => service.reports.map(({ code }) => code);
    await vi.waitFor(() => expect(toCodes()).toContain("TUSN_INVALID"), { timeout: 20_000 });
    const hellos = service.hellos.length;
    service.disconnect(TUSN_A);
    await vi.waitFor(() => expect(service.hellos.length).toBeGreaterThan(hellos), { timeout: 20_000 });
    agent.child.kill("SIGTERM");
    await agent.ended;
    expectWithin(await agent.touched(), stateDir, join(inner, "terminal"));
    expect(readAround(outer, inner)).toEqual(around);
    const names = Object.keys(readTree(stateDir));
    expect(names.filter((path) => !/^(lock|link\.json|objects|state\.[01]|objects\/[0-9a-f]{64})$/.test(path))).toEqual(
      [],
    );
  });

  it("as arguments and rows of tillsync make no file outside the data folder", PATIENCE, async () => {
    const { outer, inner } = makePlaces();
    const data = join(inner, "data");
    expect((await callTillsync(data, "init")).code).toBe(0);
    const around = readAround(outer, data);
    let runs = 0;
    const run = async (...args: readonly string[]) => {
      const started = startTraced(join(outer, `trace.${++runs}`), [TILLSYNC, "--data", data, "--json", ...args], inner);
      const ended = await started.ended;
      expectWithin(await started.touched(), data);
      return ended;
    };
    const key = "ab".repeat(32);
    for (const name of ["../../secret", "/tmp/tillsync-evil"]) {
      for (const args of [
        ["terminals", "show", name],
        ["merchants", "show", name],
        ["deployments", "--tusn", name],
        ["deployments", "--release", name],
        ["trust", "remove-person", name, "--reason", "x", "--out", join(data, "out")],
        ["trust", "add-person", `${name}:x:checker:${key}`, "--reason", "x", "--out", join(data, "out")],
      ]) {
        const { code, stdout, stderr } = await run(...args);
        expect(`${stdout}${stderr}`).not.toContain("the secret beside it");
        expect(args[0] === "deployments" || code !== 0, args.join(" ")).toBe(true);
      }
    }
    expect(existsSync(join(data, "out"))).toBe(false);
    const [header = "", row = ""] = readFileSync("sim/data/fleet.csv", "utf8")
      .split("\n")
      .filter((line) => !line.startsWith("#"));
    for (const column of ["tusn", "merchant_no", "terminal_no", "model", "maker"]) {
      const at = header.split(",").indexOf(column);
      writeFileSync(join(data, "fleet.csv"), `${header}\n${row.split(",").with(at, "../../evil").join(",")}\n`);
      const { code } = await run("terminals", "import", join(data, "fleet.csv"));
      expect([0, 1], column).toContain(code);
    }
    expect(readAround(outer, data)).toEqual(around);
  });

  it("in addresses of the desk open no file, neither in its folder nor outside", PATIENCE, async () => {
    const { outer, inner, trace } = makePlaces();
    const data = join(inner, "data");
    expect((await callTillsync(data, "init")).code).toBe(0);
    const around = readAround(outer, data);
    const ports = ["--port", "0", "--desk-port", "0", "--no-enrolment", "--no-lookup", "--no-api", "--no-terminal"];
    const serve = ["serve", "--data", data, "--host", "127.0.0.1", ...ports];
    const service = startTraced(trace, [TILLSYNC, ...serve], inner);
    let told = "";
    service.child.stderr?.on("data", (part) => {
      told += part;
    });
    await vi.waitFor(() => expect(told).toMatch(/Approvers are served on 127\.0\.0\.1:\d+/), { timeout: 30_000 });
    const port = Number(/served on 127\.0\.0\.1:(\d+)/.exec(told)?.[1]);
    const ca = readFileSync(join(data, "ca", "ca.pem"));
    const targets = ["secret", "ca/ca.key", "trust/online.pem", "etc/passwd"];
    const ups = [
      "../../../../",
      "..%2f..%2f..%2f..%2f",
      "%2e%2e/%2e%2e/",
      "..\\..\\",
      "．．／．．／",
      "%00../",
      "/",
      "%252e%252e%252f",
    ];
    const paths = ["/", "/v1/", "/v1/releases/", "/v1/trust/bundle/", "/v1/trust/bundle?after="].flatMap((before) =>
      ups.flatMap((up) => targets.map((target) => `${before}${up}${target}`)),
    );
    for (const path of [...paths, ...HOSTILE.map((name) => `/v1/releases/${name}`)]) {
      const answer = await askRaw(port, ca, path);
      expect(answer, path).toMatch(/^(HTTP\/1\.1 4\d\d |$)/);
      expect(answer).not.toMatch(/PRIVATE KEY|the secret beside it|root:x/);
    }
    service.child.kill("SIGTERM");
    await service.ended;
    const touched = await service.touched();
    expectWithin(touched, data);
    const forbidden = touched.opened.filter((path) => /secret$|\/etc\/passwd$|evil|ca\.key\/|\.\./.test(path));
    expect(forbidden).toEqual([]);
    expect(readAround(outer, data)).toEqual(around);
  });
});

const closings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0)) await close();
});

/** Trust that is in force, and bundles of the same signers with hostile names in every place that has one. */
function createHostileTrust() {
  const now = Math.floor(Date.now() / 1_000);
  const expires = now + 86_400;
  const signers = createRoleSigners();
  const approvers = createApproversUnder(signers, now);
  const { trust } = approvers;
  const { signed } = JSON.parse(Buffer.from(trust.root).toString());
  const part = toTargetsPart(trust.policy, 2, expires) as { readonly targets: Readonly<Record<string, object>> };
  /** Each file as the one before it names it, so that none is passed over. */
  const toAttack = (targets: object, meta: object = {}, policy = trust.policy): TrustBundle => {
    const bytes = toMetadataBytes(targets, signers.targets);
    const snapshot = toSnapshotPart({ version: 2 }, 2, expires) as { readonly meta: object };
    const all = toMetadataBytes({ ...snapshot, meta: { ...snapshot.meta, ...meta } }, signers.snapshot);
    const timestamp = createTimestamp(signers.timestamp, 2, all, 2, now);
    return { roots: [], timestamp, snapshot: all, targets: bytes, policy };
  };
  const attacks = HOSTILE.flatMap((name): readonly TrustBundle[] => {
    const { "policy.json": policy = {} } = part.targets;
    const person = toUtf8(
      Buffer.from(trust.policy)
        .toString()
        .replace('"li.mei"', () => JSON.stringify(name)),
    );
    const roles = { ...signed.roles, [name]: signed.roles.targets };
    return [
      toAttack({ ...part, targets: { [name]: policy } }),
      toAttack({ ...part, _type: name }),
      toAttack(toTargetsPart(person, 2, expires), {}, person),
      { ...trust, roots: [toMetadataBytes({ ...signed, version: 3, roles }, signers.root)] },
      toAttack(part, { [name]: { version: 1 }, [`${name}.json`]: { version: 1 } }),
      toAttack({ ...part, targets: { ...part.targets, [name]: policy } }),
    ];
  });
  return { approvers, trust, attacks, now };
}

/** A release that both signed, whose one directive has this for its terminal's name. */
function toNamed({ maker, checker }: TestApprovers, name: string, now: number): Uint8Array {
  const request = { tusn: TUSN_A, deviceKey: new Uint8Array(32), sequence: 1, profile: SAMPLE_PROFILE, now };
  const directive = Buffer.from(toDirectiveBytes(toDirective(request)));
  // In the place of the name, at the length that it says.
  Buffer.from(name.padEnd(TUSN_A.length, "/")).copy(directive, directive.indexOf(TUSN_A), 0, TUSN_A.length);
  const tree = toTree([toLeafHash(directive)]);
  const statement = toStatementBytes({
    ...{ releaseId: randomBytes(RELEASE_ID_BYTES), purpose: "binding", merchant: SAMPLE_PROFILE.merchant.number },
    ...{ root: tree.root, size: 1, created: now, expires: now + 86_400, reason: toDigest(toUtf8("a test")) },
  });
  const signatures = [maker, checker].map((key) => signStatement(key, statement));
  const [nonce, sealed] = [randomBytes(NONCE_BYTES), new Uint8Array(0)];
  return toDeliveryBytes({ statement, signatures, index: 0, path: [], directive, nonce, sealed });
}

/** All that comes back for a path as it stands. */
async function askRaw(port: number, ca: Buffer, path: string): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port, ca });
  let text = "";
  socket.on("data", (part: Buffer) => {
    text += part.toString("latin1");
  });
  socket.on("error", () => undefined);
  socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
  await once(socket, "close");
  return text;
}
