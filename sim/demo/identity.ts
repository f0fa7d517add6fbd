import { cpSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:https";
import { join } from "node:path";
import { toHex } from "../../proto/bytes.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { releaseQuarantine } from "../../src/app/admission/quarantine.ts";
import { attest, issueAttestation } from "../../src/app/attestation/issue.ts";
import { createTokens } from "../../src/app/enrolment/tokens.ts";
import { demandProof } from "../../src/app/proof/demand.ts";
import { showTerminal } from "../../src/app/queries/terminals.ts";
import { importKeys } from "../../src/app/sn-keys/import-keys.ts";
import { isProven } from "../../src/domain/verdict.ts";
import { findTerminals } from "../../src/store/fleet.ts";
import { findQuarantined } from "../../src/store/quarantines.ts";
import { toSimulatedSnKey } from "../keys.ts";
import { AgentProcess } from "./agent-process.ts";
import { enrol } from "./installer.ts";
import type { Tally } from "./story.ts";
import { type Actor, expectThat, until, type World } from "./world.ts";

// The part of the story about who a terminal is: enrolled, proven, copied, looked up.

const TOKEN_LIFE_S = 3_600;
const INSTALLER = "installer";
const OPERATOR = "operator";

/** Gives the service the SN keys that the makers filed for these terminals. */
export async function addSnKeys(world: World): Promise<void> {
  const lines = world.cast.map(({ tusn }) => `${tusn},${toHex(toSimulatedSnKey(tusn))}`);
  const source = async function* () {
    yield Buffer.from(`tusn,sn_key\n${lines.join("\n")}\n`);
  };
  const options = { keyFile: world.settings.snKeyFile, replace: false, actor: OPERATOR };
  const { faultCount } = await importKeys(world.context, source(), options);
  expectThat(faultCount === 0, "every SN key is taken");
}

/** Terminals that have no certificate yet enrol with a token each, and every terminal ends up proven. */
export async function enrolAll(world: World, tally: Tally): Promise<void> {
  await addSnKeys(world);
  const blank = world.cast.filter(({ agent }) => !existsSync(join(agent.terminal.folder, "device.pem")));
  if (blank.length > 0) {
    await refuseStranger(world, blank[0] as Actor);
    const tusns = blank.map(({ tusn }) => tusn);
    const terms = { validS: TOKEN_LIFE_S, needsAdmission: false, actor: INSTALLER };
    const tokens = await createTokens(world.context, tusns, terms);
    await Promise.all(
      blank.map(({ agent, tusn }) => {
        const made = tokens.find((token) => token.tusn === tusn);
        return enrol(agent, world.enrolUrl, made?.token ?? "");
      }),
    );
    world.say(`  ${blank.length} terminals made their keys and got certificates of 30 days for one-time tokens`);
  }
  tally.enrolled += blank.length;
  for (const { agent } of world.cast) agent.start();
  for (const actor of world.cast) tally.proven += (await isUnproven(world, actor)) ? await prove(world, actor) : 0;
  const proven = world.cast.length;
  world.say(`  ${proven} terminals have proven their TUSN with the SN key in their secure element`);
}

/** Whoever knows no more than what stands on a terminal's label. */
async function refuseStranger(world: World, { agent, tusn }: Actor): Promise<void> {
  const code = await enrol(agent, world.enrolUrl, "A".repeat(26)).then(
    () => "",
    (error: unknown) => (error as { readonly code?: string }).code ?? "",
  );
  expectThat(code === "TOKEN_INVALID", `a guessed token is refused, not ${code}`);
  world.say(`  ${tusn}: who has its label and a guessed token gets no certificate: ${code}`);
}

async function isUnproven({ context }: World, { tusn }: Actor): Promise<boolean> {
  const [terminal] = await findTerminals(context.store, [tusn]);
  return terminal === undefined || !isProven(terminal, context.identity, context.now());
}

async function prove(world: World, { tusn }: Actor): Promise<number> {
  await awaitProof(world, tusn, world.context.now());
  return 1;
}

/** Proof on demand: a fresh factor, an answer within its minute, a verdict. */
export async function proveOne(world: World, tally: Tally): Promise<void> {
  const [{ tusn }] = world.cast as readonly [Actor, ...Actor[]];
  const before = (await showTerminal(world.context.store, tusn)).verdicts.length;
  await demandProof(world.context, tusn);
  world.wake();
  const verdict = await until(world, "a proof", async () => {
    const { verdicts } = await showTerminal(world.context.store, tusn);
    return verdicts.length > before ? verdicts.at(-1)?.verdict : undefined;
  });
  expectThat(verdict === "verified-crypto", `${tusn} is genuine, not ${verdict}`);
  tally.proven += 1;
  world.say(`  ${tusn} was asked for its cryptogram over a fresh factor, and is genuine: ${verdict}`);
}

async function awaitProof(world: World, tusn: Tusn, since: number): Promise<void> {
  await demandProof(world.context, tusn);
  world.wake();
  await until(world, `the proof of ${tusn}`, async () => {
    const [terminal] = await findTerminals(world.context.store, [tusn]);
    return terminal?.verdict === "verified-crypto" && (terminal.provenAt ?? 0) >= since ? true : undefined;
  });
}

/** Somebody copied a terminal's whole disk, and runs the copy somewhere else. */
export async function catchClone(world: World, tally: Tally): Promise<void> {
  const actor = world.cast.at(-1) as Actor;
  const { tusn, agent } = actor;
  const copy = join(world.folder.path, "copied-terminal");
  await agent.stop();
  rmSync(copy, { recursive: true, force: true });
  cpSync(agent.terminal.folder, copy, { recursive: true });
  agent.start();
  await until(world, "the genuine terminal", async () => (world.bus.connected().includes(tusn) ? true : undefined));
  const clone = new AgentProcess(agent.program, { tusn, folder: copy, configFile: join(copy, "agent.json") });
  clone.start();
  try {
    await until(world, "the quarantine", async () =>
      (await findQuarantined(world.context.store, [tusn])).length > 0 ? true : undefined,
    );
  } finally {
    await clone.stop();
    rmSync(copy, { recursive: true, force: true });
  }
  tally.clonesCaught += 1;
  world.say(`  ${tusn}: two devices used its identity; it is in quarantine, and is sent nothing`);
  await releaseQuarantine(world.context, tusn, { reason: "the copy was found and destroyed", by: OPERATOR });
  world.wake();
  await until(world, "the terminal to be back", async () => (world.bus.connected().includes(tusn) ? true : undefined));
  world.say(`  An operator released it, with a reason: it is connected again`);
}

/** What an auditor gets, checked off line by his own program; and what a merchant sees. */
export async function lookUp(world: World, tally: Tally): Promise<void> {
  const [{ tusn }] = world.cast as readonly [Actor, ...Actor[]];
  const { trust, folder, context, approvers } = world;
  const attestor = { trust, trustFolder: folder.trust, authority: folder.authority.certificate };
  const attestation = await attest(context, attestor, tusn);
  expectThat(attestation !== undefined, `${tusn} is on record`);
  if (attestation === undefined) return;
  const path = join(approvers.desk, `${tusn}.attestation.json`);
  writeFileSync(path, await issueAttestation(attestor, attestation));
  await approvers.updateTrust(folder.trust);
  await approvers.verify(path);
  world.say(
    `  ${tusn}: signed attestation checked off line, with the release's approvals and the terminal's own report`,
  );
  const page = await fetchPage(world, `/genuine?number=${tusn}`);
  expectThat(page.includes(tusn), "the page for merchants tells of the terminal");
  tally.lookedUp += 1;
  world.say(`  A merchant may ask whether his machine is genuine: ${world.lookupUrl}/genuine?number=${tusn}`);
}

function fetchPage({ lookupUrl, folder }: World, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(`${lookupUrl}${path}`, { ca: folder.authority.certificate, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
    }).on("error", reject);
  });
}
