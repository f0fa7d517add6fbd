import { createPublicKey } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { expect, it, onTestFinished } from "vitest";
import type { AcquirerConfig } from "../../../../sim/acquirers/control.ts";
import { openAcquirerProcess } from "../../../../sim/acquirers/process.ts";
import { bindTerminal, queryTerminal, unbindTerminal } from "../../../../src/app/acquirers/lakala-terminals.ts";
import { openAcquirers, openLakalaPlatform } from "../../../../src/app/acquirers/open.ts";
import { readAcquirerSettings } from "../../../../src/app/acquirers/settings.ts";
import { MERCHANT, openSettling } from "../../../support/acquirers.ts";
import { loadSharedKeys } from "../../../support/shared-keys.ts";

const TERMINAL = "00000304N7NL01933217";

it("an acquirer is asked over TLS, in a process of its own, and nobody whom the wrong authority vouches for", async () => {
  const { folder, fleet } = await openSettling("webhook");
  const { server, authority, foreignAuthority, deviceKeys } = await loadSharedKeys();
  const secret = "07".repeat(32);
  const config: AcquirerConfig = {
    ...{ scheme: "webhook", port: 0, accounts: {}, asker: { id: "k1" }, platform: { key: deviceKeys[1] }, secret },
    tls: { key: server.key, cert: server.certificate },
  };
  const files = {
    "config.json": JSON.stringify(config),
    "k.hex": secret,
    "ca.pem": authority.certificate,
    "other.pem": foreignAuthority.certificate,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o600 });
  const outfile = join(folder, "acquirer.mjs");
  await build({
    entryPoints: ["sim/acquirers/main.ts"],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "silent",
  });
  const process = await openAcquirerProcess(outfile, join(folder, "config.json"));
  onTestFinished(() => process.close());
  const url = `https://127.0.0.1:${process.port}`;
  const one = { adapter: "webhook", url, algorithm: "hmac-sha256", keyId: "k1", keyFile: "k.hex" };
  const acquirers = { A1: { ...one, caFile: "ca.pem" }, A2: { ...one, caFile: "other.pem" } };
  writeFileSync(join(folder, "acquirers.json"), JSON.stringify(acquirers));
  const opened = openAcquirers(fleet, readAcquirerSettings(folder), { random: () => 0 });
  await opened.get("A1")?.check();
  expect((await process.command({ type: "look" })).requests).toHaveLength(1);
  await expect(opened.get("A2")?.check()).rejects.toMatchObject({ code: "ACQUIRER_FAILED", fields: { sent: false } });
  expect((await process.command({ type: "look" })).requests).toHaveLength(1);
  expect(createPublicKey(deviceKeys[1]).asymmetricKeyType).toBe("rsa");
});

it("Lakala's terminals are looked up, bound to a merchant and unbound, and never taken from another one", async () => {
  const { fleet, settings, sim } = await openSettling("lakala");
  if (settings.adapter !== "lakala") throw new Error("not Lakala");
  const platform = openLakalaPlatform(fleet, settings);
  expect(await queryTerminal(platform, TERMINAL)).toEqual({ serial: TERMINAL, terminalNo: "", merchant: "" });
  const bound = { serial: TERMINAL, terminalNo: "D0000001", merchant: "82258405511" };
  expect(await bindTerminal(platform, MERCHANT, TERMINAL)).toEqual(bound);
  expect(await bindTerminal(platform, MERCHANT, TERMINAL)).toEqual(bound);
  sim.apply({ type: "script", behaviours: [{ kind: "refuse", status: 200, code: "OP10500", words: "bound" }] });
  await expect(unbindTerminal(platform, MERCHANT, TERMINAL)).rejects.toMatchObject({ code: "ACQUIRER_REFUSED" });
  expect((await unbindTerminal(platform, MERCHANT, TERMINAL)).merchant).toBe("");
  const bare = openLakalaPlatform(fleet, { ...settings, paths: { ...settings.paths, terminal: "" } });
  await expect(queryTerminal(bare, TERMINAL)).rejects.toMatchObject({ code: "NOT_FOUND" });
});
