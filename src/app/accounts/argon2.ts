/** Parameters of argon2id (RFC 9106). */
export interface Argon2Cost {
  readonly memoryKiB: number;
  readonly iterations: number;
  readonly parallelism: number;
}

/** What is hashed; lengths in bytes. */
export interface Argon2Input {
  readonly password: Uint8Array;
  /** 16. */
  readonly salt: Uint8Array;
  /** 32: without it a stolen hash cannot be tried against any password. */
  readonly secret: Uint8Array;
  readonly cost: Argon2Cost;
}

/** A way to compute argon2id. One at a time is asked of it. */
export interface Argon2 {
  /** 32 bytes of hash in encoded form, `$argon2id$v=19$m=…,t=…,p=…$salt$hash`. @throws TillsyncError INTERNAL */
  hash(input: Argon2Input): Promise<string>;
  close(): Promise<void>;
}

/** The least that OWASP's password storage cheat sheet asks for. */
export const DEFAULT_COST: Argon2Cost = { memoryKiB: 19_456, iterations: 2, parallelism: 1 };
