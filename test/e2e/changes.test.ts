import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FLEET_FIELDS } from "../support/fleet-fields.ts";
import { openShop, type Shop } from "../support/shop.ts";

// The operators' workflow with processes of their own: service, two agents, and the approvers' program, which reaches the
// desk over the network.

const WAIT_MS = 60_000;
const POLL_MS = 100;
const STORY_MS = 180_000;
const NEW_CARD = "6228480402564890018";
const OLD_CARD = "6222021234567890128";

let shop: Shop;

beforeAll(async () => {
  shop = await openShop(OLD_CARD);
});
afterAll(async () => {
  await shop.stop();
  shop.remove();
});

async function done(...args: readonly string[]) {
  const { code, stdout, stderr } = await shop.tillsync(...args);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

async function signed(person: string, ...args: readonly string[]): Promise<string> {
  const at = ["--service", `https://127.0.0.1:${shop.deskPort}`, "--ca", join(shop.folders.data, "ca", "ca.pem")];
  const { code, stdout, stderr } = await shop.sign(...args, ...at, ...shop.as(person));
  expect(code, stderr).toBe(0);
  return stdout;
}

function keep(name: string, content: string | object): string {
  const file = join(shop.folders.maker, name);
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content), { mode: 0o600 });
  return file;
}

/** A draft with its evidence, handed in. */
async function submit(kind: string, evidence: readonly string[], ...args: readonly string[]): Promise<string> {
  const why = ["--reason-code", "other", "--reason", `a test of ${kind}`, "--by", "li.mei"];
  const { id } = await done("changes", "create", "--merchant", shop.merchant, "--kind", kind, ...why, ...args);
  for (const name of evidence) {
    await done("changes", "attach", id, keep(`${name}.pdf`, `%PDF-1.7 ${kind} ${name}`), "--kind", name);
  }
  await done("changes", "submit", id, "--by", "li.mei");
  return id;
}

/** Each approver fetches the release from the desk, signs it on his machine, and hands it in. */
async function approve(id: string, ...makers: readonly string[]): Promise<void> {
  const { releaseId } = await done("changes", "show", id);
  for (const [person, options] of [["wang.li", makers] as const, ["chen.bo", []] as const]) {
    const file = join(shop.folders.maker, `${id}.${person}`);
    await signed(person, "fetch", "--release", releaseId, "--out", file);
    const last4 = ["--last4", NEW_CARD.slice(-4)];
    const { code, stderr } = await shop.sign("sign", file, "--yes", ...shop.as(person), ...last4, ...options);
    expect(code, stderr).toBe(0);
    await signed(person, "submit", file);
  }
}

async function until(id: string, state: string) {
  const deadline = performance.now() + WAIT_MS;
  let change = await done("changes", "show", id);
  while (change.state !== state && performance.now() < deadline) {
    await delay(POLL_MS);
    change = await done("changes", "show", id);
  }
  expect(change).toMatchObject({ id, state });
  return change;
}

describe("an operator's changes", () => {
  it("of the settlement card bring it into force, sealed to the terminal that needs it", {
    timeout: STORY_MS,
  }, async () => {
    const { holder, bank, cnaps } = FLEET_FIELDS;
    const settlement = keep("card.json", { kind: "card", bank, cnaps, holder, accountNo: NEW_CARD });
    const binding = join(shop.folders.maker, "card.binding");
    expect((await shop.sign("binding", "--settlement", settlement, "--out", binding)).code).toBe(0);
    const id = await submit("settlement.replace", ["identity_card", "bank_card"], "--binding", binding);
    await approve(id, "--opening", `${binding}.opening.json`);
    const deadline = performance.now() + WAIT_MS;
    const toStates = async () =>
      (await done("changes", "show", id)).terminals.map(({ state }: { state: string }) => state).join();
    while ((await toStates()) !== "committed,committed" && performance.now() < deadline) await delay(POLL_MS);
    expect(await done("changes", "show", id)).toMatchObject({ state: "releasing", tasks: [{ doneAt: null }] });
    await done("changes", "task", id, "update_contact", "--note", "called the owner", "--by", "li.mei");
    await until(id, "done");
    const { bindings } = await done("merchants", "show", shop.merchant);
    const accounts = bindings.map(({ number, state }: { number: string; state: string }) => `${number} ${state}`);
    expect(accounts).toEqual(["622848******0018 in_force", "622202******0128 ended"]);
  });

  it("of a name reach every terminal once two people have signed", { timeout: STORY_MS }, async () => {
    const id = await submit("merchant", ["licence"], "--set", "merchant.name=福州市鼓楼区新茶庄");
    await approve(id);
    const change = await until(id, "done");
    expect(change.terminals.map(({ state }: { state: string }) => state)).toEqual(["committed", "committed"]);
    expect(await done("merchants", "show", shop.merchant)).toMatchObject({ name: "福州市鼓楼区新茶庄" });
  });

  it("of contacts take a checker's word alone", { timeout: STORY_MS }, async () => {
    const id = await submit("contact", [], "--contact", "finance,陈晨,13800138000,");
    await signed("chen.bo", "approve", id, "--yes");
    await until(id, "done");
    expect(await done("merchants", "show", shop.merchant)).toMatchObject({ contacts: [{ name: "陈晨" }] });
  });

  it("leave no number in anything that was said", () => {
    const said = shop.said.join("\n");
    for (const number of [NEW_CARD, OLD_CARD]) expect(said).not.toContain(number);
  });
});
