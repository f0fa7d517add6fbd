import { cpSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { createApproverKey, toPrivateKeyPem } from "../../../../certs/keys.ts";
import { TRUST_FILES } from "../../../../proto/trust-bundle.ts";
import { finishCommit, type NewFile, runSteps, type Step, toCommitSteps } from "../../../../src/app/trust/commit.ts";
import { toSignedBundle } from "../../../../src/app/trust/install.ts";
import { readOnlineKey } from "../../../../src/app/trust/online-key.ts";
import { openTrust, RENEW_AFTER_S, writeTrust } from "../../../../src/app/trust-files.ts";
import { carryOut, createCompany, toRotation } from "../../../support/ceremony.ts";
import { makeFolder, START } from "../../../support/fleet-store.ts";

// A rotation changes every file of the folder. The power goes before each of its steps in turn, and after the last.

const company = createCompany(START);
const online = createApproverKey();
const before = toSignedBundle(company.files, company.online, 7, START);
const files = carryOut(company.files, toRotation(company.files, { online }), company.holders, START);
const after = toSignedBundle(files, online, 1, START);

let steps: readonly Step[];

beforeAll(() => {
  const publicFiles: readonly (readonly [string, Uint8Array])[] = [
    ["root.2.json", files.root],
    ["root.json", files.root],
    ...TRUST_FILES.map((name) => [`${name}.json`, after[name]] as const),
  ];
  const newFiles: readonly NewFile[] = [
    ...publicFiles.map(([name, bytes]) => ({ name, bytes, mode: 0o644 })),
    { name: "online.pem", bytes: toPrivateKeyPem(online), mode: 0o600 },
  ];
  steps = toCommitSteps(newFiles);
});

async function makeTrust(): Promise<string> {
  const folder = join(makeFolder(), "trust");
  await writeTrust(folder, before, toPrivateKeyPem(company.online));
  return folder;
}

describe("a power cut", () => {
  it("at any step leaves the old set or the new one, whole, and the online key that goes with it", async () => {
    const versions: number[] = [];
    for (let done = 0; done <= steps.length; done += 1) {
      const folder = await makeTrust();
      await runSteps(folder, steps.slice(0, done));
      const trust = await openTrust(folder);
      const { rootVersion } = trust.trust();
      versions.push(rootVersion);
      expect(trust.bundle(), `${done}`).toEqual(rootVersion === 1 ? before : after);
      const later = START + RENEW_AFTER_S;
      expect(await trust.renewTimestamp(later), `${done}`).toBe(true);
      expect((await openTrust(folder)).trust()).toMatchObject({ rootVersion, issued: later });
      expect(existsSync(join(folder, "next"))).toBe(false);
    }
    const commit = steps.findIndex((step) => step.kind === "move" && step.to === "next");
    expect(versions).toEqual(versions.map((_, done) => (done <= commit ? 1 : 2)));
  });

  it("within a step leaves nothing that a repetition trips over", async () => {
    for (let done = 0; done < steps.length; done += 1) {
      const folder = await makeTrust();
      await runSteps(folder, steps.slice(0, done));
      await finishCommit(folder);
      await runSteps(folder, steps);
      expect((await openTrust(folder)).bundle()).toEqual(after);
      expect(readdirSync(folder).filter((name) => name.startsWith("next"))).toEqual([]);
    }
  });

  it("is finished once, and then there is nothing to finish", async () => {
    const folder = await makeTrust();
    const commit = steps.findIndex((step) => step.kind === "move");
    await runSteps(folder, steps.slice(0, commit + 3));
    const copy = `${folder}.copy`;
    cpSync(folder, copy, { recursive: true });
    for (const place of [folder, copy]) {
      await finishCommit(place);
      await finishCommit(place);
      expect((await openTrust(place)).bundle()).toEqual(after);
      expect((await readOnlineKey(place)).export({ type: "pkcs8", format: "der" })).toEqual(
        online.export({ type: "pkcs8", format: "der" }),
      );
      expect(readFileSync(join(place, "root.1.json")).equals(Buffer.from(company.files.root))).toBe(true);
    }
  });
});
