import { argon2id } from "hash-wasm";
import { afterEach, describe, expect, it } from "vitest";
import { DEFAULT_COST } from "../../../../src/app/accounts/argon2.ts";
import { openArgon2Thread } from "../../../../src/app/accounts/argon2-thread.ts";
import { openPasswords } from "../../../../src/app/accounts/passwords.ts";
import { CHEAP, refusedWith } from "../../../support/accounts.ts";

const thread = openArgon2Thread();
afterEach(() => thread.close());

const INPUT = { password: Buffer.from("password"), salt: Buffer.alloc(16, 1), secret: Buffer.alloc(32, 2) };
const randomBytes = (size: number) => Buffer.alloc(size, 7);

describe("the thread that hashes passwords", () => {
  it("computes argon2id as it is computed elsewhere, and lets the process go on meanwhile", async () => {
    let turns = 0;
    const turn = setInterval(() => {
      turns += 1;
    }, 1);
    const encoded = await thread.hash({ ...INPUT, cost: DEFAULT_COST });
    clearInterval(turn);
    const elsewhere = await argon2id({
      ...{ ...INPUT, memorySize: 19_456, iterations: 2, parallelism: 1, hashLength: 32, outputType: "encoded" },
    });
    expect(encoded).toBe(elsewhere);
    expect(encoded).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(turns).toBeGreaterThan(5);
  });

  it("depends on password, salt, secret and cost, each", async () => {
    const other = Buffer.from("0".repeat(16));
    const hashes = new Set([
      await thread.hash({ ...INPUT, cost: CHEAP }),
      await thread.hash({ ...INPUT, password: other, cost: CHEAP }),
      await thread.hash({ ...INPUT, salt: other, cost: CHEAP }),
      await thread.hash({ ...INPUT, secret: Buffer.alloc(32), cost: CHEAP }),
      await thread.hash({ ...INPUT, cost: { ...CHEAP, iterations: 2 } }),
    ]);
    expect(new Set([...hashes].map((encoded) => encoded.split("$").at(-1))).size).toBe(5);
  });

  it("begins anew after what cannot be computed, and after it was closed", async () => {
    expect(await refusedWith(thread.hash({ ...INPUT, cost: { ...CHEAP, memoryKiB: 1 } }))).toBe("INTERNAL what");
    const first = await thread.hash({ ...INPUT, cost: CHEAP });
    await thread.close();
    expect(await thread.hash({ ...INPUT, cost: CHEAP })).toBe(first);
  });

  it("hashes an empty password like any other: somebody may well send one", async () => {
    const passwords = openPasswords({ randomBytes }, thread, CHEAP);
    const secret = randomBytes(32);
    const encoded = await passwords.toHash("a long password 1", secret);
    expect(await passwords.isPasswordOf(encoded, "", secret)).toBe(false);
    expect(await passwords.isPasswordOf(encoded, "a long password 1", secret)).toBe(true);
    expect(await passwords.isPasswordOf(undefined, "a long password 1", secret)).toBe(false);
  });
});

describe("a hash that nobody of us made", () => {
  it.each([
    "",
    "plain text",
    "$argon2i$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "$argon2id$v=19$m=9999999,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "$argon2id$v=19$m=8,t=99,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "$argon2id$v=19$m=8,t=1,p=9$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
  ])("is no password's, and costs no more than one of ours: %j", async (encoded) => {
    const passwords = openPasswords({ randomBytes }, thread, CHEAP);
    expect(await passwords.isPasswordOf(encoded, "password", randomBytes(32))).toBe(false);
    expect(passwords.isOutdated(encoded)).toBe(false);
  });
});
