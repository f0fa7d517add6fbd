import { randomBytes, X509Certificate } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type Agent, openAgent } from "../../../agent/agent.ts";
import { parseAuthorities } from "../../../agent/enrol/issued.ts";
import { createRenew, type Renew } from "../../../agent/enrol/renew.ts";
import { openEnrolmentService } from "../../../agent/enrol/service.ts";
import { makeFolders, openFileSystem } from "../../../agent/slots/file-system.ts";
import { OBJECTS_FOLDER } from "../../../agent/slots/objects.ts";
import { openPlace } from "../../../agent/slots/place.ts";
import { openSimulatedTerminal } from "../../../agent/terminal/simulated.ts";
import { startTimer } from "../../../agent/timer.ts";
import { toDeviceKey } from "../../../certs/x509/identity.ts";
import { toRsaPublicKey } from "../../../certs/x509/rsa-key.ts";
import { makeFolder } from "../../support/agent-process.ts";
import { loadCertificates, longAgo, type TestCertificates, TUSN_A, TUSN_B } from "../../support/certificates.ts";
import {
  type Answering,
  type EnrolmentServer,
  openEnrolmentServer,
  toIssued,
  toPending,
  toProblem,
} from "../../support/enrolment-server.ts";
import { createApprovers } from "../../support/release.ts";
import { openScriptedBroker } from "../../support/scripted-broker.ts";

// Renewal over mutual TLS with a real server, and the certificate that the next connection shows.

const DAY_MS = 86_400_000;
const WAIT = { timeout: 20_000, interval: 10 };
const now = () => Math.floor(Date.now() / 1_000);
const { folder, remove } = makeFolder();
let made: TestCertificates;
let server: EnrolmentServer | undefined;
/** Two thirds of its life are over. */
let present: string;
let file: string;
let count = 0;

beforeAll(async () => {
  made = await loadCertificates();
  present = (await made.terminal(TUSN_A, { now: new Date(Date.now() - 25 * DAY_MS) })).certificate;
});
afterEach(async () => {
  await server?.close();
  server = undefined;
});
afterAll(remove);

async function open(answer?: Answering): Promise<{ readonly renew: Renew; readonly server: EnrolmentServer }> {
  count += 1;
  mkdirSync(join(folder, String(count)));
  file = join(folder, String(count), "device.pem");
  writeFileSync(file, present);
  const opened = await openEnrolmentServer(answer);
  server = opened;
  const { key } = await made.terminal(TUSN_A);
  const renew = createRenew({
    tusn: TUSN_A,
    deviceKey: made.deviceKey,
    authorities: parseAuthorities(made.authority.certificate),
    certificatePlace: openPlace(file),
    openService: (cert) =>
      openEnrolmentService({ url: new URL(opened.url), ca: made.authority.certificate, own: { cert, key } }),
  });
  return { renew, server: opened };
}

const held = () => readFileSync(file, "utf8");

describe("a renewal", () => {
  it("is asked for under the present certificate, by a request of the same key, and is on disk when it is there", async () => {
    const { renew, server } = await open();
    const renewed = await renew(present, now());
    expect(server.calls).toMatchObject([{ path: "/enrol/v1/renewals", shown: present }]);
    expect(Object.keys(server.calls[0]?.body ?? {})).toEqual(["request"]);
    expect(held()).toBe(renewed);
    expect(readdirSync(join(folder, String(count)))).toEqual(["device.pem"]);
    const { publicKey } = new X509Certificate(renewed);
    expect(publicKey.equals(toRsaPublicKey(made.deviceKey))).toBe(true);
  });

  const bad: readonly (readonly [string, Parameters<typeof toIssued>[1], string])[] = [
    ["of another terminal", { tusn: TUSN_B }, "CERTIFICATE_INVALID"],
    ["that has expired", { now: longAgo() }, "CERTIFICATE_INVALID"],
    ["that ends before the present one", { days: 1 }, "CERTIFICATE_INVALID"],
  ];
  it.each(bad)("takes no certificate %s, and the present one stays", async (_, certified, code) => {
    const { renew } = await open(({ body }) => toIssued(body["request"], certified));
    await expect(renew(present, now())).rejects.toThrow(expect.objectContaining({ code }));
    expect(held()).toBe(present);
  });

  it.each([
    ["CERTIFICATE_REVOKED", toProblem("CERTIFICATE_REVOKED")],
    ["TERMINAL_SUSPENDED", toProblem("TERMINAL_SUSPENDED")],
    ["ENROLMENT_PENDING", toPending()],
    ["FETCH_FAILED", { status: 500, body: "" }],
  ])("fails with %s where the service says so, and the present one stays", async (code, reply) => {
    const { renew } = await open(() => reply);
    await expect(renew(present, now())).rejects.toThrow(expect.objectContaining({ code }));
    expect(held()).toBe(present);
  });

  it("takes none of another authority", async () => {
    const { renew } = await open(({ body }) => toIssued(body["request"], { authority: made.foreignAuthority }));
    await expect(renew(present, now())).rejects.toThrow(expect.objectContaining({ code: "CERTIFICATE_INVALID" }));
    expect(held()).toBe(present);
  });
});

describe("an agent whose certificate is due", () => {
  async function start(port: number, renew: Renew, isBroken: boolean): Promise<Agent> {
    const stateDir = join(folder, String(count), "state");
    makeFolders(stateDir, [OBJECTS_FOLDER]);
    if (isBroken) for (const name of ["state.0", "state.1"]) writeFileSync(join(stateDir, name), "edited");
    const { key } = await made.terminal(TUSN_A);
    return openAgent({
      run: randomBytes(8),
      ...{ tusn: TUSN_A, host: "localhost", port, ca: made.authority.certificate, cert: present, key },
      ...{ deviceKey: made.deviceKey, deviceKeyDigest: toDeviceKey(toRsaPublicKey(made.deviceKey)) },
      pinnedRoot: createApprovers(now()).trust.root,
      files: openFileSystem(stateDir),
      terminal: openSimulatedTerminal({ profilePath: join(stateDir, "profile.bin"), tmk: Buffer.alloc(16) }),
      ...{ clock: now, uptime: () => performance.now() / 1_000, random: () => 0, startTimer, log: () => undefined },
      ...{ reconnectBaseMs: 1, reconnectCapMs: 1, renew },
    });
  }

  it.each([
    ["renews it and leaves its connection as it is: the next one shows the new certificate", false],
    ["renews it in safe mode too, or nobody would hear of it any more", true],
  ])("%s", async (_, isBroken) => {
    const { renew } = await open();
    const broker = await openScriptedBroker();
    const agent = await start(broker.port, renew, isBroken);
    try {
      await vi.waitFor(() => expect(held()).not.toBe(present), WAIT);
      await vi.waitFor(() => expect(broker.connections).toHaveLength(1), WAIT);
      const shown = (at: number) => broker.connections[at]?.getPeerX509Certificate()?.toString();
      expect(shown(0)).toBe(present);
      expect(broker.connections[0]?.destroyed).toBe(false);
      broker.connections[0]?.destroy();
      await vi.waitFor(() => expect(broker.connections).toHaveLength(2), WAIT);
      expect(shown(1)).toBe(held());
    } finally {
      await agent.close();
      await broker.close();
    }
  });
});
