import { describe, expect, it } from "vitest";
import { createApproverKey } from "../../../../certs/keys.ts";
import { signRelease } from "../../../../certs/release.ts";
import { toHex } from "../../../../proto/bytes.ts";
import { parseReleaseFile, toReleaseFileBytes } from "../../../../proto/delivery.ts";
import { parseTrustBundle, type TrustBundle, toTrustBundleBytes } from "../../../../proto/trust-bundle.ts";
import { openDesk } from "../../../../src/app/desk/desk.ts";
import { openDeskServer } from "../../../../src/faces/http/desk/desk-server.ts";
import { loadCertificates } from "../../../support/certificates.ts";
import { buildUnsigned, toId, withRecipients, withSealed } from "../../../support/desk.ts";
import { ask, openTestDesk, type TestDesk, toSignedHeaders } from "../../../support/desk-client.ts";
import { enrolFleet, openTestFleet, readLedgerKinds } from "../../../support/fleet-store.ts";

const LIST = "/v1/releases";

/** A desk with one release on it that nobody has signed. */
async function prepare() {
  const fleet = await openTestFleet();
  await enrolFleet(fleet, 2);
  const file = withRecipients(await buildUnsigned(fleet), [0]);
  await openDesk(fleet, () => fleet.approvers.policy).submit(toReleaseFileBytes(file));
  const desk = await openTestDesk(fleet);
  const path = `${LIST}/${toHex(toId(file))}`;
  return { desk, fleet, file, path, signatures: `${path}/signatures`, ...fleet.approvers };
}

async function readFile(desk: TestDesk) {
  const { file } = await desk.fleet.store.selectFrom("drafts").select("file").executeTakeFirstOrThrow();
  return Buffer.from(file);
}

describe("trust metadata from the desk", () => {
  it("is there for everybody, in the bytes of one bundle", async () => {
    const { desk, fleet } = await prepare();
    for (const path of ["/v1/trust/bundle", "/v1/trust/bundle?after=0", "/v1/trust/bundle?after=4294967295"]) {
      const { status, headers, body } = await ask(desk, path);
      expect([status, headers["content-type"]]).toEqual([200, "application/octet-stream"]);
      expect(body).toEqual(Buffer.from(toTrustBundleBytes(fleet.trust.bundle())));
    }
  });

  it("of many roots comes in several answers, each asked for after the last root of the one before", async () => {
    const fleet = await openTestFleet();
    const whole = fleet.trust.bundle();
    const none = new Uint8Array(0);
    const root = (version: number) => Buffer.from(`root ${version}`);
    const bundlesAfter = (held: number): readonly TrustBundle[] => {
      const lacking = [1, 2, 3, 4, 5].filter((version) => version > held).map(root);
      const rest = { timestamp: none, snapshot: none, targets: none, policy: none };
      const parts = [lacking.slice(0, 2), lacking.slice(2, 4), lacking.slice(4)].filter(({ length }) => length > 0);
      return [...parts.slice(0, -1).map((roots) => ({ roots, ...rest })), { ...whole, roots: parts.at(-1) ?? [] }];
    };
    const desk = await openTestDesk(fleet, { trust: { trust: fleet.trust.trust, bundlesAfter } });
    const roots: string[] = [];
    for (;;) {
      const bundle = parseTrustBundle((await ask(desk, `/v1/trust/bundle?after=${roots.length}`)).body);
      roots.push(...bundle.roots.map(String));
      if (bundle.policy.length > 0) break;
    }
    expect(roots).toEqual([1, 2, 3, 4, 5].map(root).map(String));
  });

  it.each([
    "?after=-1",
    "?after=01",
    "?after=x",
    "?after=",
    "?after=1&after=2",
    "?before=1",
    "?after=4294967296",
    "?__proto__=1",
  ])("is refused for %s", async (query) => {
    const desk = await openTestDesk(await openTestFleet());
    const { status, headers, json } = await ask(desk, `/v1/trust/bundle${query}`);
    expect([status, headers["content-type"]]).toEqual([400, "application/problem+json; charset=utf-8"]);
    expect(json).toMatchObject({ type: "urn:tillsync:FIELD_INVALID", code: "FIELD_INVALID", status: 400 });
  });
});

describe("an approver at the desk", () => {
  it("sees what waits, fetches it, and hands in a signature", async () => {
    const { desk, file, path, signatures, maker } = await prepare();
    const list = await ask(desk, LIST, { key: maker });
    expect(list.json).toMatchObject({
      releases: [{ id: toHex(toId(file)), purpose: "binding", size: 2, signedBy: [], missing: ["maker", "checker"] }],
    });
    const fetched = await ask(desk, path, { key: maker });
    expect(fetched.headers["content-type"]).toBe("application/octet-stream");
    expect(fetched.body).toEqual(Buffer.from(toReleaseFileBytes(file)));
    const signed = signRelease(withSealed(parseReleaseFile(fetched.body), [0]), maker);
    const handed = await ask(desk, signatures, { method: "POST", key: maker, body: toReleaseFileBytes(signed) });
    expect(handed.status).toBe(200);
    expect(handed.json).toMatchObject({ signedBy: ["li.mei"], missing: ["checker"], recipients: 1, sealed: 1 });
    expect(await readFile(desk)).toEqual(toReleaseFileBytes(signed));
  });

  it("loses nothing to another who hands in at the same moment", async () => {
    const { desk, file, signatures, maker, checker } = await prepare();
    const answers = await Promise.all(
      [maker, checker].map((key) =>
        ask(desk, signatures, { method: "POST", key, body: toReleaseFileBytes(signRelease(file, key)) }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(parseReleaseFile(await readFile(desk)).signatures).toHaveLength(2);
  });

  it("may ask twice for the same: the second time changes nothing", async () => {
    const { desk, fleet, file, signatures, maker } = await prepare();
    const body = toReleaseFileBytes(signRelease(file, maker));
    const asking = { method: "POST", key: maker, body };
    const first = await ask(desk, signatures, asking);
    const size = (await readLedgerKinds(fleet)).length;
    const second = await ask(desk, signatures, asking);
    expect(second.json).toEqual(first.json);
    expect(await readLedgerKinds(fleet)).toHaveLength(size);
  });

  it("is told by code what is wrong with what was handed in, and nothing of it is kept", async () => {
    const { desk, file, signatures, maker } = await prepare();
    const stranger = signRelease(file, createApproverKey());
    for (const [body, status, code] of [
      [toReleaseFileBytes(stranger), 422, "SIGNATURE_INVALID"],
      [toReleaseFileBytes({ ...file, reason: "another" }), 422, "RELEASE_INVALID"],
      [Buffer.from("no release"), 400, "BYTES_NOT_CANONICAL"],
      [Buffer.alloc(0), 400, "FIELD_INVALID"],
    ] as const) {
      const answer = await ask(desk, signatures, { method: "POST", key: maker, body });
      expect([answer.status, answer.json["code"]]).toEqual([status, code]);
    }
    expect(await readFile(desk)).toEqual(toReleaseFileBytes(file));
  });

  it("finds nothing under another name", async () => {
    const { desk, maker } = await prepare();
    for (const id of ["00".repeat(16), "x", "00".repeat(15), "AB".repeat(16)]) {
      const answer = await ask(desk, `${LIST}/${id}`, { key: maker });
      expect([answer.status, answer.json["code"]], id).toEqual([404, "NOT_FOUND"]);
    }
    expect((await ask(desk, `${LIST}/${"f".repeat(65)}`, { key: maker })).status).toBe(414);
  });

  it("finds closed what was published or has expired", async () => {
    const { desk, fleet, path, maker } = await prepare();
    fleet.at += 2 * 86_400;
    expect((await ask(desk, path, { key: maker })).json).toMatchObject({ status: 410, code: "EXPIRED" });
    expect((await ask(desk, LIST, { key: maker })).json).toEqual({ releases: [] });
    expect((await ask(desk, path, { key: maker })).json).toMatchObject({ status: 409, code: "STATE_CONFLICT" });
  });
});

describe("a stranger at the desk", () => {
  it("sees, fetches and hands in nothing", async () => {
    const { desk, file, path, signatures, maker, checker } = await prepare();
    const body = toReleaseFileBytes(signRelease(file, maker));
    const stranger = createApproverKey();
    const elsewhere = toSignedHeaders(desk, `${LIST}?x=1`, { key: maker });
    const askings = [
      ask(desk, LIST),
      ask(desk, LIST, { key: stranger }),
      ask(desk, LIST, { headers: elsewhere }),
      ask(desk, LIST, { headers: { authorization: "Bearer x" } }),
      ask(desk, path, { key: stranger }),
      ask(desk, signatures, { method: "POST", body }),
      ask(desk, signatures, { method: "POST", body, key: stranger }),
      // The signature is over another body, and over another digest.
      ask(desk, signatures, { method: "POST", key: maker, body, headers: { "content-digest": "sha-256=:AAAA:" } }),
      ask(desk, signatures, { method: "POST", key: checker, body, headers: { "content-digest": "" } }),
    ];
    for (const { status, headers, json, body: answer } of await Promise.all(askings)) {
      expect([status, json["code"]]).toEqual([401, "REQUEST_UNSIGNED"]);
      expect(headers["www-authenticate"]).toBe("Tillsync-Approver");
      expect(answer.includes(toHex(toId(file)))).toBe(false);
    }
    expect(await readFile(desk)).toEqual(toReleaseFileBytes(file));
  });

  it("gets nothing by an approver's request that is over, or made for later", async () => {
    const { desk, fleet, maker } = await prepare();
    for (const [offset, status] of [
      [-301, 401],
      [-300, 200],
      [300, 200],
      [301, 401],
    ] as const) {
      expect((await ask(desk, LIST, { key: maker, at: fleet.at + offset })).status, `${offset}`).toBe(status);
    }
  });

  it("gets nothing by an approver's request for another release", async () => {
    const { desk, signatures, path, file, maker } = await prepare();
    const body = toReleaseFileBytes(signRelease(file, maker));
    const headers = toSignedHeaders(desk, signatures, { method: "POST", key: maker, body });
    const other = path.replace(/[0-9a-f]{2}$/, "00");
    expect((await ask(desk, `${other}/signatures`, { method: "POST", body, headers })).status).toBe(401);
    // The same digest in the header, another body behind it.
    const swapped = await ask(desk, signatures, { method: "POST", body: Buffer.alloc(body.length), headers });
    expect(swapped.json["code"]).toBe("REQUEST_UNSIGNED");
    expect(await readFile(desk)).toEqual(toReleaseFileBytes(file));
  });

  it("that was an approver is one no more once the policy has changed", async () => {
    const { fleet, maker } = await prepare();
    const trust = fleet.trust.trust();
    const policy = { ...trust.policy, persons: trust.policy.persons.slice(1) };
    const changed = { trust: () => ({ ...trust, policy }), bundlesAfter: fleet.trust.bundlesAfter };
    const desk = await openTestDesk(fleet, { trust: changed });
    expect((await ask(desk, LIST, { key: maker })).status).toBe(401);
  });
});

describe("every answer of the desk", () => {
  it("has headers that keep browsers and caches out, refusals too", async () => {
    const { desk, maker } = await prepare();
    for (const answer of [
      await ask(desk, LIST, { key: maker }),
      await ask(desk, LIST),
      await ask(desk, "/"),
      await ask(desk, "/v1/trust/bundle"),
      await ask(desk, "/%"),
    ]) {
      expect(answer.headers).toMatchObject({
        "cache-control": "no-store",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        "x-content-type-options": "nosniff",
        "strict-transport-security": "max-age=31536000",
      });
      expect(Object.keys(answer.headers)).not.toContain("x-powered-by");
    }
  });

  it("to a fault of its own tells no more than that, and the log tells the rest", async () => {
    const { desk, fleet, maker } = await prepare();
    await fleet.store.schema.dropTable("drafts").execute();
    const { status, json, body } = await ask(desk, LIST, { key: maker });
    expect(status).toBe(500);
    expect(json).toEqual({
      type: expect.stringMatching(/^urn:tillsync:(INTERNAL|STORE_FAILED)$/),
      title: expect.any(String),
      status: 500,
      code: expect.any(String),
      fields: {},
    });
    expect(body.toString()).not.toMatch(/drafts|sqlite|\.ts|at /i);
    expect(JSON.stringify(fleet.lines)).toContain("drafts");
  });

  it("is told in the log by route, outcome and person, and by nothing that the client wrote", async () => {
    const { desk, fleet, file, signatures, maker } = await prepare();
    await ask(desk, signatures, { method: "POST", key: maker, body: toReleaseFileBytes(signRelease(file, maker)) });
    await ask(desk, "/canary-path?canary-query", { headers: { authorization: "canary-header", "x-canary": "1" } });
    const told = fleet.lines.filter(({ msg }) => msg === "request");
    expect(told).toMatchObject([
      { method: "POST", route: "/v1/releases/:id/signatures", status: 200, person: "li.mei", remote: "127.0.0.1" },
      { method: "GET", route: "", status: 404 },
    ]);
    expect(JSON.stringify(fleet.lines)).not.toMatch(/canary|signature=/);
  });

  it("to strangers fills no log", async () => {
    const { desk, fleet, maker } = await prepare();
    const path = "/v1/nothing";
    for (let n = 0; n < 80; n += 1) await ask(desk, path);
    await ask(desk, LIST, { key: maker });
    const told = () => fleet.lines.filter(({ msg }) => msg === "request").length;
    expect(told()).toBe(61);
    fleet.at += 60;
    await ask(desk, path);
    expect(told()).toBe(62);
    expect(fleet.lines).toContainEqual(expect.objectContaining({ msg: "requests not told", requests: 20 }));
  });
});

describe("opening the desk", () => {
  it("is refused with a code where the port is taken or the certificate is none", async () => {
    const fleet = await openTestFleet();
    const { server } = await loadCertificates();
    const { port } = await openTestDesk(fleet);
    const options = { ...fleet, now: fleet.now, ...server, host: "127.0.0.1", port };
    await expect(openDeskServer(options)).rejects.toThrow(expect.objectContaining({ code: "PORT_IN_USE" }));
    await expect(openDeskServer({ ...options, port: 0, certificate: "none" })).rejects.toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID" }),
    );
  });
});
