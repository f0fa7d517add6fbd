import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runTillsync } from "../support/cli.ts";
import { makeDataFolder } from "../support/data-folder.ts";
import { TILLSYNC } from "../support/programs.ts";
import { discard, makeScratch } from "../support/scratch.ts";

// Enrolment by clients that nobody here wrote, against the service as it ships: openssl makes the key and the request,
// curl speaks EST (RFC 7030), openssl reads and verifies what comes.

const TUSN = "0000290210659453";
const OTHER = "00000304N7NL01933217";
const HAS_CLIENTS = ["curl", "openssl"].every((name) => spawnSync(name, ["version"]).error === undefined);
const EST = "/.well-known/est";

let folder: string;
let data: string;
let service: ChildProcess | undefined;
let url: string;

const at = (name: string) => join(folder, name);
const ca = () => join(data, "ca", "ca.pem");

async function done(...args: readonly string[]) {
  const { code, stdout, stderr } = await runTillsync(data, "--json", ...args);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

function openssl(args: readonly string[], input?: string | Buffer): string {
  const { status, stdout, stderr } = spawnSync("openssl", args, { encoding: "utf8", input });
  expect(status, stderr).toBe(0);
  return stdout;
}

/** What curl got: status, headers as text, body. */
function curl(path: string, ...args: readonly string[]) {
  const files = ["--dump-header", at("headers"), "--output", at("body")];
  const common = ["--silent", "--show-error", "--cacert", ca(), "--tlsv1.3", "--write-out", "%{http_code}", ...files];
  const { status, stdout, stderr } = spawnSync("curl", [...common, ...args, `${url}${path}`], { encoding: "utf8" });
  expect(status, stderr).toBe(0);
  return {
    status: Number(stdout),
    headers: readFileSync(at("headers"), "utf8").toLowerCase(),
    body: readFileSync(at("body")),
  };
}

function makeRequest(name: string, subject: string): void {
  openssl(
    ["req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", at(`${name}.key`), "-subj", `/CN=${subject}`].concat([
      "-addext",
      `subjectAltName=URI:urn:tusn:${subject}`,
      "-outform",
      "DER",
      "-out",
      at(`${name}.der`),
    ]),
  );
  openssl(["base64", "-in", at(`${name}.der`), "-out", at(`${name}.b64`)]);
}

const posted = (name: string) => [
  ...["--header", "content-type: application/pkcs10", "--header", "content-transfer-encoding: base64"],
  ...["--data-binary", `@${at(`${name}.b64`)}`],
];

/** The certificates of an answer, as openssl reads them, in PEM. */
function readCertificates(body: Buffer): string {
  const der = openssl(["base64", "-d", "-in", at("body"), "-out", at("answer.p7")]);
  expect(body.length).toBeGreaterThan(der.length);
  return openssl(["pkcs7", "-inform", "DER", "-in", at("answer.p7"), "-print_certs"]);
}

async function makeToken(tusn: string, ...options: readonly string[]): Promise<string> {
  const out = at(`tokens-${Date.now()}-${Math.round(Math.random() * 1e9)}.csv`);
  await done("enrolment", "tokens", tusn, "--out", out, "--by", "li.na", ...options);
  expect(statSync(out).mode & 0o777).toBe(0o600);
  const [heading, line = ""] = readFileSync(out, "utf8").split("\n");
  expect(heading).toBe("tusn,token,expires");
  return line.split(",")[1] ?? "";
}

async function startService(): Promise<string> {
  const ports = [
    "--host",
    "127.0.0.1",
    "--port",
    "0",
    "--desk-port",
    "0",
    "--enrolment-port",
    "0",
    "--no-api",
    "--no-terminal",
    "--lookup-port",
    "0",
  ];
  const child = spawn(process.execPath, [TILLSYNC, "serve", "--data", data, ...ports]);
  service = child;
  let text = "";
  for await (const chunk of child.stderr.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    const port = /Terminals enrol on 127\.0\.0\.1:(\d+)/.exec(text)?.[1];
    if (port === undefined) continue;
    child.stderr.resume();
    return `https://127.0.0.1:${port}`;
  }
  throw new Error(`the service did not start: ${text}`);
}

describe("curl and openssl", () => {
  it.runIf(process.env["TILLSYNC_REQUIRE_ALL"] === "1")("are on the machine where everything must be checked", () => {
    expect(HAS_CLIENTS).toBe(true);
  });
});

describe.runIf(HAS_CLIENTS)("an EST client", () => {
  beforeAll(async () => {
    folder = makeScratch("est");
    data = join(folder, "data");
    await makeDataFolder(data);
    await done("terminals", "import", "sim/data/fleet.csv");
    url = await startService();
    makeRequest("device", TUSN);
    makeRequest("stranger", OTHER);
  }, 120_000);

  afterAll(async () => {
    if (service?.exitCode === null) {
      service.kill("SIGKILL");
      await once(service, "exit");
    }
    discard(folder);
  });

  it("gets the authority's certificate from cacerts", () => {
    const { status, headers, body } = curl(`${EST}/cacerts`);
    expect(status).toBe(200);
    expect(headers).toMatch(/^content-type: application\/pkcs7-mime\r?$/m);
    expect(headers).toMatch(/^content-transfer-encoding: base64\r?$/m);
    const fingerprint = (pem: string) => openssl(["x509", "-noout", "-fingerprint", "-sha256"], pem);
    expect(fingerprint(readCertificates(body))).toBe(fingerprint(readFileSync(ca(), "utf8")));
  });

  it("learns from csrattrs that no attribute is demanded", () => {
    expect(curl(`${EST}/csrattrs`).status).toBe(204);
  });

  it("is asked for user and password, and refused with a wrong one", async () => {
    await makeToken(TUSN);
    for (const args of [[], ["--user", `${TUSN}:wrong`], ["--user", "nobody:wrong"]]) {
      const { status, headers, body } = curl(`${EST}/simpleenroll`, ...posted("device"), ...args);
      expect(status).toBe(401);
      expect(headers).toMatch(/^www-authenticate: basic realm="tillsync enrolment"\r?$/m);
      expect(JSON.parse(body.toString("utf8"))).toMatchObject({ code: "TOKEN_INVALID" });
    }
  });

  it("enrols with simpleenroll, and openssl agrees that the certificate is good for this key and terminal", async () => {
    const user = ["--user", `${TUSN}:${await makeToken(TUSN)}`];
    expect(curl(`${EST}/simpleenroll`, ...posted("stranger"), ...user).status).toBe(400);
    const { status, headers, body } = curl(`${EST}/simpleenroll`, ...posted("device"), ...user);
    expect(status, body.toString("utf8")).toBe(200);
    expect(headers).toMatch(/^content-type: application\/pkcs7-mime; smime-type=certs-only\r?$/m);
    writeFileSync(at("device.pem"), openssl(["x509"], readCertificates(body)));
    expect(openssl(["verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", ca(), at("device.pem")])).toContain(
      "OK",
    );
    expect(openssl(["x509", "-in", at("device.pem"), "-noout", "-pubkey"])).toBe(
      openssl(["pkey", "-in", at("device.key"), "-pubout"]),
    );
    expect(openssl(["x509", "-in", at("device.pem"), "-noout", "-ext", "subjectAltName"])).toContain(
      `URI:urn:tusn:${TUSN}`,
    );
  });

  it("renews with simplereenroll under its certificate, and not without", () => {
    const own = ["--cert", at("device.pem"), "--key", at("device.key")];
    const { status, body } = curl(`${EST}/simplereenroll`, ...posted("device"), ...own);
    expect(status, body.toString("utf8")).toBe(200);
    expect(readCertificates(body)).toContain("BEGIN CERTIFICATE");
    expect(curl(`${EST}/simplereenroll`, ...posted("device")).status).toBe(403);
    expect(curl(`${EST}/simplereenroll`, ...posted("stranger"), ...own).status).toBe(400);
  });

  it("is told to come again where a person has to admit it", async () => {
    const waiting = findAnother();
    makeRequest("waiting", waiting);
    const token = await makeToken(waiting, "--admission");
    const { status, headers } = curl(`${EST}/simpleenroll`, ...posted("waiting"), "--user", `${waiting}:${token}`);
    expect(status).toBe(202);
    expect(headers).toMatch(/^retry-after: 30\r?$/m);
    expect(await done("enrolment", "list")).toMatchObject({
      pending: [{ tusn: waiting, tokenBy: "li.na" }],
    });
  });

  it("reads a list of revoked certificates that openssl verifies, in both forms", () => {
    expect(curl("/enrol/v1/crl").status).toBe(200);
    const verified = spawnSync("openssl", ["crl", "-in", at("body"), "-CAfile", ca(), "-noout"], { encoding: "utf8" });
    expect(verified.stderr).toContain("verify OK");
    expect(curl("/enrol/v1/crl", "--header", "accept: application/pkix-crl").headers).toContain("application/pkix-crl");
    openssl(["crl", "-inform", "DER", "-in", at("body"), "-noout"]);
  });
});

/** Another terminal of the sample fleet. */
function findAnother(): string {
  const lines = readFileSync("sim/data/fleet.csv", "utf8").split("\n");
  return lines.map((line) => line.split(",")[0] ?? "").find((name) => /^\d{8}/.test(name) && name !== TUSN) ?? "";
}
