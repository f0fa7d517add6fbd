import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { verifyOfflineTrust } from "../../../certs/ceremony/offline-trust.ts";
import { createApproverKey } from "../../../certs/keys.ts";
import { signRelease } from "../../../certs/release.ts";
import { verifyRequest } from "../../../certs/request.ts";
import { createTimestamp } from "../../../certs/trust/create.ts";
import { toHex } from "../../../proto/bytes.ts";
import { type ReleaseFile, toReleaseFileBytes } from "../../../proto/delivery.ts";
import { parseStatement } from "../../../proto/statement.ts";
import { toTrustBundleBytes } from "../../../proto/trust-bundle.ts";
import { carryOut, createCompany as createHolders, NOW as HOLDERS_NOW, toRotation } from "../../support/ceremony.ts";
import { loadCertificates } from "../../support/certificates.ts";
import { createCompany, runSign, type SigningPerson, toRefusal } from "../../support/sign.ts";
import { createReceivers, toNewCard, toSampleFile, writeRelease } from "../../support/sign-sample.ts";

const NOW = Math.floor(Date.now() / 1_000);
const company = createCompany(NOW);
const { maker, stranger, policy, folder } = company;
const file = toSampleFile({ terminals: createReceivers(), profile: toNewCard().profile, purpose: "binding", now: NOW });
const id = toHex(parseStatement(file.statement).releaseId);

interface Answer {
  readonly status?: number;
  readonly body?: Uint8Array | string;
}

/** What the server answers in place of what it should; and what it was sent. */
interface Desk {
  answer?: Answer | ((path: string) => Answer);
  readonly seen: { readonly person: string; readonly request: string; readonly body: Buffer }[];
}
const desk: Desk = { seen: [] };

let server: Server;
let service = "";
const ca = join(folder, "ca.pem");
const otherCa = join(folder, "other-ca.pem");

beforeAll(async () => {
  const { authority, foreignAuthority, server: identity } = await loadCertificates();
  writeFileSync(ca, authority.certificate);
  writeFileSync(otherCa, foreignAuthority.certificate);
  server = createServer({ key: identity.key, cert: identity.certificate }, (request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const [method = "", path = "", body] = [request.method, request.url, Buffer.concat(parts)];
      let person = "";
      try {
        if (!path.startsWith("/v1/trust/")) {
          person = verifyRequest(policy, request.headers.authorization, { method, path, body }, NOW).id;
        }
      } catch {
        response.writeHead(401).end(JSON.stringify({ error: { code: "REQUEST_UNSIGNED" } }));
        return;
      }
      desk.seen.push({ person, request: `${method} ${path}`, body });
      const { status = 200, body: answer = toAnswer(method, path) } =
        (typeof desk.answer === "function" ? desk.answer(path) : desk.answer) ?? {};
      response.writeHead(status).end(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  service = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  company.remove();
});
beforeEach(() => {
  delete desk.answer;
  desk.seen.length = 0;
});

function toAnswer(method: string, path: string): Uint8Array | string {
  if (path.startsWith("/v1/trust/bundle?after=")) return toTrustBundleBytes(company.trust);
  if (path === `/v1/releases/${id}`) return toReleaseFileBytes(file);
  if (method === "POST") return "{}";
  const listed = {
    id,
    purpose: "binding",
    merchant: "822290058120001",
    size: 2,
    reason: "a\u202etest",
    signedBy: [],
    missing: ["maker"],
  };
  return JSON.stringify({ releases: [{ ...listed, created: NOW, expires: NOW, bytes: 1, recipients: 0, sealed: 0 }] });
}

function call(command: string, person: SigningPerson, ...argv: readonly string[]) {
  return runSign([command, ...argv, "--service", service, "--ca", ca, ...person.as], { now: NOW });
}

describe("the program and the service's desk", () => {
  it("lists what waits, with what cannot be seen shown", async () => {
    const { code, stdout } = await call("fetch", maker);
    expect([code, stdout.includes(id), stdout.includes("<U+202E>"), stdout.includes("\u202e")]).toEqual([
      0,
      true,
      true,
      false,
    ]);
    expect(desk.seen).toMatchObject([{ person: "li.mei", request: "GET /v1/releases" }]);
  });

  it("lists the reason of a settlement change without the end of any number: a checker types that from paper", async () => {
    const listed = { id, merchant: "822290058120001", size: 2, signedBy: [], missing: [] };
    const releases = ["binding", "merchant"].map((purpose) => ({
      ...listed,
      purpose,
      reason: "新卡尾号0128，工单 77",
    }));
    desk.answer = { body: JSON.stringify({ releases }) };
    const [text, json] = [await call("fetch", maker), await call("fetch", maker, "--json")];
    expect(JSON.parse(json.stdout).map(({ reason }: { reason: string }) => reason)).toEqual([
      "新卡尾号****，工单 77",
      "新卡尾号0128，工单 77",
    ]);
    expect(text.stdout.match(/0128/g)).toHaveLength(1);
  });

  it("fetches a release into a new file, byte for byte", async () => {
    const out = join(folder, "fetched.release");
    expect((await call("fetch", maker, "--release", id, "--out", out)).code).toBe(0);
    expect(readFileSync(out)).toEqual(Buffer.from(toReleaseFileBytes(file)));
    expect(toRefusal(await call("fetch", maker, "--release", id, "--out", out))).toBe("CONFIG_INVALID");
  });

  it("hands in the very bytes of the file", async () => {
    const path = writeRelease(folder, signRelease(file, maker.key), "signed.release");
    expect((await call("submit", maker, path)).code).toBe(0);
    expect(desk.seen).toMatchObject([{ person: "li.mei", request: `POST /v1/releases/${id}/signatures` }]);
    expect(desk.seen[0]?.body).toEqual(readFileSync(path));
  });

  it("takes trust under the pinned root", async () => {
    const home = join(folder, "home-of-a-fetcher");
    await runSign(["trust", "init", join(company.trustFolder, "root.json"), "--home", home]);
    const { code } = await runSign(["trust", "update", service, "--ca", ca, "--home", home], { now: NOW });
    expect([code, desk.seen[0]?.request]).toEqual([0, "GET /v1/trust/bundle?after=1"]);
    expect(readFileSync(join(home, "trust", "policy.json"))).toEqual(Buffer.from(company.trust.policy));
  });
});

describe("trust that has moved on", () => {
  const before = createHolders();
  const [one, two, three] = before.holders;
  const next = createApproverKey();
  const files = carryOut(before.files, toRotation(before.files, { online: next }), [one, two, three]);
  const none = new Uint8Array(0);
  const rest = { targets: files.targets, snapshot: files.snapshot, policy: files.policy };
  const { version } = verifyOfflineTrust(files).snapshot;
  const timestamp = createTimestamp([next], 1, files.snapshot, version, HOLDERS_NOW);
  const home = join(folder, "home-far-behind");
  const update = () => runSign(["trust", "update", service, "--ca", ca, "--home", home], { now: HOLDERS_NOW });

  beforeAll(async () => {
    const rootFile = join(folder, "first-root.json");
    writeFileSync(rootFile, before.files.root);
    await runSign(["trust", "init", rootFile, "--home", home]);
  });

  it("is followed root by root where the roots alone fill a message", async () => {
    desk.answer = (path) => {
      const whole = { roots: [], timestamp, ...rest };
      const roots = { roots: [files.root], timestamp: none, targets: none, snapshot: none, policy: none };
      return { body: toTrustBundleBytes(path.endsWith("=1") ? roots : whole) };
    };
    expect((await update()).code).toBe(0);
    expect(desk.seen.map(({ request }) => request)).toEqual([
      "GET /v1/trust/bundle?after=1",
      "GET /v1/trust/bundle?after=2",
    ]);
    expect(readFileSync(join(home, "trust", "root.json"))).toEqual(Buffer.from(files.root));
    expect(readFileSync(join(home, "trust", "roots", "1.json"))).toEqual(Buffer.from(before.files.root));
  });

  it("is not followed without end", async () => {
    const roots = Array.from({ length: 16 }, () => Buffer.from("{}"));
    desk.answer = { body: toTrustBundleBytes({ roots, timestamp: none, targets: none, snapshot: none, policy: none }) };
    expect(toRefusal(await update())).toBe("FETCH_FAILED");
    expect(desk.seen.length).toBeLessThan(100);
  });
});

describe("a service that cannot be trusted", () => {
  const out = join(folder, "never.release");
  const fetchOne = (person = maker) => call("fetch", person, "--release", id, "--out", out);

  it("is not spoken to under another authority, nor in the clear", async () => {
    const other = ["--service", service, "--ca", otherCa, ...maker.as];
    expect(toRefusal(await runSign(["fetch", ...other], { now: NOW }))).toBe("FETCH_FAILED");
    const clear = ["--service", service.replace("https", "http"), "--ca", ca, ...maker.as];
    expect((await runSign(["fetch", ...clear], { now: NOW })).code).toBe(2);
    expect(desk.seen).toEqual([]);
  });

  it("is not spoken to where the surroundings ask for no certificate at all", async () => {
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    onTestFinished(() => {
      delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    });
    const without = ["--service", service, ...maker.as];
    for (const argv of [without, [...without, "--ca", otherCa]]) {
      expect(toRefusal(await runSign(["fetch", ...argv], { now: NOW }))).toBe("FETCH_FAILED");
    }
    expect(desk.seen).toEqual([]);
  });

  it("has to have an address", async () => {
    for (const address of ["https://[", "https://a b", "https://h:99999"]) {
      const result = await runSign(["fetch", "--service", address, ...maker.as], { now: NOW });
      expect(toRefusal(result), address).toBe("CONFIG_INVALID");
    }
  });

  it.each<readonly [what: string, code: string, answer: () => Answer]>([
    ["sends another release", "FETCH_FAILED", () => ({ body: toReleaseFileBytes(toOther()) })],
    [
      "sends a release that does not fit together",
      "RELEASE_INVALID",
      () => ({ body: toReleaseFileBytes({ ...file, reason: "x" }) }),
    ],
    ["sends something else", "BYTES_NOT_CANONICAL", () => ({ body: "hello" })],
    ["sends a fault", "FETCH_FAILED", () => ({ status: 500, body: '{"error":{"code":"INTERNAL"}}' })],
    ["sends elsewhere", "FETCH_FAILED", () => ({ status: 302 })],
  ])("and %s has written nothing here", async (_, code, answer) => {
    desk.answer = answer();
    expect(toRefusal(await fetchOne())).toBe(code);
    expect(existsSync(out)).toBe(false);
  });

  it.each([
    "",
    "[]",
    "{}",
    '{"releases":[{}]}',
    '{"releases":{}}',
    `{"releases":[${"null,".repeat(2_000)}null]}`,
    "\u0000",
  ])("has its list refused: %j", async (body) => {
    desk.answer = { body };
    expect(toRefusal(await call("fetch", maker))).toBe("FETCH_FAILED");
  });

  it("cannot fill the memory", async () => {
    desk.answer = { body: Buffer.alloc(2_000_000, 0x20) };
    expect(toRefusal(await call("fetch", maker))).toBe("FETCH_FAILED");
  });

  it("may refuse somebody, and its code is told", async () => {
    const result = await fetchOne(stranger);
    expect(toRefusal(result)).toBe("FETCH_FAILED");
    expect(result.stderr).toContain("said=REQUEST_UNSIGNED");
  });
});

function toOther(): ReleaseFile {
  return toSampleFile({ terminals: createReceivers(), profile: toNewCard().profile, purpose: "binding", now: NOW });
}
