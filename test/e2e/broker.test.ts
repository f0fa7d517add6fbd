import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callTillsync } from "../support/called-cli.ts";
import { runTillsync } from "../support/cli.ts";
import { makeDataFolder } from "../support/data-folder.ts";
import { endMosquittos, expectMosquitto, HAS_MOSQUITTO, startMosquitto } from "../support/mosquitto.ts";
import { discard, makeScratch } from "../support/scratch.ts";

let folder: string;
let data: string;

beforeAll(async () => {
  folder = makeScratch("broker-cli");
  data = join(folder, "data");
  await makeDataFolder(data);
});

afterAll(async () => {
  await endMosquittos();
  discard(folder);
});

function readPair(name: string) {
  const read = (kind: string) => readFileSync(join(data, name, `${name}.${kind}`), "utf8");
  return { key: read("key"), certificate: read("pem") };
}

describe("mosquitto", () => expectMosquitto());

describe("tillsync broker acl", () => {
  it("prints the list, and writes the same as a whole over what was there", async () => {
    const printed = await runTillsync(data, "broker", "acl");
    expect(printed.code).toBe(0);
    expect(printed.stdout).toContain("topic deny #\n");
    const file = join(folder, "acl");
    for (const service of ["older", "tillsync-service"]) {
      expect((await callTillsync(data, "broker", "acl", "--out", file, "--service", service)).code).toBe(0);
    }
    expect(readFileSync(file, "utf8")).toBe(printed.stdout);
    expect(existsSync(`${file}.new`)).toBe(false);
  });

  it("refuses a service's name that would be more than a name, and a place where it cannot write", async () => {
    const name = await callTillsync(data, "broker", "acl", "--service", "x\ntopic readwrite #");
    expect([name.code, name.stderr]).toEqual([1, expect.stringContaining("CONFIG_INVALID")]);
    const place = await callTillsync(data, "broker", "acl", "--out", join(folder, "nowhere", "acl"));
    expect([place.code, place.stderr]).toEqual([1, expect.stringContaining("CONFIG_INVALID")]);
  });
});

describe.runIf(HAS_MOSQUITTO)("tillsync broker probe", () => {
  const probe = (port: number) => runTillsync(data, "--json", "broker", "probe", "--url", `mqtts://127.0.0.1:${port}`);

  it("ends with 0 at a broker under our list, and with 1 and what is open at one without", async () => {
    const { stdout: acl } = await callTillsync(data, "broker", "acl");
    const pairs = { authority: readPair("ca"), server: readPair("server") };
    const right = await startMosquitto({ acl, ...pairs });
    expect(await probe(right.address.port)).toMatchObject({ code: 0, stdout: '{"findings":[]}\n' });

    const wrong = await startMosquitto({ ...pairs, changes: [[/acl_file .*\n/, ""]] });
    const { code, stdout, stderr } = await probe(wrong.address.port);
    const checks = JSON.parse(stdout).findings.map(({ check }: { check: string }) => check);
    expect([code, checks]).toEqual([1, ["client-id", "subscribe", "publish", "will"]]);
    expect(JSON.parse(stderr).error).toMatchObject({ code: "BROKER_OPEN", fields: { open: checks.join(", ") } });
  });

  it.each(["mqtt://127.0.0.1", "mqtts://", "x", "mqtts://a/b", "mqtts://u@a"])(
    "takes no %s for a broker",
    async (url) => {
      expect((await callTillsync(data, "broker", "probe", "--url", url)).code).toBe(2);
    },
  );
});
