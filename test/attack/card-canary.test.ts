import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toHex } from "../../proto/bytes.ts";
import { parseReleaseFile } from "../../proto/delivery.ts";
import { parseDirective } from "../../proto/directive.ts";
import { parseProfile } from "../../proto/profile.ts";
import { toLeafHash } from "../../proto/tree.ts";
import { WAYS_IN as NUMBERS } from "../support/canaries.ts";
import {
  findCardLike,
  findNeedles,
  type Needle,
  type Place,
  readPlaces,
  toDigestForms,
  toForms,
} from "../support/canary.ts";
import type { CliResult } from "../support/cli.ts";
import { FLEET_FIELDS, OTHER_FLEET_FIELDS } from "../support/fleet-fields.ts";
import { openShop, type Shop, toFleetCsv } from "../support/shop.ts";

// Invented numbers go through everything that the programs do, as processes of their own; then all that they wrote and
// said is searched for them.

const CVV = "739";
const SETTLEMENT = { kind: "card", bank: "中国农业银行", cnaps: "103100000026", holder: "沈建国" };
const SALT = "00112233445566778899aabbccddeeff";

let shop: Shop;
/** The two releases that bring the same card, as files. */
let releases: readonly [first: string, second: string];

/** What a program ended with: a line of JSON where it was asked for, else `CODE: …`. */
function toCode({ code, stdout, stderr }: CliResult): string {
  expect([code, stdout]).toEqual([1, ""]);
  const last = stderr.trim().split("\n").at(-1) ?? "";
  return last.startsWith("{") ? JSON.parse(last).error.code : last.split(":", 1).join();
}

async function done(result: Promise<CliResult>): Promise<string> {
  const { code, stdout, stderr } = await result;
  expect(code, stderr).toBe(0);
  return stdout;
}

/** A file on the maker's own machine. */
function keep(name: string, content: object | string): string {
  const file = join(shop.folders.maker, name);
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content), { mode: 0o600 });
  return file;
}

function build(out: string, ...args: readonly string[]): Promise<CliResult> {
  return shop.tillsync("release", "build", "--merchant", shop.merchant, "--out", out, ...args);
}

/** A binding to the settled number under a new salt, and its opening, as the maker makes them. */
async function bind(name: string): Promise<{ readonly binding: string; readonly opening: string }> {
  const settlement = keep(`${name}.settlement.json`, { ...SETTLEMENT, accountNo: NUMBERS.settled });
  const binding = join(shop.folders.maker, name);
  await done(shop.sign("binding", "--settlement", settlement, "--out", binding));
  return { binding, opening: `${binding}.opening.json` };
}

async function publish(release: string, sequence: number, ...makerOptions: readonly string[]): Promise<void> {
  const last4 = ["--last4", NUMBERS.settled.slice(-4)];
  await done(shop.sign("show", release));
  await done(shop.sign("sign", release, "--yes", ...shop.as("wang.li"), ...last4, ...makerOptions));
  await done(shop.sign("sign", release, "--yes", ...shop.as("chen.bo"), ...last4));
  await done(shop.sign("verify", release));
  await done(shop.tillsync("release", "submit", release));
  await done(shop.tillsync("release", "publish", release));
  await shop.untilCommitted(sequence);
}

/** A stranger asks the desk for something. */
async function ask(path: string): Promise<number> {
  const ca = readFileSync(join(shop.folders.data, "ca", "ca.pem"));
  return await new Promise((resolve, reject) => {
    const options = {
      host: "127.0.0.1",
      port: shop.deskPort,
      path,
      ca,
      headers: { authorization: `Card ${NUMBERS.desk}` },
    };
    request(options, (answer) => resolve(answer.resume().statusCode ?? 0))
      .on("error", reject)
      .end();
  });
}

/** Everything but the maker's own machine, where the numbers come from. */
function toPlaces(): readonly Place[] {
  const { data, agents, desk } = shop.folders;
  const said = { name: "what the programs said", bytes: Buffer.from(shop.said.join("\n")) };
  const files = readPlaces([data, agents, desk]);
  expect(files.map(({ name }) => name)).toEqual(expect.arrayContaining([expect.stringMatching(/tillsync\.sqlite$/)]));
  return [...files, said];
}

beforeAll(async () => {
  shop = await openShop(NUMBERS.imported);
  const out = (name: string) => join(shop.folders.desk, name);

  const first = await bind("first.binding");
  await done(build(out("first.release"), "--reason", `not ${NUMBERS.reason} any more`, "--binding", first.binding));
  await done(shop.sign("seal", out("first.release"), "--opening", first.opening));
  await publish(out("first.release"), 1);

  const second = await bind("second.binding");
  const options = ["--reason", "the same card", "--binding", second.binding, "--with-rollback"];
  await done(build(out("second.release"), ...options));
  await publish(out("second.release"), 2, "--opening", second.opening);
  releases = [out("first.release"), out("second.release")];
}, 180_000);

afterAll(async () => {
  await shop?.stop();
  shop?.remove();
});

describe("row 64: a card number in a place where none belongs", () => {
  it("is no settlement's name, and no name at all", async () => {
    const out = join(shop.folders.desk, "named.release");
    for (const field of ["merchant.name", "merchant.short_name"]) {
      const result = await build(out, "--reason", "x", "--set", `${field}=${NUMBERS.set}`);
      expect(toCode(result)).toBe("NAME_INVALID");
    }
    const grouped = NUMBERS.set.replace(/(.{4})(?=.)/g, "$1 ");
    expect(toCode(await build(out, "--reason", "x", "--set", `merchant.short_name=${grouped}`))).toBe("NAME_INVALID");
    expect(toCode(await build(out, "--reason", "x", "--set", `acquiring.host=${NUMBERS.set}`))).toBe("CONFIG_INVALID");
    expect(toCode(await build(out, "--reason", "x", "--set", `settlement.${NUMBERS.set}=1`))).toBe("CONFIG_INVALID");
  });

  it("is refused in a fleet file, and the fault does not repeat it", async () => {
    const row = { ...OTHER_FLEET_FIELDS, tusn: "00000304N7NL01900009", account_no: NUMBERS.column };
    const files = [
      toFleetCsv([{ ...row, cnaps: NUMBERS.column }]),
      toFleetCsv([{ ...row, place: NUMBERS.column }]),
      toFleetCsv([{ ...row, holder: NUMBERS.column }]),
      toFleetCsv([{ ...row, tusn: NUMBERS.column }]),
      toFleetCsv([{ ...row, account_no: `${NUMBERS.column}x` }]),
      toFleetCsv([row]).replace(/^[^\n]+/, NUMBERS.column),
      toFleetCsv([row]).replace(`"${NUMBERS.column}"`, `"${NUMBERS.unclosed}`),
      toFleetCsv([row]).replace("account_no", "cvv2").replace(NUMBERS.column, CVV),
      toFleetCsv([{ ...row, place: `;${NUMBERS.track}=2512201000009876?` }]),
    ];
    for (const [n, text] of files.entries()) {
      const result = await shop.tillsync("terminals", "import", keep(`bad-${n}.csv`, text));
      expect([n, toCode(result)]).toEqual([n, "IMPORT_REFUSED"]);
    }
  });

  it("is refused beside a binding or a settlement, with whatever must never be kept", async () => {
    const bad: readonly (readonly [code: string, members: object])[] = [
      ["SENSITIVE_DATA", { cvv: CVV }],
      ["SENSITIVE_DATA", { track2: `;${NUMBERS.track}=2512201000009876?` }],
      ["SENSITIVE_DATA", { holder: `;${NUMBERS.track}=2512201000009876?` }],
      ["FIELD_INVALID", { number: NUMBERS.binding }],
    ];
    for (const [code, members] of bad) {
      const file = keep("bad.json", { ...SETTLEMENT, accountNo: NUMBERS.binding, ...members });
      const bound = await shop.sign("binding", "--settlement", file, "--out", join(shop.folders.maker, "never"));
      expect(toCode(bound)).toBe(code);
      expect(toCode(await build(join(shop.folders.desk, "never"), "--reason", "x", "--binding", file))).toMatch(
        /^(SENSITIVE_DATA|FIELD_INVALID)$/,
      );
    }
    const wrong = NUMBERS.wrongDigit.slice(0, -1) + ((Number(NUMBERS.wrongDigit.slice(-1)) + 1) % 10);
    const file = keep("wrong.json", { ...SETTLEMENT, accountNo: wrong });
    const bound = await shop.sign("binding", "--settlement", file, "--out", join(shop.folders.maker, "never"));
    expect(toCode(bound)).toBe("CARD_NUMBER_INVALID");
  });

  it("is refused as another card's opening, and nothing is sealed", async () => {
    const [, release] = releases;
    const before = readFileSync(release);
    const opening = keep("other.opening.json", { number: NUMBERS.opening, salt: SALT });
    expect(toCode(await shop.sign("seal", release, "--opening", opening))).toBe("SEAL_INVALID");
    expect(readFileSync(release)).toEqual(before);
  });

  it("is cut out of the reason for a way back", async () => {
    const id = toHex(parseDirective(parseReleaseFile(readFileSync(releases[1])).directives[0] as Uint8Array).salt);
    const unknown = await shop.tillsync("release", "rollback", id, "--reason", `CVV ${CVV}`);
    expect(toCode(unknown)).toBe("SENSITIVE_DATA");
    const { releaseId } = JSON.parse(await done(shop.tillsync("release", "publish", releases[1])));
    const ordered = shop.tillsync("release", "rollback", releaseId, "--reason", `wrong: ${NUMBERS.rollback}`);
    expect(JSON.parse(await done(ordered))).toMatchObject({ ordered: 2 });
    await shop.untilCommitted(3);
  });

  it("that a stranger sends to the desk is not logged", async () => {
    expect(await ask(`/v1/releases/${NUMBERS.desk}`)).toBe(401);
    expect(await ask(`/${NUMBERS.desk}?card=${NUMBERS.desk}`)).toBe(404);
    expect(await ask(`/v1/trust/bundle?after=${NUMBERS.desk}`)).toBe(400);
  });
});

describe("row 64: a card number that went through everything", () => {
  it("reached the terminal that needs it, and no other", () => {
    const notes = shop.tusns.map((tusn) =>
      readPlaces([join(shop.folders.agents, tusn)]).filter(({ name }) => name.endsWith(".card.json")),
    );
    expect(notes.map(({ length }) => length)).toEqual([1, 0]);
  });

  it("is in none of its forms in anything that the programs wrote or said, while they run and after", async () => {
    const needles = Object.entries(NUMBERS).flatMap(([name, number]) =>
      toForms(number).map(({ form, bytes }): Needle => ({ form: `${name} ${form}`, bytes })),
    );
    const running = toPlaces();
    expect(running.some(({ name }) => name.endsWith("-wal"))).toBe(true);
    expect(findNeedles(running, needles)).toEqual([]);
    for (const command of [["ledger", "show"], ["deployments"], ["merchants", "show", shop.merchant]]) {
      await done(shop.tillsync(...command));
    }
    await shop.stop();
    expect(findNeedles(toPlaces(), needles)).toEqual([]);
  });

  it("leaves nothing that looks like any card number", () => {
    const known = new Set(
      [FLEET_FIELDS, OTHER_FLEET_FIELDS].flatMap(({ account_no: _, ...others }) => Object.values(others)),
    );
    expect(findCardLike(toPlaces(), known)).toEqual([]);
  });

  it("would be found in each of its forms, were it there", () => {
    for (const needle of toForms(NUMBERS.settled)) {
      const place = { name: "log", bytes: Buffer.concat([Buffer.from("x"), needle.bytes, Buffer.from("y")]) };
      expect(findNeedles([place], [needle])).toHaveLength(1);
    }
    const texts = [0, 1, 2].map((n) => Buffer.from(`${"-".repeat(n)}${NUMBERS.settled}${n}`).toString("base64"));
    for (const text of texts) {
      expect(findNeedles([{ name: "log", bytes: Buffer.from(text) }], toForms(NUMBERS.settled)).length).toBeGreaterThan(
        0,
      );
    }
    const log = { name: "log", bytes: Buffer.from(`{"card":"${NUMBERS.settled}"}`) };
    expect(findCardLike([log], new Set())).toHaveLength(1);
  });
});

describe("row 65: the same card twice", () => {
  it("has two commitments, and other leaves and sealed numbers for every terminal and release", () => {
    const files = releases.map((path) => parseReleaseFile(readFileSync(path)));
    const changes = files.flatMap(({ directives }) =>
      directives.map((bytes) => ({ bytes, ...parseDirective(bytes) })).filter(({ restores }) => restores.length === 0),
    );
    const commitments = changes.map(({ profile }) => toHex(parseProfile(profile).binding.commitment));
    expect(changes).toHaveLength(4);
    expect(new Set(commitments).size).toBe(2);
    expect(new Set(changes.map(({ bytes }) => toHex(toLeafHash(bytes)))).size).toBe(4);
    const sealed = files.map((file) => file.sealed.map(({ bytes }) => toHex(bytes)));
    expect(sealed.map(({ length }) => length)).toEqual([1, 1]);
    expect(new Set(sealed.flat()).size).toBe(2);
  });

  it("leaves no digest of its number without salt anywhere", () => {
    const numbers = [NUMBERS.imported, NUMBERS.settled];
    const needles = numbers.flatMap(toDigestForms);
    for (const algorithm of ["sha256", "sha1", "md5", "sm3"]) {
      expect(
        needles.some(({ form }) => form === `${algorithm} of plain`),
        algorithm,
      ).toBe(true);
    }
    expect(findNeedles(toPlaces(), needles)).toEqual([]);
  });
});
