import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { type ConnectionOptions, connect, type SecureVersion } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { issueTerminalCertificate, type KeyAndCertificate } from "../../certs/x509/authority.ts";
import { toRsaKeyPem, toRsaPublicKey } from "../../certs/x509/rsa-key.ts";
import { loadCertificates, TUSN_A } from "../support/certificates.ts";
import { type Port, type ServeProcess, startServe } from "../support/serve-process.ts";

// Row 28, on every port of the service as people run it. What testssl and sslscan look at, by Node's client and by
// openssl's, which nobody here wrote.

const PORTS: readonly Port[] = ["mqtt", "desk", "enrolment", "lookup", "api", "terminal"];
const HTTPS: readonly Port[] = ["desk", "enrolment", "lookup", "api"];
/** Where nobody is taken without a certificate. */
const MUTUAL: readonly Port[] = ["mqtt", "terminal"];
const OLD: readonly SecureVersion[] = ["TLSv1", "TLSv1.1", "TLSv1.2"];
const SUITES = ["TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"];
const HAS_OPENSSL = spawnSync("openssl", ["version"]).status === 0;
const OPENSSL_MS = 20_000;

let service: ServeProcess;
let terminal: KeyAndCertificate;

beforeAll(async () => {
  service = await startServe();
  const { deviceKey } = await loadCertificates();
  const request = { tusn: TUSN_A, publicKey: toRsaPublicKey(deviceKey), days: 1, now: new Date() };
  terminal = { key: toRsaKeyPem(deviceKey), certificate: await issueTerminalCertificate(service.authority, request) };
  writeFileSync(service.path("terminal.pem"), terminal.certificate);
  writeFileSync(service.path("terminal.key"), terminal.key, { mode: 0o600 });
});

afterAll(() => service?.stop());

/** The connection's properties once the server has taken it for good, or the code of what ended it. */
async function shake(port: Port, options: ConnectionOptions = {}) {
  const { certificate: ca } = service.authority;
  const identity = MUTUAL.includes(port) ? { key: terminal.key, cert: terminal.certificate } : {};
  const socket = connect({ host: service.host, port: service.ports[port], ca, ...identity, ...options });
  socket.on("error", () => undefined);
  const failed = once(socket, "error").then(([error]) => ({ refused: String((error as NodeJS.ErrnoException).code) }));
  // Without resumption there is no session to wait for; what is refused is refused after the handshake.
  const ended = once(socket, "close").then(() => ({ refused: "closed" }));
  const taken = once(socket, "secureConnect").then(async () => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    return socket.destroyed
      ? new Promise<never>(() => undefined)
      : {
          protocol: socket.getProtocol(),
          cipher: socket.getCipher().name,
          peer: socket.getPeerX509Certificate(),
          chain: socket.authorized,
        };
  });
  for (const one of [failed, ended, taken]) one.catch(() => undefined);
  const outcome = await Promise.race([taken, failed, ended]);
  socket.destroy();
  return outcome;
}

/** What `openssl s_client` prints for this port; its input ends at once. */
async function openssl(port: Port, ...options: readonly string[]): Promise<string> {
  const { path, host, ports } = service;
  const identity = MUTUAL.includes(port) ? ["-cert", path("terminal.pem"), "-key", path("terminal.key")] : [];
  const args = ["-connect", `${host}:${ports[port]}`, "-CAfile", path("ca", "ca.pem"), ...identity, ...options];
  const child = spawn("openssl", ["s_client", ...args], { stdio: ["pipe", "pipe", "pipe"], timeout: OPENSSL_MS });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      printed += chunk;
      // Tickets come after the handshake; a server without any says nothing more.
      if (printed.includes("Verify return code")) setTimeout(() => child.stdin.end("Q\n"), 150);
    });
  }
  child.stdin.on("error", () => undefined);
  await once(child, "close");
  return printed;
}

describe.each(PORTS)("row 28: the %s port", (port) => {
  it("speaks TLS 1.3 with an authenticated cipher, under a certificate in its own name", async () => {
    for (const servername of ["localhost", ""]) {
      const outcome = await shake(port, servername === "" ? {} : { servername });
      expect(outcome).toMatchObject({ protocol: "TLSv1.3", chain: true });
      if ("cipher" in outcome) expect(SUITES).toContain(outcome.cipher);
    }
    expect(await shake(port, { servername: "tillsync.example" })).toEqual({ refused: "ERR_TLS_CERT_ALTNAME_INVALID" });
  });

  it("shows a server's certificate of the private authority, and no authority's", async () => {
    const outcome = await shake(port);
    const peer = "peer" in outcome ? outcome.peer : undefined;
    expect(peer?.ca).toBe(false);
    expect(peer?.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
    expect(peer?.subjectAltName).toBe("DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1");
    expect(Date.parse(peer?.validTo ?? "")).toBeGreaterThan(Date.now());
    expect(Date.parse(peer?.validFrom ?? "")).toBeLessThan(Date.now());
    expect(peer?.publicKey.asymmetricKeyDetails?.modulusLength).toBeGreaterThanOrEqual(2_048);
  });

  it.each(OLD)("refuses %s, whatever ciphers are offered", async (version) => {
    const old = { minVersion: version, maxVersion: version, ciphers: "ALL:@SECLEVEL=0" };
    const outcome = await shake(port, old);
    expect(outcome).toEqual({ refused: expect.stringMatching(/ALERT_PROTOCOL_VERSION|ECONNRESET|closed/) });
  });

  it("refuses bytes that are no TLS", async () => {
    const { connect: connectTcp } = await import("node:net");
    const socket = connectTcp(service.ports[port], service.host);
    let received = "";
    socket
      .on("error", () => undefined)
      .on("data", (chunk) => {
        received += chunk.toString("latin1");
      });
    socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    await once(socket, "close");
    expect(received).not.toMatch(/HTTP|tillsync/i);
  });

  describe.runIf(HAS_OPENSSL)("by openssl", () => {
    it("negotiates no compression, no renegotiation and no early data, and verifies", async () => {
      const printed = await openssl(port, "-tls1_3", "-servername", "localhost", "-verify_hostname", "localhost");
      expect(printed).toContain("Verify return code: 0 (ok)");
      expect(printed).toContain("New, TLSv1.3, Cipher is TLS_");
      expect(printed).toContain("Compression: NONE");
      expect(printed).toContain("Secure Renegotiation IS NOT supported");
      expect(printed).toContain("Early data was not sent");
      expect(printed).not.toMatch(/Max Early Data: [1-9]/);
    });

    it("takes no early data with a session that it gave", async () => {
      const session = service.path(`${port}.session`);
      const given = await openssl(port, "-tls1_3", "-servername", "localhost", "-sess_out", session);
      expect(given).toContain("New Session Ticket");
      writeFileSync(service.path("early"), "GET / HTTP/1.1\r\n\r\n");
      const again = ["-sess_in", session, "-early_data", service.path("early")];
      const printed = await openssl(port, "-tls1_3", "-servername", "localhost", ...again);
      // Where HTTPS asks for certificates each connection shows its own: a session is given there, and not found again.
      expect(printed).toContain(["enrolment", "terminal"].includes(port) ? "New, TLSv1.3" : "Reused, TLSv1.3");
      expect(printed).toMatch(/Early data was (not sent|rejected)/);
    });

    it.each(["-tls1", "-tls1_1", "-tls1_2"])("refuses %s", async (version) => {
      const printed = await openssl(port, version, "-cipher", "ALL:@SECLEVEL=0");
      expect(printed).toContain("Cipher is (NONE)");
      expect(printed).not.toMatch(/New, TLSv1\.[0-2]/);
    });

    it("takes none of the suites with short tags", async () => {
      for (const suite of ["TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"]) {
        expect(await openssl(port, "-tls1_3", "-ciphersuites", suite)).toContain("Cipher is (NONE)");
      }
    });
  });
});

describe("row 28: client certificates", () => {
  it.each(MUTUAL)("are demanded on the %s port, and nothing is answered without", async (port) => {
    const outcome = await shake(port, { key: "", cert: "" });
    expect(outcome).toEqual({ refused: expect.stringMatching(/CERTIFICATE_REQUIRED|ECONNRESET|closed/) });
  });

  it.each(MUTUAL)("of another authority are refused on the %s port", async (port) => {
    const { foreignAuthority, terminal: issue } = await loadCertificates();
    const { key, certificate: cert } = await issue(TUSN_A, { authority: foreignAuthority });
    const outcome = await shake(port, { key, cert });
    expect(outcome).toEqual({ refused: expect.stringMatching(/UNKNOWN_CA|CERTIFICATE|ECONNRESET|closed/) });
  });

  describe.runIf(HAS_OPENSSL)("by openssl", () => {
    it("are asked for where terminals speak and enrol, and nowhere else", async () => {
      for (const port of PORTS) {
        const isAsked = (await openssl(port, "-tls1_3")).includes("Acceptable client certificate CA names");
        expect([port, isAsked]).toEqual([port, MUTUAL.includes(port) || port === "enrolment"]);
      }
    });
  });

  it("of another authority count for nothing when a certificate is to be renewed", async () => {
    const { request } = await import("node:https");
    const { foreignAuthority, terminal: issue } = await loadCertificates();
    const foreign = await issue(TUSN_A, { authority: foreignAuthority });
    for (const identity of [{}, { key: foreign.key, cert: foreign.certificate }]) {
      const asked = request({
        ...{ host: service.host, port: service.ports.enrolment, path: "/enrol/v1/renewals", method: "POST" },
        ...{ ca: service.authority.certificate, agent: false, headers: { "content-type": "application/json" } },
        ...identity,
      });
      asked.end(JSON.stringify({ request: "x" }));
      const [response] = (await once(asked, "response")) as [import("node:http").IncomingMessage];
      let body = "";
      for await (const chunk of response) body += chunk;
      expect([response.statusCode, JSON.parse(body).code]).toEqual([403, "CERTIFICATE_UNKNOWN"]);
    }
  });
});

it.runIf(process.env["TILLSYNC_REQUIRE_ALL"] === "1")(
  "openssl is on the machine where everything must be checked",
  () => {
    expect(HAS_OPENSSL).toBe(true);
  },
);

it("row 28: HTTPS faces tell browsers to come by TLS only", async () => {
  const { get } = await import("node:https");
  for (const port of HTTPS) {
    const asked = get({ host: service.host, port: service.ports[port], ca: service.authority.certificate, path: "/x" });
    const [response] = (await once(asked, "response")) as [import("node:http").IncomingMessage];
    response.resume();
    expect([port, response.headers["strict-transport-security"]]).toEqual([port, "max-age=31536000"]);
  }
});
