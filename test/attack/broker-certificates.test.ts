import { once } from "node:events";
import type { ConnectionOptions } from "node:tls";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { issueServerCertificate, type KeyAndCertificate } from "../../certs/x509/authority.ts";
import { createCertificate } from "../../certs/x509/certificate.ts";
import { parseRsaKey, toRsaKeyPem, toRsaPublicKey } from "../../certs/x509/rsa-key.ts";
import { toUpTopic } from "../../proto/topics.ts";
import { BusUnderAttack, CONNACK } from "../support/bus-under-attack.ts";
import { loadCertificates, longAgo, type TestCertificates, TUSN_A, TUSN_B } from "../support/certificates.ts";
import { toConnect, toPublish } from "../support/mqtt-bytes.ts";
import { SOON_MS } from "../support/patience.ts";
import { openTrusting } from "../support/raw-terminal.ts";

const DAY_MS = 86_400_000;

let certificates: TestCertificates;
let attacked: BusUnderAttack;
let now: number;

beforeEach(async () => {
  certificates = await loadCertificates();
  now = Date.now();
  attacked = await BusUnderAttack.open({ now: () => now });
});

afterEach(() => attacked.close());

/** Behaves as the terminal TUSN_A with these credentials, and expects to be cut off with nothing gained. */
async function expectCutOff(credentials: Partial<KeyAndCertificate>, options: ConnectionOptions = {}): Promise<void> {
  const attacker = await openTrusting(attacked.opened.address, credentials, options);
  attacker.socket.write(toConnect({ clientId: TUSN_A }));
  attacker.socket.write(toPublish(toUpTopic(TUSN_A, "hello"), "forged", 1));
  await attacker.closed;
  expect(attacker.received()).toHaveLength(0);
  await attacked.expectUndisturbed();
}

/** A client certificate of the right authority with these extensions. */
async function issueOdd(extensions: readonly object[]): Promise<KeyAndCertificate> {
  const certificate = await createCertificate({
    subject: TUSN_A,
    publicKey: toRsaPublicKey(certificates.deviceKey),
    issuer: certificates.authority.certificate,
    signingKey: parseRsaKey(certificates.authority.key),
    days: 1,
    now: new Date(),
    extensions,
  });
  return { key: toRsaKeyPem(certificates.deviceKey), certificate };
}

describe("a client is cut off", () => {
  it("without a certificate", async () => {
    await expectCutOff({});
    expect(attacked.logged("bus.handshake_refused")).toHaveLength(1);
  });

  it("with a certificate of a foreign authority", async () => {
    await expectCutOff(await certificates.terminal(TUSN_A, { authority: certificates.foreignAuthority }));
    expect(attacked.logged("bus.handshake_refused")).toHaveLength(1);
  });

  it("with a certificate that it signed itself", async () => {
    const key = certificates.deviceKey;
    const certificate = await createCertificate({
      subject: TUSN_A,
      publicKey: toRsaPublicKey(key),
      signingKey: key,
      days: 1,
      now: new Date(),
      extensions: [{ name: "subjectAltName", altNames: [{ type: 6, value: `urn:tusn:${TUSN_A}` }] }],
    });
    await expectCutOff({ key: toRsaKeyPem(key), certificate });
    expect(attacked.logged("bus.handshake_refused")).toHaveLength(1);
  });

  it("with an expired certificate", async () => {
    await expectCutOff(await certificates.terminal(TUSN_A, { now: longAgo() }));
    expect(attacked.logged("bus.handshake_refused")).toMatchObject([{ reason: "CERT_HAS_EXPIRED" }]);
  });

  it("with a certificate that is not valid yet", async () => {
    await expectCutOff(await certificates.terminal(TUSN_A, { now: new Date(Date.now() + DAY_MS) }));
    expect(attacked.logged("bus.handshake_refused")).toMatchObject([{ reason: "CERT_NOT_YET_VALID" }]);
  });

  it("with a server's certificate of the right authority", async () => {
    await expectCutOff(certificates.server);
    expect(attacked.logged("bus.handshake_refused")).toMatchObject([{ reason: "INVALID_PURPOSE" }]);
  });

  it("with a server's certificate that was issued in a terminal's name", async () => {
    const certificate = await issueServerCertificate(certificates.authority, {
      publicKey: toRsaPublicKey(certificates.deviceKey),
      name: TUSN_A,
      dnsNames: [TUSN_A],
      ipAddresses: [],
      days: 1,
      now: new Date(),
    });
    await expectCutOff({ key: toRsaKeyPem(certificates.deviceKey), certificate });
  });

  it("with a client certificate of the right authority that names no terminal", async () => {
    await expectCutOff(await issueOdd([{ name: "extKeyUsage", clientAuth: true }]));
    expect(attacked.logged("bus.certificate_refused")).toMatchObject([{ code: "CERTIFICATE_INVALID" }]);
  });

  it("with a client certificate that names two terminals", async () => {
    const altNames = [TUSN_A, TUSN_B].map((tusn) => ({ type: 6, value: `urn:tusn:${tusn}` }));
    await expectCutOff(await issueOdd([{ name: "subjectAltName", altNames }]));
    expect(attacked.logged("bus.certificate_refused")).toMatchObject([{ code: "CERTIFICATE_INVALID" }]);
  });

  it("with another terminal's genuine certificate", async () => {
    await expectCutOff(await certificates.terminal(TUSN_B));
    expect(attacked.logged("bus.access_denied")).toMatchObject([{ action: "connect", tusn: TUSN_B }]);
  });

  it("with TLS 1.2, whatever its certificate", async () => {
    await expectCutOff(await certificates.terminal(TUSN_A), { maxVersion: "TLSv1.2" });
    expect(attacked.logged("bus.handshake_refused")).toMatchObject([{ reason: "ERR_SSL_UNSUPPORTED_PROTOCOL" }]);
  });
});

describe("a resumed TLS session", () => {
  it("keeps the identity of its certificate, and ends with it", async () => {
    const { address } = attacked.opened;
    const genuine = await certificates.terminal(TUSN_B);
    const first = await openTrusting(address, genuine);
    first.socket.write(toConnect({ clientId: TUSN_B }));
    const [session] = (await once(first.socket, "session")) as [Buffer];
    first.socket.destroy();

    const second = await openTrusting(address, genuine, { session });
    second.socket.write(toConnect({ clientId: TUSN_B }));
    await vi.waitFor(() => expect(second.received()).toEqual(CONNACK), SOON_MS);
    expect(second.socket.isSessionReused()).toBe(true);

    const third = await openTrusting(address, genuine, { session });
    third.socket.write(toConnect({ clientId: TUSN_A }));
    await third.closed;
    expect(third.received()).toHaveLength(0);

    now += 31 * DAY_MS;
    const late = await openTrusting(address, genuine, { session });
    late.socket.write(toConnect({ clientId: TUSN_B }));
    await late.closed;
    expect(late.received()).toHaveLength(0);
    expect(attacked.logged("bus.certificate_refused")).toMatchObject([{ code: "CERTIFICATE_INVALID" }]);
    await attacked.expectUndisturbed();
  });
});
