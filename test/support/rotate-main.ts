import { randomBytes } from "node:crypto";
import { rotateKeys } from "../../src/app/sn-keys/rotate.ts";
import { DEFAULT_IDENTITY_POLICY } from "../../src/domain/verdict.ts";
import { openLog } from "../../src/log.ts";
import { openStore } from "../../src/store/store.ts";

// Rotates keys as a process of its own, and ends as a power cut would: at the nth time that it asks for random bytes or for
// the time. A file that is to be written is durable by then or not begun.

export interface RotateConfig {
  readonly database: string;
  readonly keyFile: string;
  /** From 1; 0 for never. */
  readonly killAtBytes: number;
  readonly killAtTime: number;
}

const { database, keyFile, killAtBytes, killAtTime } = JSON.parse(process.argv[2] ?? "") as RotateConfig;

function countDown(from: number): () => void {
  let left = from;
  return () => {
    left -= 1;
    if (left === 0) process.kill(process.pid, "SIGKILL");
  };
}

const [onBytes, onTime] = [countDown(killAtBytes), countDown(killAtTime)];
const store = await openStore(database);
const context = {
  store,
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
process.stdout.write(JSON.stringify(await rotateKeys(context, keyFile, "wang")));
await store.destroy();
