/**
 * How long a test waits for what must happen, in milliseconds: far longer than it takes, because others may be at work
 * on the machine. What must not happen is waited for much shorter, by a figure of the test's own.
 */
export const SOON_MS = 20_000;
