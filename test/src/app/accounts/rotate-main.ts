import { randomBytes } from "node:crypto";
import { rotateAccountKey } from "../../../../src/app/accounts/rotate.ts";
import { DEFAULT_IDENTITY_POLICY } from "../../../../src/domain/verdict.ts";
import { openLog } from "../../../../src/log.ts";
import { openStore } from "../../../../src/store/store.ts";

// Rotates the accounts' key as a process of its own, and ends as a power cut would: at the nth time that it asks for random
// bytes or for the time, or begins a transaction. A file that is to be written is durable by then or not begun.

export interface RotateConfig {
  readonly database: string;
  readonly keyFile: string;
  /** From 1; 0 for never. */
  readonly killAtBytes: number;
  readonly killAtTime: number;
  readonly killAtTransaction: number;
}

const { database, keyFile, killAtBytes, killAtTime, killAtTransaction } = JSON.parse(
  process.argv[2] ?? "",
) as RotateConfig;

function countDown(from: number): () => void {
  let left = from;
  return () => {
    left -= 1;
    if (left === 0) process.kill(process.pid, "SIGKILL");
  };
}

const [onBytes, onTime, onTransaction] = [killAtBytes, killAtTime, killAtTransaction].map(countDown) as [
  () => void,
  () => void,
  () => void,
];
const store = await openStore(database);
const counted = new Proxy(store, {
  get: (target, name) => {
    if (name === "transaction") onTransaction();
    const member: unknown = Reflect.get(target, name);
    return typeof member === "function" ? member.bind(target) : member;
  },
});
const context = {
  store: counted,
  now: () => {
    onTime();
    return 1_800_000_000;
  },
  randomBytes: (size: number) => {
    onBytes();
    return randomBytes(size);
  },
  log: openLog("warn", process.stderr),
  identity: DEFAULT_IDENTITY_POLICY,
};
await rotateAccountKey(context, keyFile, "wang");
await store.destroy();
