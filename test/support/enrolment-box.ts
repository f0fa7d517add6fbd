import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { type EnrolArguments, runEnrol } from "../../agent/enrol/command.ts";
import { openSimulatedTerminal } from "../../agent/terminal/simulated.ts";
import { computeCryptogram } from "../../proto/cryptogram.ts";
import { look } from "./canary-look.ts";
import { loadCertificates, TUSN_A } from "./certificates.ts";
import { type Answering, type EnrolmentServer, openEnrolmentServer } from "./enrolment-server.ts";
import { createApprovers } from "./release.ts";
import { discard, makeScratch } from "./scratch.ts";
import { loadSharedKeys } from "./shared-keys.ts";

export const TOKEN = "7K2M-9QXC-TOKEN-OF-ONE-TERMINAL";
export const FACTOR = "0123456789";
export const SN_KEY = Buffer.alloc(16, 0x32);
/** Pinned trust root. */
export const ROOT = createApprovers(Math.floor(Date.now() / 1_000)).trust.root;

/** A terminal's folder as it leaves the box: the installer's template and what he was given, no key, no certificate. */
export interface Box {
  readonly path: (name: string) => string;
  readonly server: EnrolmentServer;
}

export async function unpack(answer?: Answering, config: object = {}): Promise<Box> {
  const { authority } = await loadCertificates();
  const own = makeScratch("box");
  const path = (name: string) => join(own, name);
  writeFileSync(path("given-ca.pem"), authority.certificate);
  writeFileSync(path("given-root.json"), ROOT);
  const template = {
    ...{ tusn: TUSN_A, host: "localhost", port: 8_883, stateDir: "state" },
    ...{ caFile: "ca.pem", certFile: "device.pem", keyFile: "device.key", rootFile: "root.json" },
    terminal: { kind: "simulated", file: "profile.bin", tmk: "00".repeat(16), snKey: SN_KEY.toString("hex") },
    ...config,
  };
  writeFileSync(path("agent.json"), JSON.stringify(template));
  const server = await openEnrolmentServer(answer);
  onTestFinished(async () => {
    await server.close();
    discard(own);
  });
  return { path, server };
}

/** The same with a key from an earlier attempt, for what is not about the key: RSA keys are slow to make. */
export async function unpackKeyed(answer?: Answering, config: object = {}): Promise<Box> {
  const box = await unpack(answer, config);
  const [, key] = (await loadSharedKeys()).deviceKeys;
  writeFileSync(box.path("device.key"), key, { mode: 0o600 });
  return box;
}

export interface Ran {
  readonly status: number;
  readonly output: string;
  readonly aside: string;
}

export async function run({ path, server }: Box, change: EnrolArguments = {}): Promise<Ran> {
  let output = "";
  let aside = "";
  const status = await runEnrol(
    {
      ...{ config: path("agent.json"), url: server.url, token: TOKEN },
      ...{ ca: path("given-ca.pem"), root: path("given-root.json"), ...change },
    },
    {
      openTerminal: ({ tusn, terminal }) => ({
        terminal: openSimulatedTerminal({
          ...{ profilePath: path("profile.bin"), tmk: Buffer.alloc(16) },
          sn: terminal.kind === "simulated" && terminal.snKey ? { tusn, key: terminal.snKey } : undefined,
        }),
        close: () => undefined,
      }),
      clock: () => Math.floor(Date.now() / 1_000),
      uptime: () => performance.now() / 1_000,
      write: (text) => {
        output += text;
      },
      writeAside: (text) => {
        aside += text;
      },
    },
  );
  for (const secret of [TOKEN, FACTOR, computeCryptogram(SN_KEY, TUSN_A, FACTOR), "PRIVATE KEY"]) {
    expect(output + aside).not.toContain(secret);
  }
  look("what tillsync-agent said", output + aside);
  return { status, output, aside };
}
