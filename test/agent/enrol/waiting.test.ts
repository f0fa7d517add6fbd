import { X509Certificate } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { DEFAULT_RETRY_S, enrol, MAX_RETRY_S, MIN_RETRY_S } from "../../../agent/enrol/enrol.ts";
import { MAX_AUTHORITIES, parseAuthorities } from "../../../agent/enrol/issued.ts";
import type { Issued } from "../../../agent/enrol/service.ts";
import { toRsaKeyPem } from "../../../certs/x509/rsa-key.ts";
import { toUtf8 } from "../../../proto/bytes.ts";
import { type ErrorCode, TillsyncError } from "../../../proto/errors.ts";
import { loadCertificates, type TestCertificates, TUSN_A } from "../../support/certificates.ts";
import { MemoryFiles } from "../../support/memory-files.ts";

let made: TestCertificates;
beforeAll(async () => {
  made = await loadCertificates();
});

/** How long an enrolment pauses, in seconds each, for a service that answers so again and again. */
async function wait(answer: Omit<Issued, "certificate"> | ErrorCode, waitS: number) {
  const files = new MemoryFiles();
  files.damage("device.key", toUtf8(toRsaKeyPem(made.deviceKey)));
  const pauses: number[] = [];
  let uptime = 0;
  let asked = 0;
  const ended = await enrol({
    ...{ tusn: TUSN_A, token: "token", authorities: [new X509Certificate(made.authority.certificate)] },
    keyPlace: { files, name: "device.key" },
    certificatePlace: { files, name: "device.pem" },
    terminal: { computeCryptogram: async () => "00000000" },
    service: {
      askFactor: async () => undefined,
      askCertificate: async () => {
        asked += 1;
        if (typeof answer === "string" && asked > 1) throw new TillsyncError(answer);
        return (typeof answer === "string" ? { kind: "pending", retryAfterS: 1 } : answer) as Issued;
      },
      renew: () => Promise.reject(new TillsyncError("INTERNAL")),
    },
    ...{ again: false, waitS, clock: () => Math.floor(Date.now() / 1_000), uptime: () => uptime },
    pause: async (seconds) => {
      pauses.push(seconds);
      uptime += seconds;
    },
    tell: () => undefined,
  });
  return { kind: ended.kind, pauses, asked };
}

describe("an enrolment that waits for a person", () => {
  it.each([
    ["at once", 0, MIN_RETRY_S],
    ["in a day", 86_400, MAX_RETRY_S],
    ["in its own good time", 20, 20],
    ["without saying when", undefined, DEFAULT_RETRY_S],
  ])("asks again within bounds where the service wants that %s", async (_, retryAfterS, pause) => {
    const { kind, pauses } = await wait({ kind: "pending", retryAfterS } as Omit<Issued, "certificate">, 900);
    expect(kind).toBe("pending");
    expect(new Set(pauses)).toEqual(new Set([pause]));
    expect(pauses.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(900);
    expect(pauses.length).toBe(Math.min(Math.floor(900 / pause), 1_000));
  });

  it("goes on where the service goes away meanwhile, and ends where it refuses", async () => {
    for (const code of ["FETCH_FAILED", "RATE_LIMITED", "DESK_BUSY", "ENROLMENT_PENDING"] as const) {
      expect(await wait(code, 100)).toMatchObject({ kind: "pending", asked: 8 });
    }
    await expect(wait("TOKEN_INVALID", 100)).rejects.toThrow(expect.objectContaining({ code: "TOKEN_INVALID" }));
  });
});

describe("a file of authorities", () => {
  it("holds one or a few certificates of authorities, and nothing else", async () => {
    const [ours, other] = [made.authority.certificate, made.foreignAuthority.certificate];
    expect(parseAuthorities(ours)).toHaveLength(1);
    expect(parseAuthorities(`# old\n${ours}\n# new\n${other}`)).toHaveLength(2);
    const { certificate } = await made.terminal(TUSN_A);
    for (const bad of ["", "x", certificate, ours + certificate, ours.repeat(MAX_AUTHORITIES + 1)]) {
      expect(() => parseAuthorities(bad)).toThrow(expect.objectContaining({ code: "CERTIFICATE_INVALID" }));
    }
  });
});
