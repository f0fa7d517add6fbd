import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { parseAuthorities } from "../../agent/enrol/issued.ts";
import { createRenew } from "../../agent/enrol/renew.ts";
import { openEnrolmentService } from "../../agent/enrol/service.ts";
import { openPlace } from "../../agent/slots/place.ts";
import { parseRsaKey } from "../../certs/x509/rsa-key.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { listCertificates } from "../../src/store/certificates.ts";
import { findTerminals } from "../../src/store/fleet.ts";
import { KnownKeys, makeToken, registerFleet } from "../support/enrolling.ts";
import { type Box, run, unpack } from "../support/enrolment-box.ts";
import { openTestFace, type TestFace } from "../support/enrolment-face.ts";
import { openTestFleet, type TestFleet } from "../support/fleet-store.ts";

// The installer's command against the service's own enrolment: real TLS, a real database, nothing between them.

const HOURS_MS = 3_600_000;
let fleet: TestFleet;
let face: TestFace;
let tusn: Tusn;

beforeEach(async () => {
  fleet = await openTestFleet();
  fleet.at = Math.floor(Date.now() / 1_000);
  const [first] = await registerFleet(fleet);
  if (first === undefined) throw new Error("no terminal");
  tusn = first;
  face = await openTestFace(fleet, { verifiers: [new KnownKeys(tusn)] });
});

const url = () => `https://localhost:${face.port}`;
const enrol = (box: Box, token: string) => run(box, { url: url(), token, wait: "0" });
const readTerminal = async () => (await findTerminals(fleet.store, [tusn]))[0];

describe("a terminal out of its box", () => {
  it("proves its TUSN to the service and gets the certificate that is on record for it", async () => {
    const box = await unpack(undefined, { tusn });
    expect(await enrol(box, await makeToken(fleet, tusn))).toMatchObject({ status: 0 });
    const certificate = new X509Certificate(readFileSync(box.path("device.pem")));
    expect(await listCertificates(fleet.store, tusn)).toMatchObject([{ bytes: certificate.raw, revokedAt: null }]);
    expect(await readTerminal()).toMatchObject({ verdict: "verified-crypto" });
  });

  it("that loses its answer gets the same certificate by the same token", async () => {
    const box = await unpack(undefined, { tusn });
    const token = await makeToken(fleet, tusn);
    await enrol(box, token);
    const before = readFileSync(box.path("device.pem"), "utf8");
    rmSync(box.path("device.pem"));
    expect((await enrol(box, token)).status).toBe(0);
    expect(readFileSync(box.path("device.pem"), "utf8")).toBe(before);
  });

  it("that loses its key is held until two people have unbound it", async () => {
    const box = await unpack(undefined, { tusn });
    await enrol(box, await makeToken(fleet, tusn));
    rmSync(box.path("device.key"));
    const { status, aside } = await enrol(box, await makeToken(fleet, tusn));
    expect(status).toBe(1);
    expect(aside).toMatch(/ENROLMENT_HELD.*two people/s);
  });

  it("waits for a second person where its token wants one, and is refused by a wrong token", async () => {
    const box = await unpack(undefined, { tusn });
    expect((await enrol(box, await makeToken(fleet, tusn, { needsAdmission: true }))).status).toBe(3);
    expect((await enrol(box, "7K2M-0000-0000-0000-0000-0000-0000")).aside).toMatch(/TOKEN_INVALID/);
    expect(existsSync(box.path("device.pem"))).toBe(false);
    expect((await readTerminal())?.deviceKey).toBeNull();
  });

  it("renews its certificate over mutual TLS, by the same key", async () => {
    const box = await unpack(undefined, { tusn });
    await enrol(box, await makeToken(fleet, tusn));
    const [cert, key, ca] = ["device.pem", "device.key", "ca.pem"].map((name) => readFileSync(box.path(name), "utf8"));
    if (cert === undefined || key === undefined || ca === undefined) throw new Error("three files expected");
    // Within an hour the service would give the same one again.
    fleet.at += (2 * HOURS_MS) / 1_000;
    const renew = createRenew({
      ...{ tusn, deviceKey: parseRsaKey(key), authorities: parseAuthorities(ca) },
      certificatePlace: openPlace(box.path("device.pem")),
      openService: (own) => openEnrolmentService({ url: new URL(url()), ca, own: { cert: own, key } }),
    });
    const renewed = new X509Certificate(await renew(cert, fleet.at));
    expect(renewed.publicKey.equals(new X509Certificate(cert).publicKey)).toBe(true);
    expect(readFileSync(box.path("device.pem"), "utf8")).toBe(renewed.toString());
    expect(await listCertificates(fleet.store, tusn)).toHaveLength(2);
  });
});
