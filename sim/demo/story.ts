import { toErrorCode } from "../../proto/errors.ts";
import { orderRollback } from "../../src/app/release/order-rollback.ts";
import type { DeploymentRow } from "../../src/store/schema.ts";
import { hasChangedCard, type SplitCard, splitSettlement, toNewCard } from "./cards.ts";
import { forge } from "./forgery.ts";
import { catchClone, enrolAll, lookUp, proveOne } from "./identity.ts";
import {
  type Actor,
  awaitDeployments,
  deploy,
  expectThat,
  isOver,
  readHeld,
  signedRelease,
  until,
  type World,
} from "./world.ts";

/** What the story counts; each a number of terminals, refused one of refusals. */
export interface Tally {
  committed: number;
  rolledBack: number;
  refused: number;
  recovered: number;
  offlineCaughtUp: number;
  takenBack: number;
  enrolled: number;
  proven: number;
  clonesCaught: number;
  lookedUp: number;
}

export interface Step {
  readonly title: string;
  run(world: World, tally: Tally): Promise<void>;
}

/** An acquirer does not know this terminal number. */
const WRONG_TERMINAL_NO = "99999999";

/** The story, in order. Each step ends in an error unless it ends as told. */
export const STORY: readonly Step[] = [
  { title: "Terminals enrol with one-time tokens and prove their TUSN", run: enrolAll },
  { title: "Every terminal takes its first profile", run: takeFirstProfiles },
  { title: "A merchant renames itself", run: renameMerchant },
  { title: "A merchant changes its settlement card, signed by maker and checker", run: changeCard },
  { title: "A profile with a wrong terminal number is rolled back", run: rollBackWrongNumber },
  { title: "An operator takes a change back, as its approvers allowed", run: takeBack },
  { title: "A terminal loses power between apply and test", run: surviveNoPower },
  { title: "A terminal is off line during its update", run: catchUp },
  { title: "Whoever holds the broker forges directives", run: refuseForgeries },
  { title: "A terminal is asked to prove its TUSN again", run: proveOne },
  { title: "Somebody runs a copy of a terminal", run: catchClone },
  { title: "An auditor and a merchant look a terminal up", run: lookUp },
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
    const [{ settlement }] = actors;
    // The records have no number: whoever binds a card has it from the merchant's own paper.
    const { binding, opening } = await splitSettlement(world, settlement);
    const request = { tusns, patch: { binding }, reason: "first profile", opening };
    const releaseId = await deploy(world, request);
    tally.committed += countCommitted(await awaitDeployments(world, releaseId, isOver));
  }
}

async function renameMerchant(world: World, tally: Tally): Promise<void> {
  const actors = pick(world, 1);
  const name = toOtherName(await readMerchantName(world, actors));
  const rows = await change(world, actors, { merchant: { name } }, "the merchant renamed itself");
  tally.committed += countCommitted(rows);
  world.say(`  ${actors[0].merchant.number} is now ${name}: ${rows.length} terminals passed their test and committed`);
}

async function changeCard(world: World, tally: Tally): Promise<void> {
  const actors = pick(world, 0);
  const again = await hasChangedCard(world, actors[0].tusn);
  const { binding, opening } = await splitSettlement(world, toNewCard(actors[0].settlement.holder));
  await refuseWrongDigits(world, actors, { binding, opening });
  const tusns = actors.map(({ tusn }) => tusn);
  const reason = "the merchant changed its settlement card";
  const releaseId = await deploy(world, { tusns, patch: { binding }, reason, opening });
  const rows = await awaitDeployments(world, releaseId, isOver);
  if (again) {
    for (const { tusn, code } of rows) expectThat(code === "CARD_CHANGE_TOO_SOON", `${tusn} refuses a second card`);
    return world.say(`  ${rows.length} terminals changed their card within 24 hours and refuse another one`);
  }
  tally.committed += countCommitted(rows);
  const { shortName } = actors[0].merchant;
  world.say(`  ${shortName} now settles to ${binding.bin}******${binding.last4} on ${rows.length} terminals`);
  const sealed = actors.filter(({ needsCardNumber }) => needsCardNumber).length;
  world.say(`  ${sealed} by the number itself, sealed so that no one else can open it`);
}

async function refuseWrongDigits(world: World, actors: Actors, { binding, opening }: SplitCard): Promise<void> {
  const tusns = actors.map(({ tusn }) => tusn);
  const { maker, checker } = world.approvers;
  const request = { tusns, patch: { binding }, reason: "another card than the merchant's", opening };
  const path = await signedRelease(world, request, [maker]);
  const last4 = binding.last4 === "0000" ? "1111" : "0000";
  const code = await checker.sign(path, { last4 }).then(
    () => "",
    (error: unknown) => toErrorCode(error),
  );
  expectThat(code === "CARD_DIGITS_WRONG", `the checker signs nothing, not ${code}`);
  world.say(`  A checker who had read other digits on the merchant's paper signed nothing: ${code}`);
}

async function takeBack(world: World, tally: Tally): Promise<void> {
  const actors = pick(world, 1);
  const before = await readMerchantName(world, actors);
  const tusns = actors.map(({ tusn }) => tusn);
  const patch = { merchant: { name: toOtherName(before) } };
  const reason = "renamed, and to be taken back if the merchant objects";
  const releaseId = await deploy(world, { tusns, patch, reason, withRollback: true });
  await awaitDeployments(world, releaseId, (rows) => isOver(rows.filter(({ state }) => state !== "reserved")));
  const order = { releaseId, reason: "the merchant objects" };
  const { ordered } = await orderRollback(world.context, order, world.trust.trust().policy);
  world.wake();
  const rows = await awaitDeployments(world, releaseId, isOver);
  expectThat(rows.length === 2 * actors.length && ordered === actors.length, "each terminal is sent back");
  countCommitted(rows);
  expectThat((await readMerchantName(world, actors)) === before, `${actors[0].merchant.number} has its name again`);
  tally.takenBack += ordered;
  world.say(`  ${ordered} terminals took the new name, and went back to ${before} when they were told to`);
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
    const card = await splitSettlement(world, toNewCard("李鬼"));
    const refusals = await Promise.all(byMerchant(world.cast).map((actors) => forge(world, actors, kind, card)));
    for (const refusal of refusals.flat()) {
      expectThat(refusal.code === code, `${refusal.tusn} refuses with ${code}, not ${refusal.code}`);
      tally.refused += 1;
    }
    const what =
      kind === "unsigned" ? "without the checker's signature" : "with one byte of a signed directive changed";
    world.say(`  ${refusals.flat().length} terminals refused a settlement card ${what}: ${code}`);
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
