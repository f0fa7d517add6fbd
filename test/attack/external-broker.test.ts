import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CANARIES, SERVICE_NAME, toAclHead } from "../../broker/acl.ts";
import { type Finding, type ProbeOptions, probeBroker, verifyBroker } from "../../broker/probe/probe.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { BusRecorder } from "../support/bus-recorder.ts";
import { loadCertificates, type TestCertificates } from "../support/certificates.ts";
import { openTestBus } from "../support/embedded-bus.ts";
import {
  endMosquittos,
  expectMosquitto,
  findFreePort,
  HAS_MOSQUITTO,
  type MosquittoOptions,
  startMosquitto,
} from "../support/mosquitto.ts";
import { openScriptedBroker } from "../support/scripted-broker.ts";
import { openGateway } from "../support/websocket-gateway.ts";

// Row 49: the operator's mistakes, each made on a real broker.

const RIGHT = toAclHead();
/** Of things that must not happen, on this very machine. */
const GRACE_MS = 80;
const PLAIN = "\nlistener PLAIN 127.0.0.1\nallow_anonymous true\n";

let certificates: TestCertificates;

beforeAll(async () => {
  certificates = await loadCertificates();
});

afterAll(endMosquittos);

async function start(options: MosquittoOptions, change: Partial<ProbeOptions> = {}) {
  const broker = await startMosquitto(options);
  const { authority, foreignAuthority: foreign } = certificates;
  const probe: ProbeOptions = { ...broker.address, authority, foreign, now: new Date(), graceMs: GRACE_MS, ...change };
  return { broker, probe };
}

async function findChecks(options: MosquittoOptions, change: Partial<ProbeOptions> = {}): Promise<readonly string[]> {
  const { probe } = await start(options, change);
  return (await probeBroker(probe)).map(({ check }: Finding) => check);
}

async function refusalOf(probe: ProbeOptions): Promise<TillsyncError> {
  const error: unknown = await verifyBroker(probe).catch((thrown: unknown) => thrown);
  if (error instanceof TillsyncError) return error;
  throw new Error("the broker was taken");
}

describe("mosquitto", () => expectMosquitto());

// Side by side: nearly all of it is waiting for what must not happen.
describe.runIf(HAS_MOSQUITTO)("row 49: a mosquitto", { concurrent: true }, () => {
  it("as documented, with the list that we print, is taken", async () => {
    const { probe, broker } = await start({ acl: RIGHT });
    // A port where nobody listens is closed.
    await verifyBroker({ ...probe, plainPort: broker.plainPort, webSocketPort: broker.plainPort });
  });

  it("without a list is refused by name of all that it allows", async () => {
    const { probe } = await start({ changes: [[/acl_file .*\n/, ""]] });
    const { code, fields } = await refusalOf(probe);
    expect([code, fields["open"]]).toEqual(["BROKER_OPEN", "client-id, subscribe, publish, will"]);
  });

  it("with a list that allows everything to everybody is refused", async () => {
    const everybody = [SERVICE_NAME, ...CANARIES].map((name) => `user ${name}\ntopic readwrite #\n`).join("");
    expect(await findChecks({ acl: everybody })).toEqual(["client-id", "subscribe", "publish", "will"]);
  });

  it("that asks for no certificate is refused", async () => {
    const changes = [
      ["require_certificate true", "require_certificate false"],
      ["use_identity_as_username true\nuse_username_as_clientid true\n", ""],
      ["allow_anonymous false\n", "allow_anonymous true\n"],
      [/acl_file .*\n/, ""],
    ] as const;
    const found = await findChecks({ changes });
    expect(found.slice(0, 3)).toEqual(["no-certificate", "foreign-certificate", "expired-certificate"]);
  });

  it("with a second listener that is plain and anonymous is refused", async () => {
    const changes = [
      [/$/, PLAIN],
      ["allow_anonymous false\n", ""],
    ] as const;
    const { broker, probe } = await start({ acl: RIGHT, changes });
    expect((await probeBroker({ ...probe, plainPort: broker.plainPort })).map(({ check }) => check)).toEqual([
      "plain-port",
    ]);
  });

  it("behind a WebSocket that asks for no certificate is refused", async () => {
    const changes = [
      [/$/, PLAIN],
      ["allow_anonymous false\n", ""],
    ] as const;
    const { broker, probe } = await start({ acl: RIGHT, changes });
    const gateway = await openGateway(broker.plainPort);
    expect((await probeBroker({ ...probe, webSocketPort: gateway.port })).map(({ check }) => check)).toEqual([
      "websocket",
    ]);
    await gateway.close();
  });

  it("whose list has a pattern with the client's own id is refused", async () => {
    const acl = `user ${SERVICE_NAME}\ntopic readwrite tillsync/#\n\npattern readwrite tillsync/v1/%c/#\n`;
    const changes = [["use_username_as_clientid true\n", ""]] as const;
    expect(await findChecks({ acl, changes })).toEqual(["client-id"]);
  });

  it("that takes any client id is refused, whatever its list says", async () => {
    expect(await findChecks({ acl: RIGHT, changes: [["use_username_as_clientid true\n", ""]] })).toEqual(["client-id"]);
  });

  it("that believes another authority, too, is refused", async () => {
    const { certificate } = certificates.foreignAuthority;
    expect(await findChecks({ acl: RIGHT, alsoTrusted: certificate })).toEqual(["foreign-certificate"]);
  });

  it("that keeps messages, takes QoS 2 or speaks TLS 1.2 is refused", async () => {
    const changes = [
      ["retain_available false\n", ""],
      ["max_qos 1\n", ""],
      ["tls_version tlsv1.3", "tls_version tlsv1.2"],
    ] as const;
    expect(await findChecks({ acl: RIGHT, changes })).toEqual(["tls-1.2", "retained", "qos-2"]);
  });

  // An empty list was once taken for none (CVE-2018-12550); this version takes it for one that allows nothing.
  it.each([
    ["an empty list", ""],
    ["a list that keeps even the service out", "topic deny #\n"],
  ])("with %s says nothing, and is refused", async (_, acl) => {
    const { probe } = await start({ acl });
    const { code } = await refusalOf({ ...probe, stepMs: 500 });
    expect(["CONFIG_INVALID", "BROKER_OPEN"]).toContain(code);
  });
});

describe("row 49: the probe itself", () => {
  it("does not take our own broker for one of somebody else's, which routes nothing", async () => {
    const { bus, address } = await openTestBus(new BusRecorder());
    const { authority } = certificates;
    await expect(verifyBroker({ ...address, authority, now: new Date(), stepMs: 500 })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
    });
    await bus.close();
  });

  it("ends in time where nobody listens, and where the broker never answers", async () => {
    const silent = await openScriptedBroker({ answered: [] });
    const { authority } = certificates;
    for (const port of [silent.port, await findFreePort()]) {
      const probe = { host: "127.0.0.1", port, authority, now: new Date(), stepMs: 200 };
      await expect(verifyBroker(probe)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    }
    await silent.close();
  });
});
