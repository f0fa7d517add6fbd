import { randomBytes } from "node:crypto";
import { toLuhn } from "../../proto/luhn.ts";
import type { Binding } from "../../proto/profile.ts";
import { toBinding } from "../../src/domain/settlement.ts";
import type { DeploymentRow } from "../../src/store/schema.ts";
import { forge } from "./forgery.ts";
import { type Actor, awaitDeployments, deploy, expectThat, isOver, readHeld, until, type World } from "./world.ts";

/** What the story counts; each a number of terminals, refused one of refusals. */
export interface Tally {
  committed: number;
  rolledBack: number;
  refused: number;
  recovered: number;
  offlineCaughtUp: number;
}

export interface Step {
  readonly title: string;
  run(world: World, tally: Tally): Promise<void>;
}

/** An acquirer does not know this terminal number. */
const WRONG_TERMINAL_NO = "99999999";
const SALT_BYTES = 16;

/** The story, in order. Each step ends in an error unless it ends as told. */
export const STORY: readonly Step[] = [
  { title: "Every terminal takes its first profile", run: takeFirstProfiles },
  { title: "A merchant renames itself", run: renameMerchant },
  { title: "A merchant changes its settlement card, signed by maker and checker", run: changeCard },
  { title: "A profile with a wrong terminal number is rolled back", run: rollBackWrongNumber },
  { title: "A terminal loses power between apply and test", run: surviveNoPower },
  { title: "A terminal is off line during its update", run: catchUp },
  { title: "Whoever holds the broker forges directives", run: refuseForgeries },
];

async function takeFirstProfiles(world: World, tally: Tally): Promise<void> {
  const reported = await until(world, "hello of every terminal", async () => {
    const connected = new Set(world.bus.connected());
    return world.cast.every(({ tusn }) => connected.has(tusn)) ? connected : undefined;
  });
  world.say(`  ${reported.size} terminals are connected over mutual TLS 1.3`);
  for (const actors of byMerchant(world.cast)) {
    const blank = await withoutProfile(world, actors);
    if (blank.length === 0) continue;
    const tusns = blank.map(({ tusn }) => tusn);
    const releaseId = await deploy(world, { tusns, patch: {}, reason: "first profile" });
    tally.committed += countCommitted(await awaitDeployments(world, releaseId, isOver));
  }
}

async function renameMerchant(world: World, tally: Tally): Promise<void> {
  const actors = pick(world, 0);
  const name = toOtherName(await readMerchantName(world, actors));
  const rows = await change(world, actors, { merchant: { name } }, "the merchant renamed itself");
  tally.committed += countCommitted(rows);
  world.say(`  ${actors[0].merchant.number} is now ${name}: ${rows.length} terminals passed their test and committed`);
}

async function changeCard(world: World, tally: Tally): Promise<void> {
  const actors = pick(world, 1);
  const binding = createCard(actors[0].holder);
  const rows = await change(world, actors, { binding }, "the merchant changed its settlement card");
  tally.committed += countCommitted(rows);
  world.say(
    `  ${actors[0].merchant.shortName} now settles to ${binding.bin}******${binding.last4} on ${rows.length} terminals`,
  );
}

async function rollBackWrongNumber(world: World, tally: Tally): Promise<void> {
  const actors = pick(world, 1);
  const patch = { acquiring: { terminalNo: WRONG_TERMINAL_NO } };
  const rows = await change(world, actors, patch, "new terminal numbers, one of them mistyped");
  for (const row of rows) {
    expectThat(row.state === "rolled_back" && row.code === "TEST_FAILED", `${row.tusn} rolled back after its test`);
    expectThat(row.detail.includes("97"), `${row.tusn} says that the acquirer answered 97`);
    tally.rolledBack += 1;
    world.say(`  ${row.tusn} rolled back by itself: ${row.code}, ${row.detail}`);
  }
}

async function surviveNoPower(world: World, tally: Tally): Promise<void> {
  const actors = pick(world, -1);
  const [{ agent, tusn, terminalNo }] = actors;
  const name = toOtherName(await readMerchantName(world, actors));
  // The test cannot be over before power is cut: the acquirer keeps quiet about its first message.
  await world.acquirer.script(terminalNo, [{ on: "echo", kind: "silence" }]);
  const request = { tusns: [tusn], patch: { merchant: { name } }, reason: "renamed during a power cut" };
  const releaseId = await deploy(world, request);
  await awaitDeployments(world, releaseId, (rows) => rows.every(({ state }) => state === "applied"));
  await agent.cutPower();
  world.say(`  ${tusn} was killed after it applied the profile and before its test was over`);
  agent.start();
  const rows = await awaitDeployments(world, releaseId, isOver);
  const committed = countCommitted(rows);
  tally.committed += committed;
  tally.recovered += committed;
  world.say(`  ${tusn} came back whole, ran its test and committed`);
}

async function catchUp(world: World, tally: Tally): Promise<void> {
  const actors = pick(world, 0);
  const offline = actors[actors.length - 1] ?? actors[0];
  const { tusn } = offline;
  await offline.agent.stop();
  await until(world, "the terminal to be off line", async () =>
    world.bus.connected().includes(tusn) ? undefined : true,
  );
  const name = toOtherName(await readMerchantName(world, actors));
  const tusns = actors.map(({ tusn }) => tusn);
  const releaseId = await deploy(world, { tusns, patch: { merchant: { name } }, reason: "renamed again" });
  const isWaiting = (row: DeploymentRow) => row.tusn === tusn && row.state === "pending";
  await awaitDeployments(
    world,
    releaseId,
    (rows) => rows.some(isWaiting) && isOver(rows.filter((r) => r.tusn !== tusn)),
  );
  world.say(`  ${tusn} is off line; its update waits`);
  offline.agent.start();
  tally.committed += countCommitted(await awaitDeployments(world, releaseId, isOver));
  tally.offlineCaughtUp += 1;
  world.say(`  ${tusn} connected, took its update and committed`);
}

async function refuseForgeries(world: World, tally: Tally): Promise<void> {
  for (const [kind, code] of [
    ["unsigned", "STATEMENT_UNSIGNED"],
    ["altered", "NOT_IN_RELEASE"],
  ] as const) {
    const refusals = await forge(world, kind, createCard("李鬼"));
    for (const refusal of refusals) {
      expectThat(refusal.code === code, `${refusal.tusn} refuses with ${code}, not ${refusal.code}`);
      tally.refused += 1;
    }
    const what =
      kind === "unsigned" ? "without the checker's signature" : "with one byte of a signed directive changed";
    world.say(`  ${refusals.length} terminals refused a settlement card ${what}: ${code}`);
  }
}

async function change(
  world: World,
  actors: readonly Actor[],
  patch: Parameters<typeof deploy>[1]["patch"],
  reason: string,
): Promise<readonly DeploymentRow[]> {
  const tusns = actors.map(({ tusn }) => tusn);
  const releaseId = await deploy(world, { tusns, patch, reason });
  return await awaitDeployments(world, releaseId, isOver);
}

function countCommitted(rows: readonly DeploymentRow[]): number {
  for (const row of rows) expectThat(row.state === "committed", `${row.tusn} commits, not ${row.state} ${row.code}`);
  return rows.length;
}

type Actors = readonly [Actor, ...Actor[]];

function byMerchant(cast: readonly Actor[]): readonly Actors[] {
  const groups = new Map<string, [Actor, ...Actor[]]>();
  for (const actor of cast) {
    const group = groups.get(actor.merchant.number);
    if (group === undefined) groups.set(actor.merchant.number, [actor]);
    else group.push(actor);
  }
  return [...groups.values()];
}

/** The actors of the n-th merchant, counted around; -1 is the last. */
function pick(world: World, n: number): Actors {
  const groups = byMerchant(world.cast);
  const group = groups.at(n % groups.length);
  if (group === undefined) throw new RangeError("a story needs an actor");
  return group;
}

async function withoutProfile(world: World, actors: readonly Actor[]): Promise<readonly Actor[]> {
  const held = await Promise.all(actors.map((actor) => readHeld(world, actor.tusn)));
  return actors.filter((_, index) => held[index] === undefined);
}

async function readMerchantName(world: World, actors: Actors): Promise<string> {
  const [{ tusn, merchant }] = actors;
  return (await readHeld(world, tusn))?.merchant.name ?? merchant.name;
}

const BRANCH = "（旗舰店）";

/** Another name each time, so that the story can be told again on the same data. */
function toOtherName(name: string): string {
  return name.endsWith(BRANCH) ? name.slice(0, -BRANCH.length) : `${name}${BRANCH}`;
}

/** A new card of an invented number with a right check digit. */
function createCard(holder: string): Binding {
  const digits = `62284800${randomBytes(5).readUIntBE(0, 5).toString().padStart(10, "0").slice(-10)}`;
  const settlement = { kind: "card", bank: "中国农业银行", cnaps: "103100000026", holder };
  return toBinding({ ...settlement, accountNo: `${digits}${toLuhn(digits)}` }, randomBytes(SALT_BYTES));
}
