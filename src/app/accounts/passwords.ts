import { timingSafeEqual } from "node:crypto";
import { TillsyncError } from "../../../proto/errors.ts";
import { toPasswordBytes } from "../../domain/accounts/password.ts";
import type { Context } from "../context.ts";
import type { Argon2, Argon2Cost } from "./argon2.ts";

/** Who waits for a hash, all accounts together: at a tenth of a second each, the last one waits three seconds. */
export const MAX_WAITING = 32;
const SALT_BYTES = 16;
/** A row that asks for more was not written by us. */
const MAX_COST: Argon2Cost = { memoryKiB: 262_144, iterations: 16, parallelism: 8 };
const ENCODED = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d)\$([A-Za-z0-9+/]{22})\$[A-Za-z0-9+/]{43}$/;
/** Hashed for what cannot be a password: argon2 takes no empty one. */
const NO_PASSWORD = Uint8Array.of(0);

interface Encoded {
  readonly cost: Argon2Cost;
  readonly salt: Uint8Array;
}

/** Passwords as they are kept and compared. Hashes are computed one after the other, and only so many wait. */
export interface Passwords {
  /** A new hash with a salt of its own. @throws TillsyncError RATE_LIMITED, INTERNAL */
  toHash(password: string, secret: Uint8Array): Promise<string>;
  /**
   * Whether the password is the one of this hash. Whatever comes in, one hash is computed: `undefined` stands for an
   * account that is not there, and takes as long as one that is.
   *
   * @throws TillsyncError RATE_LIMITED, INTERNAL
   */
  isPasswordOf(encoded: string | undefined, password: string, secret: Uint8Array): Promise<boolean>;
  /** Whether a hash was made at a lesser cost than new ones are. */
  isOutdated(encoded: string): boolean;
}

export function openPasswords(
  { randomBytes }: Pick<Context, "randomBytes">,
  argon2: Argon2,
  cost: Argon2Cost,
): Passwords {
  const inTurn = createTurns();
  const compute = (password: string, salt: Uint8Array, secret: Uint8Array, at: Argon2Cost) => {
    const bytes = toPasswordBytes(password);
    const hashed = bytes === undefined || bytes.length === 0 ? NO_PASSWORD : bytes;
    return inTurn(() => argon2.hash({ password: hashed, salt, secret, cost: at }));
  };
  return {
    toHash: (password, secret) => compute(password, randomBytes(SALT_BYTES), secret, cost),
    isPasswordOf: async (encoded, password, secret) => {
      const kept = encoded === undefined ? undefined : parseEncoded(encoded);
      const computed = await compute(password, kept?.salt ?? new Uint8Array(SALT_BYTES), secret, kept?.cost ?? cost);
      const isSame = isSameText(computed, kept === undefined ? computed : (encoded ?? ""));
      return isSame && kept !== undefined && toPasswordBytes(password) !== undefined;
    },
    isOutdated: (encoded) => {
      const kept = parseEncoded(encoded)?.cost ?? cost;
      return kept.memoryKiB < cost.memoryKiB || kept.iterations < cost.iterations;
    },
  };
}

/** One after the other. @throws TillsyncError RATE_LIMITED beyond MAX_WAITING */
function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return async (work) => {
    if (waiting >= MAX_WAITING) throw new TillsyncError("RATE_LIMITED", { seconds: 1 });
    waiting += 1;
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    try {
      return await mine;
    } finally {
      waiting -= 1;
    }
  };
}

function parseEncoded(text: string): Encoded | undefined {
  const [, memory, iterations, parallelism, salt = ""] = ENCODED.exec(text) ?? [];
  const cost = { memoryKiB: Number(memory), iterations: Number(iterations), parallelism: Number(parallelism) };
  const isSound =
    cost.memoryKiB <= MAX_COST.memoryKiB &&
    cost.iterations <= MAX_COST.iterations &&
    cost.parallelism <= MAX_COST.parallelism;
  return isSound ? { cost, salt: Buffer.from(salt, "base64") } : undefined;
}

function isSameText(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
