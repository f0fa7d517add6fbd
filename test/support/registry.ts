import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { onTestFinished } from "vitest";
import { openRegistryProcess, type RegistryProcess } from "../../sim/registry/process.ts";
import type { RegistryTerminal } from "../../sim/registry/registry.ts";
import { type RegistryOptions, RegistryVerifier } from "../../src/app/verifiers/registry.ts";
import { toEndpoint } from "../../src/app/verifiers/registry-client.ts";
import { loadCertificates, TUSN_A, TUSN_B } from "./certificates.ts";
import { makeFolder } from "./fleet-store.ts";
import { OTHER_SN_KEY, SN_KEY } from "./sn-keys.ts";

export const TOKEN = "a-token-that-nobody-may-see";
const TERMINALS: readonly RegistryTerminal[] = [
  { tusn: TUSN_A, snKey: SN_KEY, certificateNo: "P3100" },
  { tusn: TUSN_B, snKey: OTHER_SN_KEY, revoked: true },
];

let bundled: Promise<string> | undefined;

/** Bundles the simulated registry once in a test file; gives the path of its `main`. */
export function bundleRegistry(folder: string): Promise<string> {
  bundled ??= bundle(folder);
  return bundled;
}

async function bundle(folder: string): Promise<string> {
  const outfile = join(folder, "registry.mjs");
  await build({
    ...{ entryPoints: ["sim/registry/main.ts"], outfile, bundle: true, platform: "node", format: "esm" },
    logLevel: "silent",
  });
  return outfile;
}

/** A registry in a process of its own, over TLS; ended when the test has finished. */
export async function startRegistry(entry: string): Promise<RegistryProcess> {
  const folder = makeFolder();
  const { server } = await loadCertificates();
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const registry = await openRegistryProcess(entry, {
    terminals: write("terminals.json", JSON.stringify(TERMINALS)),
    port: 0,
    key: write("key.pem", server.key),
    certificate: write("certificate.pem", server.certificate),
    token: TOKEN,
  });
  onTestFinished(() => registry.close());
  return registry;
}

/** A verifier that asks it, and believes the test authority. */
export async function askRegistry(
  port: number,
  options: Pick<RegistryOptions, "log"> & Partial<RegistryOptions>,
): Promise<RegistryVerifier> {
  const { authority } = await loadCertificates();
  const endpoint = toEndpoint(`https://127.0.0.1:${port}`, authority.certificate, TOKEN);
  return new RegistryVerifier({ endpoint, ...options });
}
