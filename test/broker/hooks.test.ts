import type { Client } from "aedes";
import { describe, expect, it, vi } from "vitest";
import type { Admission } from "../../broker/bus.ts";
import { createHooks } from "../../broker/embedded/hooks.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { toDownTopic, toUpTopic } from "../../proto/topics.ts";
import { TUSN_A, TUSN_B } from "../support/certificates.ts";

const DENIED = expect.objectContaining({ code: "ACCESS_DENIED" });
const KNOWN = toClient({ id: TUSN_A });
const UNKNOWN = toClient({ id: TUSN_A });

const receive = vi.fn(async () => {});
const log = vi.fn();
const peer = { tusn: TUSN_A, fingerprint: new Uint8Array(32), remote: "192.0.2.1" };
const admit = vi.fn(async (): Promise<Admission> => "full");
const hold = vi.fn();
const known = { tusn: TUSN_A, peer, admission: "full" as Admission | undefined, hold, receive };
const hooks = createHooks((client) => (client === KNOWN ? known : undefined), admit, log);

function toPacket(topic: string) {
  return { cmd: "publish", topic, payload: Buffer.from("x"), qos: 0, retain: false, dup: false } as const;
}

/** As much of a client as the hooks look at. */
function toClient(fields: Partial<Client>): Client {
  return fields as Client;
}

/** What a hook answers. */
function ask<T extends readonly unknown[]>(call: (done: (...answer: T) => void) => void): Promise<T> {
  return new Promise((resolve) => call((...answer) => resolve(answer)));
}

describe("a hook of the embedded broker", () => {
  it("lets nothing through for a client without a verified certificate, or for none at all", async () => {
    const connect = { cmd: "connect", clientId: TUSN_A, clean: true, protocolVersion: 4, keepalive: 60 } as const;
    expect(await ask((done) => hooks.preConnect(UNKNOWN, connect, done))).toEqual([DENIED, false]);
    expect(await ask((done) => hooks.authenticate(UNKNOWN, undefined, undefined, done))).toEqual([null, false]);
    for (const client of [UNKNOWN, null]) {
      const up = toPacket(toUpTopic(TUSN_A, "hello"));
      expect(await ask((done) => hooks.authorizePublish(client, up, done))).toEqual([DENIED]);
    }
    const subscription = { topic: toDownTopic(TUSN_A, "trust"), qos: 0 } as const;
    expect(await ask((done) => hooks.authorizeSubscribe(UNKNOWN, subscription, done))).toEqual([DENIED]);
    expect(receive).not.toHaveBeenCalled();
  });

  it("refuses a CONNECT that leaves out what the policy asks for", async () => {
    const connect = { cmd: "connect", clientId: TUSN_A } as const;
    expect(await ask((done) => hooks.preConnect(KNOWN, connect, done))).toEqual([DENIED, false]);
  });

  it("reads nothing more of a client, and lets nothing through, until it is known what the client may do", async () => {
    known.admission = undefined;
    const forwarded = { ...toPacket(toDownTopic(TUSN_A, "trust")), brokerId: "b", brokerCounter: 1 };
    expect(await ask((done) => hooks.authorizePublish(KNOWN, toPacket(toUpTopic(TUSN_A, "hello")), done))).toEqual([
      DENIED,
    ]);
    expect(hooks.authorizeForward(KNOWN, forwarded)).toBeNull();
    expect(receive).not.toHaveBeenCalled();
    const connect = { cmd: "connect", clientId: TUSN_A, clean: true, protocolVersion: 4, keepalive: 60 } as const;
    const answered = ask((done) => hooks.preConnect(KNOWN, connect, done));
    expect(hold).toHaveBeenCalledOnce();
    expect(known.admission).toBeUndefined();
    expect(await answered).toEqual([null, true]);
    expect(known.admission).toBe("full");
  });

  it("delivers nothing to a client but its own down topics", () => {
    const forward = (client: Client, topic: string) =>
      hooks.authorizeForward(client, { ...toPacket(topic), brokerId: "b", brokerCounter: 1 });
    expect(forward(KNOWN, toDownTopic(TUSN_A, "trust"))).toMatchObject({ topic: toDownTopic(TUSN_A, "trust") });
    for (const topic of [toDownTopic(TUSN_B, "trust"), toUpTopic(TUSN_A, "hello"), "$SYS/b/heartbeat", "#"]) {
      expect(forward(KNOWN, topic), topic).toBeNull();
    }
    expect(forward(UNKNOWN, toDownTopic(TUSN_A, "trust"))).toBeNull();
  });

  it("answers a message that is not stored with the error that stopped it", async () => {
    receive.mockRejectedValueOnce(new TillsyncError("STORE_FAILED"));
    const up = toPacket(toUpTopic(TUSN_A, "hello"));
    const failed = expect.objectContaining({ code: "STORE_FAILED" });
    expect(await ask((done) => hooks.authorizePublish(KNOWN, up, done))).toEqual([failed]);
    expect(log).toHaveBeenLastCalledWith("bus.not_stored", { code: "STORE_FAILED", tusn: TUSN_A });
  });
});
