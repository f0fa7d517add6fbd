import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { toUpTopic } from "../../proto/topics.ts";
import { BusUnderAttack } from "../support/bus-under-attack.ts";
import { TUSN_B } from "../support/certificates.ts";
import { BAD_STRINGS, toConnect, toPacket, toPublish, toSubscribe, toUnsubscribe } from "../support/mqtt-bytes.ts";

const CONNECT = toConnect({ clientId: TUSN_B });

let attacked: BusUnderAttack;

beforeEach(async () => {
  attacked = await BusUnderAttack.open();
});

afterEach(() => attacked.close());

/** Sends bytes with the genuine certificate of TUSN_B, and expects to be cut by the guard with this code. */
async function expectCut(code: string, bytes: Buffer): Promise<void> {
  const attacker = await attacked.openInsider(TUSN_B);
  attacker.socket.write(bytes);
  await attacker.closed;
  expect(attacked.logged("bus.connection_cut").at(-1)).toMatchObject({ code, tusn: TUSN_B });
}

describe("invalid UTF-8 is cut by the guard, peers undisturbed", () => {
  it.each(BAD_STRINGS)("%s", async (_, bad) => {
    await expectCut("GUARD_MALFORMED", toConnect({ clientId: bad }));
    for (const packet of [toPublish(bad, "x", 1), toSubscribe(1, [bad, 0]), toUnsubscribe(1, bad)]) {
      await expectCut("GUARD_MALFORMED", Buffer.concat([CONNECT, packet]));
    }
    await attacked.expectUndisturbed();
  });
});

describe("what a terminal may not send is cut by the guard, peers undisturbed", () => {
  it.each([
    ["QoS 2", Buffer.concat([CONNECT, toPacket(0x34, Buffer.of(0, 1, 0x61, 0, 1))])],
    ["a release of QoS 2", Buffer.concat([CONNECT, Buffer.of(0x62, 2, 0, 1)])],
    ["an acknowledgement", Buffer.concat([CONNECT, Buffer.of(0x40, 2, 0, 1)])],
    ["a server's packet", Buffer.concat([CONNECT, Buffer.of(0x20, 2, 0, 0)])],
    ["a second CONNECT", Buffer.concat([CONNECT, CONNECT])],
  ])("%s", async (_, bytes) => {
    await expectCut("GUARD_NOT_ALLOWED", bytes);
    await attacked.expectUndisturbed();
  });

  it("anything before CONNECT", async () => {
    await expectCut("GUARD_NOT_CONNECT", toPublish(toUpTopic(TUSN_B, "hello"), "x", 1));
    await expectCut("GUARD_NOT_CONNECT", Buffer.from("GET / HTTP/1.1\r\n\r\n"));
    await attacked.expectUndisturbed();
  });

  it("MQTT 5", async () => {
    await expectCut("GUARD_MALFORMED", toConnect({ clientId: TUSN_B, level: 5 }));
    await attacked.expectUndisturbed();
  });
});
