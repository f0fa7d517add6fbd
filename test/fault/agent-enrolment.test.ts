import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import forge from "node-forge";
import { beforeAll, describe, expect, it } from "vitest";
import { type EnrolPorts, enrol } from "../../agent/enrol/enrol.ts";
import { createRenew } from "../../agent/enrol/renew.ts";
import type { EnrolmentService } from "../../agent/enrol/service.ts";
import { toDeviceKey } from "../../certs/x509/identity.ts";
import { toRsaPublicKey } from "../../certs/x509/rsa-key.ts";
import { toHex, toUtf8 } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { loadCertificates, type TestCertificates, TUSN_A } from "../support/certificates.ts";
import { certify } from "../support/enrolment-server.ts";
import { MemoryFiles } from "../support/memory-files.ts";

// Enrolment and renewal on disks that lose what was not synced, or fail once: exhaustively, in memory, against a service
// that holds a terminal to the first key it saw, as the real one does.

const DAY_S = 86_400;
const NOW = Math.floor(Date.now() / 1_000);
/** Operations of one durable write, and of the two that an enrolment makes. */
const WRITE = 4;
let made: TestCertificates;
let authority: X509Certificate;

beforeAll(async () => {
  made = await loadCertificates();
  authority = new X509Certificate(made.authority.certificate);
});

/** What the service knows: nothing is lost there. */
class Service implements EnrolmentService {
  readonly keys = new Set<string>();
  /** Seconds. */
  now = NOW;

  askFactor = async () => undefined;

  askCertificate = async ({ request }: { readonly request: string }) => {
    const { publicKey } = forge.pki.certificationRequestFromPem(request);
    this.keys.add(toHex(toDeviceKey(createPublicKey(forge.pki.publicKeyToPem(publicKey as forge.pki.PublicKey)))));
    if (this.keys.size > 1) throw new TillsyncError("ENROLMENT_HELD");
    return this.renew(request);
  };

  renew = async (request: string) => {
    const certificate = await certify(request, { now: new Date(this.now * 1_000) });
    return { kind: "issued", certificate } as const;
  };
}

const KEY = "device.key";
const CERTIFICATE = "device.pem";

function toPorts(files: MemoryFiles, service: EnrolmentService): EnrolPorts {
  return {
    ...{ tusn: TUSN_A, token: "token", service, authorities: [authority] },
    keyPlace: { files, name: KEY },
    certificatePlace: { files, name: CERTIFICATE },
    terminal: { computeCryptogram: async () => "00000000" },
    ...{ again: false, waitS: 0, clock: () => NOW, uptime: () => 0 },
    pause: async () => undefined,
    tell: () => undefined,
  };
}

const read = (files: MemoryFiles, name: string) => Buffer.from(files.read(name) ?? "").toString("utf8");

function checkWhole(files: MemoryFiles): void {
  const certificate = new X509Certificate(read(files, CERTIFICATE));
  expect(certificate.checkPrivateKey(createPrivateKey(read(files, KEY)))).toBe(true);
}

async function attempt(files: MemoryFiles, service: EnrolmentService): Promise<string> {
  return enrol(toPorts(files, service)).then(
    ({ kind }) => kind,
    (error: unknown) => (error as TillsyncError).code,
  );
}

describe("an enrolment", () => {
  it("cut short by a power cut at any operation ends with the first key that the service heard of", async () => {
    const whole = new MemoryFiles();
    expect(await attempt(whole, new Service())).toBe("issued");
    expect(whole.operations).toBe(2 * WRITE);
    checkWhole(whole);
    for (let cutAt = 1; cutAt <= whole.operations; cutAt += 1) {
      const files = new MemoryFiles();
      files.cutAt = cutAt;
      const service = new Service();
      expect(await attempt(files, service), `${cutAt}`).toBe("STATE_WRITE_FAILED");
      const heard = new Set(service.keys);
      for (const disk of files.afterPowerCut()) {
        const after = new Service();
        for (const key of heard) after.keys.add(key);
        // A certificate that is there is whole and fits the key, and one that is not is asked for by the same key.
        if (disk.read(CERTIFICATE) !== undefined) checkWhole(disk);
        expect(await attempt(disk, after), `${cutAt}`).toMatch(/^(issued|present)$/);
        expect(after.keys.size).toBeLessThanOrEqual(1);
        checkWhole(disk);
      }
    }
  }, 120_000);

  it("on a disk that fails once says so, and the next one ends well", async () => {
    for (let failAt = 1; failAt <= 2 * WRITE; failAt += 1) {
      const files = new MemoryFiles();
      files.failAt = failAt;
      const service = new Service();
      expect(await attempt(files, service)).toBe("STATE_WRITE_FAILED");
      expect(await attempt(files, service)).toMatch(/^(issued|present)$/);
      checkWhole(files);
    }
  }, 120_000);
});

describe("a renewal", () => {
  let key: KeyObject;
  let present: string;
  beforeAll(async () => {
    key = made.deviceKey;
    present = (await made.terminal(TUSN_A, { now: new Date((NOW - 25 * DAY_S) * 1_000) })).certificate;
  });

  function openDisk(): MemoryFiles {
    const files = new MemoryFiles();
    files.damage(CERTIFICATE, toUtf8(present));
    return files;
  }

  function renew(files: MemoryFiles): Promise<string> {
    const certificatePlace = { files, name: CERTIFICATE };
    const ports = { tusn: TUSN_A, deviceKey: key, authorities: [authority], certificatePlace };
    return createRenew({ ...ports, openService: () => new Service() })(present, NOW);
  }

  it("cut short by a power cut at any operation leaves the old certificate or the new one, whole", async () => {
    const whole = openDisk();
    await renew(whole);
    expect(whole.operations).toBe(WRITE);
    const seen = new Set<boolean>();
    for (let cutAt = 1; cutAt <= WRITE; cutAt += 1) {
      const files = openDisk();
      files.cutAt = cutAt;
      await expect(renew(files)).rejects.toThrow(expect.objectContaining({ code: "STATE_WRITE_FAILED" }));
      for (const disk of files.afterPowerCut()) {
        const held = new X509Certificate(read(disk, CERTIFICATE));
        expect(held.publicKey.equals(toRsaPublicKey(key))).toBe(true);
        seen.add(held.toString() === present);
        await renew(disk);
        expect(read(disk, CERTIFICATE)).not.toBe(present);
      }
    }
    expect(seen).toEqual(new Set([true, false]));
  }, 60_000);
});
