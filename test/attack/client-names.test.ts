import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BusUnderAttack } from "../support/bus-under-attack.ts";
import { loadCertificates, TUSN_A, TUSN_B } from "../support/certificates.ts";
import { toConnect } from "../support/mqtt-bytes.ts";
import { openTrusting } from "../support/raw-terminal.ts";

// Row 41: what a client calls itself is compared whole with its certificate, and never put into a pattern.

const NAMES = [
  ...["+", "#", "/", "\0", "$SYS", "%c", "%u", "*", ".", "..", "__proto__", "constructor", "", " "],
  ...[TUSN_A, `${TUSN_B}/`, `/${TUSN_B}`, `${TUSN_B}\0`, `${TUSN_B}\n`, ` ${TUSN_B}`, `${TUSN_B} `, `${TUSN_B}#`],
  ...[TUSN_B.toLowerCase(), `${TUSN_B}/${TUSN_A}`, `\uff10${TUSN_B.slice(1)}`, `${TUSN_B}\u200b`, "x".repeat(900)],
];
const CLEAN = 0x02;
const USER_NAME = 0x80;
const PASSWORD = 0x40;
const WILL = 0x04;
const FIELDS = {
  "client id": (name: string) => toConnect({ clientId: name }),
  "user name": (name: string) => toConnect({ clientId: TUSN_B, flags: CLEAN | USER_NAME, fields: [name] }),
  password: (name: string) =>
    toConnect({ clientId: TUSN_B, flags: CLEAN | USER_NAME | PASSWORD, fields: [TUSN_B, name] }),
  "topic of a will": (name: string) => toConnect({ clientId: TUSN_B, flags: CLEAN | WILL, fields: [name, "x"] }),
};

let attacked: BusUnderAttack;

beforeEach(async () => {
  attacked = await BusUnderAttack.open();
});

afterEach(() => attacked.close());

describe.each(Object.entries(FIELDS))("row 41: as a %s", (_, toBytes) => {
  it("no hostile name gets a terminal anything but the end of its connection", async () => {
    const credentials = await (await loadCertificates()).terminal(TUSN_B);
    for (const name of NAMES) {
      const attacker = await openTrusting(attacked.opened.address, credentials);
      attacker.socket.write(toBytes(name));
      await attacker.closed;
      expect([name, attacker.received()]).toEqual([name, Buffer.alloc(0)]);
    }
    const refused = [...attacked.logged("bus.access_denied"), ...attacked.logged("bus.connection_cut")];
    expect(refused).toHaveLength(NAMES.length);
    await attacked.expectUndisturbed();
  });
});
