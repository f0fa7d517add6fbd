import { createPrivateKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import type { EnrolArguments } from "../../../agent/enrol/command.ts";
import { toProcessText } from "../../../agent/process.ts";
import { generateRsaKey, toRsaKeyPem, toRsaPublicKey } from "../../../certs/x509/rsa-key.ts";
import { computeCryptogram } from "../../../proto/cryptogram.ts";
import { loadCertificates, longAgo, type TestCertificates, TUSN_A, TUSN_B } from "../../support/certificates.ts";
import { type Box, FACTOR, ROOT, run, SN_KEY, TOKEN, unpack, unpackKeyed } from "../../support/enrolment-box.ts";
import { type Answering, toIssued, toPending, toProblem } from "../../support/enrolment-server.ts";
import { createApprovers } from "../../support/release.ts";

// The installer's command against a real HTTPS server that stands for the service.

let made: TestCertificates;
beforeAll(async () => {
  made = await loadCertificates();
});

const requests = ({ server }: Box) => server.calls.filter(({ path }) => path === "/enrol/v1/certificates");
const challenging: Answering = ({ path }) =>
  path === "/enrol/v1/challenges" ? { body: { factor: FACTOR, expires: 60 } } : undefined;
const refusing =
  (code: string, at = "/enrol/v1/certificates"): Answering =>
  ({ path }) =>
    path === at ? toProblem(code) : undefined;

describe("tillsync-agent enrol", () => {
  it("makes the key on the terminal, gets its certificate, and pins authority and root as given", async () => {
    const box = await unpack();
    const { status, output } = await run(box);
    expect(status).toBe(0);
    expect(output).toContain(`${TUSN_A} is enrolled`);
    const certificate = new X509Certificate(readFileSync(box.path("device.pem")));
    expect(certificate.checkPrivateKey(createPrivateKey(readFileSync(box.path("device.key"))))).toBe(true);
    expect(certificate.subjectAltName).toBe(`URI:urn:tusn:${TUSN_A}`);
    expect(statSync(box.path("device.key")).mode & 0o777).toBe(0o600);
    expect(readFileSync(box.path("ca.pem"), "utf8")).toBe(made.authority.certificate);
    expect(readFileSync(box.path("root.json"))).toEqual(Buffer.from(ROOT));
    expect(readdirSync(box.path("state"))).toEqual([]);
    expect(requests(box)).toMatchObject([{ body: { tusn: TUSN_A, token: TOKEN } }]);
    expect(Object.keys(requests(box)[0]?.body ?? {}).sort()).toEqual(["request", "token", "tusn"]);
  });

  it("proves the TUSN over the service's factor, where the service wants it", async () => {
    const box = await unpackKeyed(challenging);
    expect((await run(box)).status).toBe(0);
    const cryptogram = computeCryptogram(SN_KEY, TUSN_A, FACTOR);
    expect(requests(box)).toMatchObject([{ body: { factor: FACTOR, cryptogram } }]);
  });

  it("says what is missing where the service wants a proof that the terminal cannot give", async () => {
    const terminal = { kind: "simulated", file: "profile.bin", tmk: "00".repeat(16) };
    const box = await unpackKeyed(challenging, { terminal });
    const { status, aside } = await run(box);
    expect(status).toBe(1);
    expect(aside).toMatch(/^PROOF_UNAVAILABLE.*computeCryptogram/ms);
    expect(requests(box)).toEqual([]);
  });

  it("waits for the second person, asking again with the same request and token and a fresh proof", async () => {
    const factors = ["1111111111", "2222222222", "3333333333"];
    const box = await unpackKeyed(({ path }) => {
      if (path === "/enrol/v1/challenges") return { body: { factor: factors.shift() ?? null, expires: 60 } };
      return factors.length > 0 ? toPending(0) : undefined;
    });
    const { status, aside } = await run(box);
    expect(status).toBe(0);
    const bodies = requests(box).map(({ body }) => body);
    expect(bodies.map((body) => body["factor"])).toEqual(["1111111111", "2222222222", "3333333333"]);
    expect(new Set(bodies.map(({ request, token }) => `${request} ${token}`)).size).toBe(1);
    expect(aside.match(/waiting for a second person/g)).toHaveLength(2);
  });

  it("ends with 3 where nobody admits it in time, and the next run goes on with the same key", async () => {
    let isAdmitted = false;
    const box = await unpackKeyed(({ path }) =>
      path.endsWith("certificates") && !isAdmitted ? toPending(60) : undefined,
    );
    const first = await run(box, { wait: "0", json: true });
    expect(first.status).toBe(3);
    expect(JSON.parse(first.output)).toEqual({
      ...{ state: "pending", tusn: TUSN_A },
      ...{ deviceKey: expect.stringMatching(/^[0-9a-f]{64}$/), digits: expect.stringMatching(/^(\d{5} ){7}\d{5}$/) },
    });
    expect(existsSync(box.path("device.pem"))).toBe(false);
    isAdmitted = true;
    expect((await run(box)).status).toBe(0);
    const [before, after] = requests(box).map(({ body }) => body["request"]);
    expect(after).toBe(before);
  });

  it("tells a pending enrolment also by its code, and waits out a service that is busy or went away", async () => {
    const replies = [toProblem("ENROLMENT_PENDING", 409), toProblem("DESK_BUSY", 503), { status: 502, body: "" }];
    const box = await unpackKeyed(({ path }) => (path.endsWith("certificates") ? replies.shift() : undefined));
    expect((await run(box, { wait: "0" })).status).toBe(3);
    expect(replies).toHaveLength(2);
  });

  it("does nothing where a good certificate is there, unless told to, also beside a running agent", async () => {
    const box = await unpackKeyed();
    await run(box);
    const before = readFileSync(box.path("device.pem"));
    // Whoever runs these tests stands for the agent.
    writeFileSync(box.path("state/agent.lock"), toProcessText(process.ppid));
    const again = await run(box, { json: true });
    expect(again.status).toBe(0);
    expect(JSON.parse(again.output)).toMatchObject({ state: "present", tusn: TUSN_A });
    expect(requests(box)).toHaveLength(1);
    expect(await run(box, { again: true })).toMatchObject({
      status: 1,
      aside: expect.stringMatching(/^AGENT_RUNNING/),
    });
    rmSync(box.path("state/agent.lock"));
    const renewed = await run(box, { again: true, json: true });
    const { fingerprint } = JSON.parse(renewed.output);
    const after = new X509Certificate(readFileSync(box.path("device.pem")));
    expect(fingerprint).toBe(after.fingerprint256.replaceAll(":", "").toLowerCase());
    expect(after.raw).not.toEqual(new X509Certificate(before).raw);
    expect(requests(box)).toHaveLength(2);
  });

  it("replaces a certificate that is of no use to this terminal any more", async () => {
    const box = await unpackKeyed();
    await run(box);
    const { certificate } = await made.terminal(TUSN_A);
    writeFileSync(box.path("device.pem"), certificate);
    expect((await run(box)).output).toContain("is enrolled: ");
    expect(requests(box)).toHaveLength(2);
  });

  it("takes the token from a file, and the service's place from the settings", async () => {
    const box = await unpackKeyed();
    const template = JSON.parse(readFileSync(box.path("agent.json"), "utf8"));
    writeFileSync(box.path("agent.json"), JSON.stringify({ ...template, enrolUrl: box.server.url }));
    writeFileSync(box.path("token"), `${TOKEN}\n`);
    const { status } = await run(box, { url: undefined, token: undefined, "token-file": box.path("token") });
    expect(status).toBe(0);
    expect(requests(box)).toMatchObject([{ body: { token: TOKEN } }]);
  });
});

describe("tillsync-agent enrol takes no certificate", () => {
  it.each([
    [
      "for another key",
      () => ({ publicKey: generateKeyPairSync("rsa", { modulusLength: 2_048 }).publicKey }),
      "another key",
    ],
    ["of another terminal", () => ({ tusn: TUSN_B }), "another terminal"],
    ["of another authority", () => ({ authority: made.foreignAuthority }), "another authority"],
    ["that has expired", () => ({ now: longAgo() }), "expired"],
    ["that is not valid yet", () => ({ now: new Date(Date.now() + 86_400_000) }), "not valid yet"],
  ])("%s", async (_, certified, what) => {
    const box = await unpackKeyed(async ({ path, body }) =>
      path.endsWith("certificates") ? toIssued(body["request"], certified()) : undefined,
    );
    const { status, aside } = await run(box);
    expect(status).toBe(1);
    expect(aside).toContain("CERTIFICATE_INVALID");
    expect(aside).toContain(what);
    expect(existsSync(box.path("device.pem"))).toBe(false);
  });

  it("by an authority that the service itself brings along", async () => {
    const box = await unpackKeyed(async ({ path, body }) => {
      if (!path.endsWith("certificates")) return undefined;
      const issued = await toIssued(body["request"], { authority: made.foreignAuthority });
      return { body: { ...(issued.body as object), chain: made.foreignAuthority.certificate } };
    });
    expect((await run(box)).aside).toContain("another authority");
    expect(readFileSync(box.path("ca.pem"), "utf8")).toBe(made.authority.certificate);
  });

  it.each([
    ["that is none", { certificate: "x", chain: "y" }, "CERTIFICATE_INVALID"],
    ["in another form", { cert: "x" }, "FETCH_FAILED"],
    ["with more beside it", { certificate: "x", chain: "y", root: "z" }, "FETCH_FAILED"],
    ["that is no text", { certificate: 1, chain: "y" }, "FETCH_FAILED"],
    ["without JSON", "<html>", "FETCH_FAILED"],
  ])("%s", async (_, body, code) => {
    const box = await unpackKeyed(({ path }) => (path.endsWith("certificates") ? { body } : undefined));
    const { status, output } = await run(box, { json: true });
    expect({ status, ...JSON.parse(output) }).toEqual({ status: 1, state: "failed", code });
    expect(existsSync(box.path("device.pem"))).toBe(false);
  });

  it.each([
    ["a factor that is too short", { factor: "12345", expires: 60 }],
    ["a factor that is no number", { factor: "12345678901234567890", expires: 60 }],
    ["no factor", { expires: 60 }],
  ])("after %s", async (_, body) => {
    const box = await unpackKeyed(({ path }) => (path.endsWith("challenges") ? { body } : undefined));
    expect((await run(box)).aside).toMatch(/^.*FETCH_FAILED/m);
    expect(requests(box)).toEqual([]);
  });
});

describe("tillsync-agent enrol tells what to do", () => {
  it.each([
    ["TOKEN_INVALID", /new token/],
    ["ENROLMENT_LOCKED", /unlock/],
    ["ENROLMENT_HELD", /two people.*tillsync-sign unbind/s],
    ["PROOF_WRONG", /SN key/],
    ["TERMINAL_RETIRED", /out of service/],
  ])("where the service answers %s", async (code, advice) => {
    for (const at of ["/enrol/v1/certificates", "/enrol/v1/challenges"]) {
      const { status, aside } = await run(await unpackKeyed(refusing(code, at)));
      expect(status).toBe(1);
      expect(aside).toMatch(new RegExp(`^${code}`, "m"));
      expect(aside).toMatch(advice);
    }
  });

  it("and repeats nothing else that a server says", async () => {
    const box = await unpackKeyed(() => ({ status: 400, body: { code: "[31mEVIL", fields: { text: "call 123" } } }));
    const { aside } = await run(box);
    expect(aside).toMatch(/^FETCH_FAILED.*status=400/m);
    expect(aside).not.toMatch(/EVIL|call 123/);
  });

  it("where the key is lost and the service still has it: the old one is not taken for the new", async () => {
    const held = new Set<unknown>();
    const box = await unpack(({ path, body }) => {
      if (!path.endsWith("certificates")) return undefined;
      held.add(body["request"]);
      return held.size > 1 ? toProblem("ENROLMENT_HELD", 409) : undefined;
    });
    await run(box);
    rmSync(box.path("device.key"));
    const { status, aside } = await run(box);
    expect(status).toBe(1);
    expect(aside).toMatch(/ENROLMENT_HELD.*two people/s);
  });
});

/** What is wrong, the arguments, what is told, and how the box is prepared. */
type Mistake = readonly [string, EnrolArguments, RegExp, (box: Box) => void];
const asUnpacked = () => undefined;

describe("tillsync-agent enrol asks nobody and makes no key", () => {
  const cases: readonly Mistake[] = [
    ["without a place to ask", { url: undefined }, /CONFIG_INVALID.*--url/, asUnpacked],
    ["in clear", { url: "http://localhost:1" }, /CONFIG_INVALID.*https/, asUnpacked],
    ["at a path of its own", { url: "https://localhost:1/x?y" }, /CONFIG_INVALID.*https/, asUnpacked],
    [
      "with a name and password in the address",
      { url: "https://a:b@localhost:1" },
      /CONFIG_INVALID.*https/,
      asUnpacked,
    ],
    ["without a token", { token: undefined }, /CONFIG_INVALID.*--token/, asUnpacked],
    ["with two tokens", { "token-file": "x" }, /CONFIG_INVALID.*--token/, asUnpacked],
    ["with a token that is none", { token: "a" }, /CONFIG_INVALID.*token/, asUnpacked],
    [
      "with a token file that is not there",
      { token: undefined, "token-file": "nothing" },
      /CONFIG_INVALID.*--token-file/,
      asUnpacked,
    ],
    ["without an end to its waiting", { wait: "forever" }, /CONFIG_INVALID.*--wait/, asUnpacked],
    ["for longer than a day", { wait: "1441" }, /CONFIG_INVALID.*--wait/, asUnpacked],
    ["without settings", { config: "nothing.json" }, /CONFIG_INVALID.*nothing.json/, asUnpacked],
    ["without an authority", { ca: undefined }, /CONFIG_INVALID.*--ca/, asUnpacked],
    [
      "without a trust root: the service is never asked for one",
      { root: undefined },
      /CONFIG_INVALID.*--root/,
      asUnpacked,
    ],
    [
      "with another authority than the one that is there",
      {},
      /CONFIG_INVALID.*differs/,
      (box) => writeFileSync(box.path("ca.pem"), made.foreignAuthority.certificate),
    ],
    [
      "with another trust root than the one that is there",
      {},
      /CONFIG_INVALID.*differs/,
      (box) => writeFileSync(box.path("root.json"), createApprovers(1_800_000_000).trust.root),
    ],
    [
      "with an authority that is none",
      {},
      /CERTIFICATE_INVALID/,
      (box) => writeFileSync(box.path("given-ca.pem"), "x"),
    ],
    ["with a trust root that is none", {}, /TRUST_INVALID/, (box) => writeFileSync(box.path("given-root.json"), "{}")],
    [
      "where others can read its key",
      {},
      /CONFIG_INVALID.*owner/,
      (box) => {
        writeFileSync(box.path("device.key"), "");
        chmodSync(box.path("device.key"), 0o644);
      },
    ],
  ];
  it.each(cases)("%s", async (_, change, error, prepare) => {
    const box = await unpack();
    prepare(box);
    const before = readdirSync(box.path(".")).sort();
    const { status, aside } = await run(box, change);
    expect(status).toBe(1);
    expect(aside).toMatch(error);
    expect(box.server.calls).toEqual([]);
    expect(readdirSync(box.path(".")).sort()).toEqual(before);
  });

  it("where the key that is there cannot be used, and leaves it as it is", async () => {
    for (const key of ["", "no key", toRsaKeyPem(await generateRsaKey(1_024))]) {
      const box = await unpack();
      writeFileSync(box.path("device.key"), key, { mode: 0o600 });
      expect((await run(box)).aside).toMatch(/^KEY_INVALID/m);
      expect(readFileSync(box.path("device.key"), "utf8")).toBe(key);
      expect(box.server.calls).toEqual([]);
    }
  });

  it("but takes a key that was made on the terminal before", async () => {
    const key = await generateRsaKey();
    const box = await unpack();
    writeFileSync(box.path("device.key"), toRsaKeyPem(key), { mode: 0o600 });
    expect((await run(box)).status).toBe(0);
    const { publicKey } = new X509Certificate(readFileSync(box.path("device.pem")));
    expect(publicKey.equals(toRsaPublicKey(key))).toBe(true);
  });
});
