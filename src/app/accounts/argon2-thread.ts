import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import type { argon2id } from "hash-wasm";
import { TillsyncError } from "../../../proto/errors.ts";
import type { Argon2, Argon2Input } from "./argon2.ts";

/** A hash takes a tenth of a second; a machine that is a hundred times slower is broken. */
const HASH_MS = 15_000;
const HASH_BYTES = 32;

/**
 * What the thread runs. A text and not a file: the service is one bundle, in which no module knows where another
 * lies. Only the package is looked up, where it is installed.
 */
const PROGRAM = `
  const { parentPort, workerData } = require("node:worker_threads");
  const { argon2id } = require(workerData);
  parentPort.on("message", (options) => {
    argon2id(options).then((encoded) => parentPort.postMessage({ encoded }), () => parentPort.postMessage({}));
  });
`;

type Options = Parameters<typeof argon2id>[0] & { readonly outputType: "encoded" };

/**
 * argon2id in a thread of its own, so that the service goes on meanwhile. The thread begins with the first hash and
 * keeps no process from ending; where it dies, the next hash begins another.
 */
export function openArgon2Thread(): Argon2 {
  let thread: Worker | undefined;

  const open = (): Worker => {
    const library = createRequire(import.meta.url).resolve("hash-wasm");
    const opened = new Worker(PROGRAM, { eval: true, workerData: library, env: {}, stdin: false });
    // An error that nobody waits for must not end the service.
    opened.on("error", () => undefined);
    opened.on("exit", () => {
      if (thread === opened) thread = undefined;
    });
    return opened;
  };

  const ask = async (options: Options): Promise<string> => {
    thread ??= open();
    const asked = thread;
    const answer = await waitFor(asked, options);
    if (answer === undefined) {
      await asked.terminate();
      throw new TillsyncError("INTERNAL", { what: "argon2id" });
    }
    return answer;
  };

  return {
    hash: (input) => ask(toOptions(input)),
    close: async () => {
      await thread?.terminate();
    },
  };
}

/** Undefined where the thread fails, ends, or takes too long. */
function waitFor(thread: Worker, options: Options): Promise<string | undefined> {
  return new Promise((resolve) => {
    const end = (answer: string | undefined) => {
      clearTimeout(timer);
      for (const [event, listener] of listeners) thread.off(event, listener);
      thread.unref();
      resolve(answer);
    };
    const fail = () => end(undefined);
    const listeners: readonly (readonly [event: string, listener: (message: unknown) => void])[] = [
      ["message", (message) => end(toEncoded(message))],
      ["error", fail],
      ["exit", fail],
    ];
    const timer = setTimeout(fail, HASH_MS);
    for (const [event, listener] of listeners) thread.on(event, listener);
    thread.ref();
    thread.postMessage(options);
  });
}

function toEncoded(message: unknown): string | undefined {
  const { encoded } = message as { readonly encoded?: unknown };
  return typeof encoded === "string" ? encoded : undefined;
}

function toOptions({ password, salt, secret, cost }: Argon2Input): Options {
  return {
    ...{ password, salt, secret, hashLength: HASH_BYTES, outputType: "encoded" },
    ...{ memorySize: cost.memoryKiB, iterations: cost.iterations, parallelism: cost.parallelism },
  };
}
