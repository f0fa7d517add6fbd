import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { toDownTopic, toUpTopic } from "../../proto/topics.ts";
import { BusUnderAttack, CONNACK } from "../support/bus-under-attack.ts";
import { TUSN_A, TUSN_B } from "../support/certificates.ts";
import { toConnect, toPublish, toSubscribe } from "../support/mqtt-bytes.ts";

const OWN_DIRECTIVE = toDownTopic(TUSN_B, "directive");

let attacked: BusUnderAttack;

beforeEach(async () => {
  attacked = await BusUnderAttack.open();
});

afterEach(() => attacked.close());

/** Sends bytes as the genuine terminal TUSN_B after its CONNECT, and expects to be cut off with nothing gained. */
async function expectCutOff(...packets: readonly Buffer[]): Promise<void> {
  const attacker = await attacked.connectInsider(TUSN_B);
  attacker.socket.write(Buffer.concat(packets));
  await attacker.closed;
  expect(attacker.received()).toEqual(CONNACK);
  await attacked.expectUndisturbed();
}

describe("a terminal that subscribes is cut off and gets nothing", () => {
  it.each([
    "#",
    "+",
    "+/+/+/+/+",
    "tillsync/#",
    "tillsync/v1/+/down/directive",
    `tillsync/v1/${TUSN_B}/#`,
    `tillsync/v1/${TUSN_B}/down/+`,
    "$SYS/#",
    "$SYS/+/new/clients",
    `$share/group/${OWN_DIRECTIVE}`,
    "$share/group/#",
    toDownTopic(TUSN_A, "directive"),
    toUpTopic(TUSN_A, "hello"),
    toUpTopic(TUSN_B, "hello"),
    `${OWN_DIRECTIVE}/`,
    `/${OWN_DIRECTIVE}`,
    "__proto__",
  ])("to %s", async (filter) => {
    await expectCutOff(toSubscribe(1, [filter, 0]));
    expect(attacked.logged("bus.access_denied")).toMatchObject([{ action: "subscribe", tusn: TUSN_B }]);
  });

  it("to its own topic and another's in one packet", async () => {
    await expectCutOff(toSubscribe(1, [OWN_DIRECTIVE, 0], [toDownTopic(TUSN_A, "directive"), 0]));
  });

  it("to its own topic with QoS 2", async () => {
    await expectCutOff(toSubscribe(1, [OWN_DIRECTIVE, 2]));
  });
});

describe("a terminal that publishes is cut off and reaches nobody", () => {
  it.each([
    toUpTopic(TUSN_A, "hello"),
    toDownTopic(TUSN_A, "directive"),
    toDownTopic(TUSN_B, "directive"),
    "$SYS/other/new/clients",
    "$SYS/other/heartbeat",
    "tillsync/v1",
    "/",
    "constructor",
  ])("on %s", async (topic) => {
    await expectCutOff(toPublish(topic, TUSN_A, 1));
    expect(attacked.logged("bus.access_denied")).toMatchObject([{ action: "publish", tusn: TUSN_B }]);
  });

  it("on a topic deeper than a router can match", async () => {
    await expectCutOff(toPublish(Array.from({ length: 10_000 }, () => "x").join("/"), "x", 1));
  });

  it("a retained message on its own topic", async () => {
    await expectCutOff(toPublish(toUpTopic(TUSN_B, "hello"), "x", 1, 0b0001));
    expect(attacked.logged("bus.access_denied")).toMatchObject([{ action: "publish", tusn: TUSN_B }]);
  });

  it("more than an envelope holds", async () => {
    await expectCutOff(toPublish(toUpTopic(TUSN_B, "hello"), Buffer.alloc(4_097), 1));
    expect(attacked.logged("bus.access_denied")).toMatchObject([{ action: "publish", tusn: TUSN_B }]);
  });
});

describe("a terminal that connects is cut off", () => {
  const WILL = 0x04;
  const CLEAN = 0x02;
  const CREDENTIALS = 0xc0;

  it.each([
    ["with another terminal's client id", toConnect({ clientId: TUSN_A })],
    ["without a client id", toConnect({ clientId: "" })],
    ["with a wildcard for a client id", toConnect({ clientId: "#" })],
    [
      "with a will on its own topic",
      toConnect({ clientId: TUSN_B, flags: CLEAN | WILL, fields: [OWN_DIRECTIVE, "x"] }),
    ],
    [
      "with a will on another's topic",
      toConnect({ clientId: TUSN_B, flags: CLEAN | WILL, fields: [toDownTopic(TUSN_A, "directive"), "x"] }),
    ],
    ["with a session that stays", toConnect({ clientId: TUSN_B, flags: 0 })],
    [
      "with a user name and password",
      toConnect({ clientId: TUSN_B, flags: CLEAN | CREDENTIALS, fields: [TUSN_A, "password"] }),
    ],
    ["without a keep-alive", toConnect({ clientId: TUSN_B, keepalive: 0 })],
  ])("%s", async (_, connect) => {
    const attacker = await attacked.openInsider(TUSN_B);
    attacker.socket.write(connect);
    await attacker.closed;
    expect(attacker.received()).toHaveLength(0);
    expect(attacked.logged("bus.access_denied")).toMatchObject([{ action: "connect", tusn: TUSN_B }]);
    await attacked.expectUndisturbed();
  });
});
