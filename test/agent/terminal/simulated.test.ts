import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { toMac } from "../../../agent/iso8583/mac.ts";
import { toField62 } from "../../../agent/iso8583/working-keys.ts";
import { openSimulatedTerminal, toCardPath, toControlPath } from "../../../agent/terminal/simulated.ts";
import type { Terminal } from "../../../agent/terminal/terminal.ts";
import { toProfileBytes } from "../../../proto/profile.ts";
import { steerTerminal } from "../../../sim/steer-terminal.ts";
import { TUSN_A } from "../../support/certificates.ts";
import { SAMPLE_PROFILE } from "../../support/release.ts";
import { discard, makeScratch } from "../../support/scratch.ts";

const TMK = Buffer.from("CA5D92598DCA48CE8A4C76361A9269E9", "hex");
const FIRST = toProfileBytes(SAMPLE_PROFILE);
const SECOND = toProfileBytes({ ...SAMPLE_PROFILE, number: 2 });
const commandFailed = expect.objectContaining({ code: "COMMAND_FAILED" });

let folder: string;
let profilePath: string;
let terminal: Terminal;

beforeEach(async () => {
  folder = makeScratch("terminal");
  profilePath = join(folder, "profile");
  terminal = openSimulatedTerminal({ profilePath, tmk: TMK });
});

afterEach(() => discard(folder));

describe("a simulated terminal", () => {
  it("holds the profile it applied last in its file, and nothing else is left in the folder", async () => {
    expect(await terminal.apply(FIRST, undefined)).toEqual({ kind: "applied" });
    expect(await terminal.apply(SECOND, undefined)).toEqual({ kind: "applied" });
    expect(await terminal.apply(SECOND, undefined)).toEqual({ kind: "applied" });
    expect(await readFile(profilePath)).toEqual(Buffer.from(SECOND));
    expect(await readdir(folder)).toEqual(["profile"]);
  });

  it("notes that it was told a card number, and of it only what the profile says too", async () => {
    await terminal.apply(FIRST, "6228481234567890018");
    const note = await readFile(toCardPath(profilePath), "utf8");
    expect(JSON.parse(note)).toEqual({ bin: "622848", last4: "0018" });
    await terminal.apply(SECOND, undefined);
    expect(await readdir(folder)).toEqual(["profile"]);
    await terminal.apply(FIRST, "6228481234567890018");
    await terminal.apply(undefined, undefined);
    expect(await readdir(folder)).toEqual([]);
  });

  it("goes back to holding no profile, twice as well as once", async () => {
    await terminal.apply(FIRST, undefined);
    expect(await terminal.apply(undefined, undefined)).toEqual({ kind: "applied" });
    expect(await terminal.apply(undefined, undefined)).toEqual({ kind: "applied" });
    expect(await readdir(folder)).toEqual([]);
  });

  it("refuses bytes that are no profile and keeps what it holds", async () => {
    await terminal.apply(FIRST, undefined);
    expect((await terminal.apply(Buffer.from("no profile"), undefined)).kind).toBe("failed");
    expect(await readFile(profilePath)).toEqual(Buffer.from(FIRST));
  });

  it("says where its disk fails", async () => {
    const homeless = openSimulatedTerminal({ profilePath: join(folder, "missing", "profile"), tmk: TMK });
    await expect(homeless.apply(FIRST, undefined)).rejects.toThrow(
      expect.objectContaining({ code: "STATE_WRITE_FAILED" }),
    );
  });
});

describe("steered from outside, a simulated terminal", () => {
  it("is busy as long as it is told to be", async () => {
    expect(await terminal.readStatus()).toEqual({ kind: "ready" });
    await steerTerminal(profilePath, { busy: "open_batch" });
    expect(await terminal.readStatus()).toEqual({ kind: "busy", reason: "open_batch" });
    await steerTerminal(profilePath, {});
    expect(await terminal.readStatus()).toEqual({ kind: "ready" });
  });

  it("turns a profile away as busy and keeps what it holds", async () => {
    await terminal.apply(FIRST, undefined);
    await steerTerminal(profilePath, { applyBusy: "printer" });
    expect(await terminal.apply(SECOND, undefined)).toEqual({ kind: "busy", reason: "printer" });
    expect(await readFile(profilePath)).toEqual(Buffer.from(FIRST));
  });

  it("fails the profiles it is told to fail, leaves a mixture, and still takes the previous one", async () => {
    await terminal.apply(FIRST, undefined);
    await steerTerminal(profilePath, { failingProfiles: [2, 0] });
    expect((await terminal.apply(SECOND, undefined)).kind).toBe("failed");
    const torn = await readFile(profilePath);
    expect([Buffer.from(FIRST), Buffer.from(SECOND)]).not.toContainEqual(torn);
    expect((await terminal.apply(undefined, undefined)).kind).toBe("failed");
    expect(await terminal.apply(FIRST, undefined)).toEqual({ kind: "applied" });
    expect(await readFile(profilePath)).toEqual(Buffer.from(FIRST));
  });

  it.each([
    "",
    "null",
    "{",
    '{"busy":"asleep"}',
    '{"applyBusy":1}',
    '{"failingProfiles":[1.5]}',
    '{"failingProfiles":2}',
    '{"bussy":"printer"}',
  ])("refuses the control file %j", async (text) => {
    await writeFile(toControlPath(profilePath), text);
    await expect(terminal.readStatus()).rejects.toThrow(commandFailed);
    await expect(terminal.apply(FIRST, undefined)).rejects.toThrow(commandFailed);
    expect(await readdir(folder)).not.toContain("profile");
  });

  it("refuses a control file that cannot be opened", async () => {
    const inFile = openSimulatedTerminal({ profilePath: join(toControlPath(profilePath), "profile"), tmk: TMK });
    await writeFile(toControlPath(profilePath), "{}");
    await expect(inFile.readStatus()).rejects.toThrow(commandFailed);
  });
});

describe("the keys of a simulated terminal", () => {
  const keys = { pik: Buffer.alloc(16, 7), mak: Buffer.from("5BB5C72CD00B7338", "hex") };
  const data = Buffer.from("0200");

  it("make MACs once they are loaded, and not before", async () => {
    await expect(terminal.computeMac(data)).rejects.toThrow(commandFailed);
    await terminal.loadWorkingKeys(toField62(TMK, keys));
    expect(await terminal.computeMac(data)).toEqual(toMac(keys.mak, data));
  });

  it("are refused where the check value does not hold, and the old ones stay", async () => {
    await terminal.loadWorkingKeys(toField62(TMK, keys));
    const other = toField62(Buffer.alloc(16, 9), { ...keys, mak: Buffer.alloc(8, 3) });
    await expect(terminal.loadWorkingKeys(other)).rejects.toThrow(commandFailed);
    await expect(terminal.loadWorkingKeys(new Uint8Array(3))).rejects.toThrow(commandFailed);
    expect(await terminal.computeMac(data)).toEqual(toMac(keys.mak, data));
  });

  it("make the cryptogram that proves the TUSN, where there is an SN key", async () => {
    const sn = { tusn: TUSN_A, key: Buffer.from("32".repeat(16), "hex") };
    const proving = openSimulatedTerminal({ profilePath, tmk: TMK, sn });
    expect(await proving.computeCryptogram("127026")).toBe("A5C1D1C7");
    await expect(terminal.computeCryptogram("127026")).rejects.toThrow(
      expect.objectContaining({ code: "PROOF_UNAVAILABLE" }),
    );
  });

  it("are gone after a restart", async () => {
    await terminal.loadWorkingKeys(toField62(TMK, keys));
    await expect(openSimulatedTerminal({ profilePath, tmk: TMK }).computeMac(data)).rejects.toThrow(commandFailed);
  });
});
