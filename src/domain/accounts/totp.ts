/** RFC 6238: SHA-1, six digits, steps of 30 seconds; what every authenticator app speaks. */
export const TOTP = { algorithm: "SHA1", digits: 6, stepS: 30 } as const;
/** Steps by which a person's clock may be off, either way. */
const WINDOW = 1;

const CODE = /^\d{6}$/;

/** Whether a text has the form of a code. */
export function isCode(text: string): boolean {
  return CODE.test(text);
}

/**
 * Steps whose code is right now. None up to `lastStep`, the last one that a code was taken of: each code counts
 * once, and none that somebody saw and kept back counts after a later one.
 */
export function listSteps(now: number, lastStep: number): readonly number[] {
  const step = Math.floor(now / TOTP.stepS);
  return Array.from({ length: 2 * WINDOW + 1 }, (_, n) => step - WINDOW + n).filter(
    (candidate) => candidate > lastStep,
  );
}
