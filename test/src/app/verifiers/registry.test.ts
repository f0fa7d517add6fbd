import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import type { StartTimer } from "../../../../broker/guard/timer.ts";
import type { Behaviour } from "../../../../sim/registry/behaviour.ts";
import type { RegistryProcess } from "../../../../sim/registry/process.ts";
import { FAILURES_TO_OPEN, FIRST_OPEN_MS } from "../../../../src/app/http-client/breaker.ts";
import { ATTEMPT_MS } from "../../../../src/app/http-client/client.ts";
import { openRegistry, type RegistryVerifier } from "../../../../src/app/verifiers/registry.ts";
import { toEndpoint } from "../../../../src/app/verifiers/registry-client.ts";
import { toClaim } from "../../../contract/verifier.ts";
import { loadCertificates, TUSN_A, TUSN_B, TUSN_C } from "../../../support/certificates.ts";
import { makeFolder, openTestFleet, type TestFleet } from "../../../support/fleet-store.ts";
import { askRegistry, bundleRegistry, startRegistry, TOKEN } from "../../../support/registry.ts";
import { discard, makeScratch } from "../../../support/scratch.ts";

/** What the time limit of one question is here, so that tests need not wait for it. */
const SHORT_MS = 400;
const folder = makeScratch("registry");
afterAll(() => discard(folder));

let fleet: TestFleet;
let registry: RegistryProcess;
let verifier: RegistryVerifier;
/** Waits between questions, in milliseconds, none of which takes any time. */
let waits: number[];
let clock: number;

const startTimer: StartTimer = (ms, onElapsed) => {
  if (ms !== ATTEMPT_MS) waits.push(ms);
  const timer = setTimeout(onElapsed, ms === ATTEMPT_MS ? SHORT_MS : 0);
  return () => clearTimeout(timer);
};

beforeEach(async () => {
  [waits, clock] = [[], 0];
  fleet = await openTestFleet();
  registry = await startRegistry(await bundleRegistry(folder));
  const options = { log: fleet.log, startTimer, random: () => 0.5, clock: () => clock };
  verifier = await askRegistry(registry.port, options);
});

const verify = (tusn = TUSN_A) => verifier.verify(toClaim(tusn));
const count = async () => (await registry.questions()).length;
const times = (n: number, behaviour: Behaviour) => Array.from({ length: n }, () => behaviour);

describe("asking a registry", () => {
  it("sends exactly what the published schema describes, with the token, and takes the verdict with its reference", async () => {
    expect(await verify()).toEqual({
      verdict: "verified-online",
      source: "registry",
      evidence: { reference: "SIM-000001", at: expect.any(Number) },
    });
    const [question] = await registry.questions();
    expect(question).toMatchObject({ method: "POST", path: "/v1/verifications", contentType: "application/json" });
    expect(question?.authorization).toBe(`Bearer ${TOKEN}`);
    const schema = JSON.parse(readFileSync("docs/registry/request.schema.json", "utf8"));
    expect(new Ajv().validate(schema, JSON.parse(question?.body ?? ""))).toBe(true);
    expect(JSON.parse(question?.body ?? "")).toEqual(toClaim(TUSN_A));
  });

  it("tells a withdrawn terminal, a wrong model and an unknown one apart", async () => {
    expect((await verify(TUSN_B)).verdict).toBe("revoked");
    expect((await verify(TUSN_C)).verdict).toBe("unknown");
    const wrongModel = await verifier.verify({ ...toClaim(TUSN_A), certificateNo: "P9999" });
    expect(wrongModel.verdict).toBe("mismatch");
  });

  it("asks nothing where the terminal made no cryptogram", async () => {
    expect(await verifier.verify({ ...toClaim(TUSN_A), cryptogram: "" })).toMatchObject({ verdict: "unknown" });
    expect(await count()).toBe(0);
  });

  it("asks again after faults of the registry and of the way to it, with growing waits", async () => {
    const faults: readonly Behaviour[] = [
      { kind: "status", status: 500 },
      { kind: "status", status: 503 },
      { kind: "close" },
      { kind: "cut" },
      { kind: "silence" },
      { kind: "drip", everyMs: 5 },
    ];
    for (const [n, fault] of faults.entries()) {
      waits = [];
      await registry.script([fault]);
      expect((await verify()).verdict, fault.kind).toBe("verified-online");
      expect([await count(), waits], fault.kind).toEqual([2 * (n + 1), [125]]);
    }
    waits = [];
    await registry.script(times(2, { kind: "status", status: 502 }));
    expect((await verify()).verdict).toBe("verified-online");
    expect(waits).toEqual([125, 250]);
  });

  it("waits as long as the registry asks for, and gives up where that is too long", async () => {
    await registry.script([{ kind: "status", status: 429, headers: { "retry-after": "3" } }]);
    expect((await verify()).verdict).toBe("verified-online");
    expect(waits).toEqual([3_125]);
    await registry.script([{ kind: "status", status: 503, headers: { "retry-after": "3600" } }]);
    await expect(verify()).rejects.toMatchObject({ code: "VERIFIER_FAILED", fields: { status: 503 } });
    expect(await count()).toBe(3);
  });

  it("gives no verdict on an answer outside the contract, and does not ask for it again", async () => {
    const right = { verdict: "genuine", reference: "R-1", at: 1 };
    const wrong: readonly Behaviour[] = [
      { kind: "body", body: "<html>genuine</html>" },
      { kind: "body", body: "" },
      { kind: "body", body: JSON.stringify(right), headers: { "content-type": "text/html" } },
      { kind: "body", body: JSON.stringify(right), headers: { "content-encoding": "gzip" } },
    ];
    const verdicts: readonly Behaviour[] = [
      { kind: "body", body: JSON.stringify({ ...right, verdict: "verified-crypto" }) },
      { kind: "body", body: JSON.stringify({ ...right, command: "unlock" }) },
      { kind: "oversized", bytes: 5_000 },
      { kind: "oversized", bytes: 5_000_000 },
    ];
    for (const behaviours of [wrong, verdicts]) {
      const before = await count();
      for (const behaviour of behaviours) {
        await registry.script([behaviour]);
        await expect(verify(), JSON.stringify(behaviour)).rejects.toMatchObject({ code: "VERIFIER_FAILED" });
      }
      expect((await count()) - before).toBe(behaviours.length);
      expect((await verify()).verdict).toBe("verified-online");
    }
    expect(waits).toEqual([]);
  });

  it("follows no redirect, to itself or elsewhere", async () => {
    const other = await startRegistry(await bundleRegistry(folder));
    for (const status of [301, 302, 307, 308]) {
      const location = `https://127.0.0.1:${other.port}/v1/verifications`;
      await registry.script([{ kind: "status", status, headers: { location } }]);
      await expect(verify()).rejects.toMatchObject({ code: "VERIFIER_FAILED", fields: { status } });
    }
    expect([await count(), (await other.questions()).length]).toEqual([4, 0]);
  });

  it("that does not like a question is not thought to be out of order", async () => {
    await registry.script(times(2 * FAILURES_TO_OPEN, { kind: "status", status: 400 }));
    for (let n = 0; n < 2 * FAILURES_TO_OPEN; n += 1) {
      await expect(verify()).rejects.toMatchObject({ fields: { status: 400 } });
    }
    expect((await verify()).verdict).toBe("verified-online");
  });
});

describe("a registry that is out of order", () => {
  it("is left alone after some failures, then asked once, and in full when it answers again", async () => {
    await registry.script(times(FAILURES_TO_OPEN + 1, { kind: "status", status: 500 }));
    for (const _ of [1, 2, 3]) await expect(verify()).rejects.toMatchObject({ code: "VERIFIER_FAILED" });
    expect(await count()).toBe(FAILURES_TO_OPEN);

    clock += FIRST_OPEN_MS;
    await expect(verify()).rejects.toMatchObject({ code: "VERIFIER_FAILED", fields: { status: 500 } });
    expect(await count()).toBe(FAILURES_TO_OPEN + 1);

    clock += 2 * FIRST_OPEN_MS;
    expect((await verify()).verdict).toBe("verified-online");
    expect((await verify()).verdict).toBe("verified-online");
    expect(fleet.lines.map(({ msg }) => msg)).toEqual([
      "registry left alone",
      "registry left alone",
      "registry answers again",
    ]);
  });

  it("that is gone costs a few tries and then none", async () => {
    await registry.close();
    for (const _ of [1, 2]) await expect(verify()).rejects.toMatchObject({ fields: { what: "network" } });
    const before = waits.length;
    await expect(verify()).rejects.toMatchObject({ fields: { what: "left alone after failures" } });
    expect(waits.length).toBe(before);
  });
});

describe("the way to a registry", () => {
  it("is refused to one that the wrong authority vouches for, before anything is said", async () => {
    const { foreignAuthority } = await loadCertificates();
    for (const ca of [foreignAuthority.certificate, undefined]) {
      const settings = {
        url: `https://127.0.0.1:${registry.port}`,
        ...(ca === undefined ? {} : { caFile: write(ca) }),
      };
      await expect(openRegistry(settings, fleet.log).verify(toClaim(TUSN_A))).rejects.toMatchObject({
        code: "VERIFIER_FAILED",
        fields: { what: "network" },
      });
    }
    expect(await count()).toBe(0);
  });

  it("is refused to one under another name", async () => {
    const { authority } = await loadCertificates();
    const settings = { url: `https://127.0.0.2:${registry.port}`, caFile: write(authority.certificate) };
    await expect(openRegistry(settings, fleet.log).verify(toClaim(TUSN_A))).rejects.toMatchObject({
      code: "VERIFIER_FAILED",
    });
    expect(await count()).toBe(0);
  });

  it("is opened with the files that the settings name, and the token is nowhere to be read", async () => {
    const { authority } = await loadCertificates();
    const url = `https://127.0.0.1:${registry.port}/`;
    const opened = openRegistry(
      { url, caFile: write(authority.certificate), tokenFile: write(`${TOKEN}\n`) },
      fleet.log,
    );
    expect((await opened.verify(toClaim(TUSN_A))).verdict).toBe("verified-online");
    await registry.script([{ kind: "status", status: 400 }]);
    const error = await opened.verify(toClaim(TUSN_A)).catch((caught) => caught);
    expect(error).toMatchObject({ code: "VERIFIER_FAILED" });
    expect(JSON.stringify([fleet.lines, error, String(error), error.stack, error.cause])).not.toContain(TOKEN);
  });

  it("needs files that can be read, and a token that is one", () => {
    const url = "https://registry.example";
    for (const settings of [
      { url, caFile: join(folder, "nothing") },
      { url, tokenFile: join(folder, "nothing") },
      { url, tokenFile: write("") },
      { url, tokenFile: write("two words") },
      { url, tokenFile: write("a\r\nx-injected: 1") },
      { url, tokenFile: write("a".repeat(100_000)) },
    ]) {
      expect(() => openRegistry(settings, fleet.log)).toThrow("DATA_FOLDER_INVALID");
    }
  });

  it("is without TLS only within one machine", () => {
    for (const url of ["http://127.0.0.1:1", "http://localhost/base", "http://[::1]:80"]) {
      expect(toEndpoint(url).url.pathname).toMatch(/\/v1\/verifications$/);
    }
    expect(toEndpoint("https://registry.example/api/").url.href).toBe("https://registry.example/api/v1/verifications");
    for (const url of [
      "http://registry.example",
      "http://127.0.0.1.example",
      "http://localhost.example",
      "https://user:word@registry.example",
      "https://registry.example/?a=b",
      "https://registry.example/#a",
      "https://",
    ]) {
      expect(() => toEndpoint(url), url).toThrow("CONFIG_INVALID");
    }
  });
});

let files = 0;

function write(text: string): string {
  files += 1;
  const path = join(makeFolder(), `file-${files}`);
  writeFileSync(path, text);
  return path;
}
