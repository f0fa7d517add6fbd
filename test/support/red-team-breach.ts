import { createPrivateKey, type KeyObject } from "node:crypto";
import { cpSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { env } from "node:process";
import { toPrivateKeyPem } from "../../certs/keys.ts";
import { signRelease } from "../../certs/release.ts";
import { signMessage } from "../../certs/signatures.ts";
import { verifyTrust } from "../../certs/trust/verify.ts";
import { issueTerminalCertificate } from "../../certs/x509/authority.ts";
import { generateRsaKey, toRsaPublicKey } from "../../certs/x509/rsa-key.ts";
import { concat, toDigest, toHex } from "../../proto/bytes.ts";
import { parseReleaseFile, toReleaseFileBytes } from "../../proto/delivery.ts";
import { PAYLOAD_TYPES } from "../../proto/dsse.ts";
import { type Report, toEnvelopeBytes, toReportBytes } from "../../proto/terminal-messages.ts";
import { toTrustBundleBytes } from "../../proto/trust-bundle.ts";
import type { Context } from "../../src/app/context.ts";
import { openDataFolder } from "../../src/app/data-folder.ts";
import { enrolTerminal } from "../../src/app/enrolment/record-device.ts";
import { type FleetService, openFleetService } from "../../src/app/fleet-service.ts";
import { importFleet } from "../../src/app/import/import-fleet.ts";
import { buildRelease, type ReleaseRequest } from "../../src/app/release/build.ts";
import { publishRelease } from "../../src/app/release/publish.ts";
import { openTrust, writeTrust } from "../../src/app/trust-files.ts";
import { DEFAULT_IDENTITY_POLICY } from "../../src/domain/verdict.ts";
import { openLog } from "../../src/log.ts";
import { openStore } from "../../src/store/store.ts";
import { FLEET_FIELDS, OTHER_FLEET_FIELDS } from "./fleet-fields.ts";
import { toFleetRow, toRequest } from "./fleet-store.ts";
import { MemoryBus } from "./memory-bus.ts";
import type { Theatre } from "./red-team-campaign.ts";
import { type Company, createCompany, type PersonId } from "./red-team-company.ts";
import { toScraps } from "./red-team-forgeries.ts";
import type { Held } from "./red-team-oracle.ts";
import { type Random, toKey } from "./red-team-random.ts";
import { type AttackedTerminal, openAttacked } from "./red-team-terminal.ts";
import { SAMPLE_PROFILE } from "./release.ts";
import { discard } from "./scratch.ts";
import { recordVerdict } from "./verdicts.ts";

const START = 1_800_000_000;
const HOUR_S = 3_600;
const DAYS = 30;
const FRESH_KEYS = 3;
const BOTH: readonly PersonId[] = ["li.mei", "wang.jun"];

/** All that there is on the machine of the service, as somebody carried it away. */
export interface Loot {
  /** Path within the copy, and content. */
  readonly files: readonly (readonly [path: string, content: Buffer])[];
  readonly environment: string;
  /** Private keys in it, of whatever kind. */
  readonly keys: readonly KeyObject[];
}

export interface Breach {
  readonly theatre: Theatre;
  readonly loot: Loot;
}

/** A terminal with the device key that it was enrolled with. */
interface Member {
  readonly terminal: AttackedTerminal;
  readonly deviceKey: KeyObject;
}

/**
 * Runs a fleet service for a while, with everything it is made of: data folder, authority, database, trust metadata.
 * People approve first profiles, a change for all and one for a merchant; terminals take and report them. Then somebody
 * carries all of it away. The approvers' keys were never there.
 *
 * @param folder an empty folder
 */
export async function openBreach(folder: string, random: Random): Promise<Breach> {
  const company = createCompany(random, START);
  let now = START;
  const { folder: data } = await openDataFolder(join(folder, "data"), START);
  // People keep their keys themselves, whatever a new folder came with.
  discard(data.approvers);
  discard(data.trust);
  await writeTrust(data.trust, company.bundle(1, 1, START), toPrivateKeyPem(company.onlineKeys[0]));

  const store = await openStore(data.database);
  const context: Context = {
    store,
    now: () => now,
    randomBytes: random.bytes,
    identity: DEFAULT_IDENTITY_POLICY,
    log: openLog("error", { write: () => {} }),
  };
  const bus = new MemoryBus();
  const service = await openFleetService({
    ...context,
    trust: await openTrust(data.trust),
    authority: data.authority,
    verifiers: [],
    openBus: (h) => bus.open(h),
  });
  const members = await enrolMembers(context, data.authority, company, (tusn, report, deviceKey) => {
    const payload = toReportBytes(report);
    const signature = signMessage(deviceKey, PAYLOAD_TYPES.report, payload);
    queue.push(() => bus.receive(tusn, "report", toEnvelopeBytes({ payload, signature })));
  });
  const queue: (() => Promise<void>)[] = [];
  const carry = createCarrier(bus, service, members, queue);

  await greetAll(bus, members, carry);
  const publish = (change: Partial<ReleaseRequest>) => publishApproved(context, company, change);
  await publish({ merchant: FLEET_FIELDS.merchant_no });
  await publish({ merchant: OTHER_FLEET_FIELDS.merchant_no });
  await carry();
  now += HOUR_S;
  await publish({ patch: { parameters: { attempts: 4 } } });
  await carry();
  await publish({ merchant: FLEET_FIELDS.merchant_no, patch: { merchant: { shortName: "闽江春茶" } } });
  await carry();
  await service.close();
  await store.destroy();

  cpSync(data.path, join(folder, "loot"), { recursive: true });
  const loot = readLoot(join(folder, "loot"));
  // The company has moved on since: another online key, and one person less.
  const second = company.bundle(2, 1, now);
  for (const { terminal } of members) {
    terminal.clock = now;
    await terminal.receive("trust", toTrustBundleBytes(second));
  }
  return { loot, theatre: toTheatre(company, members, loot, random, now) };
}

function toTheatre(company: Company, members: readonly Member[], loot: Loot, random: Random, now: number): Theatre {
  const found = loot.keys.filter((key) => key.asymmetricKeyType === "ed25519");
  const rsa = loot.keys.filter((key) => key.asymmetricKeyType === "rsa");
  const fresh = Array.from({ length: FRESH_KEYS }, () => toKey(random.bytes(32)));
  const texts = [loot.environment, ...rsa.map((key) => key.export({ type: "pkcs8", format: "pem" }).toString())];
  // Both online keys, the newest first: a thief of the first one may have been there when the second came.
  const keys = [company.onlineKeys[1], ...found, ...fresh];
  return {
    company,
    terminals: members.map(({ terminal }) => terminal),
    held: members.map((member) => toHeld(company, member)),
    bundles: [company.bundle(1, 1, START), company.bundle(2, 1, now)],
    keys,
    scraps: [...toScraps(texts), ...members.map(({ deviceKey }) => toRsaScrap(deviceKey)), concat(random.bytes(64))],
    now,
  };
}

/** What a device key makes of a statement, cut to the length of an approver's signature. */
function toRsaScrap(deviceKey: KeyObject): Uint8Array {
  return signMessage(deviceKey, PAYLOAD_TYPES.report, toDigest(Buffer.from("statement"))).subarray(0, 64);
}

/** Which of the approved directives the terminal holds, by what it says of itself. */
function toHeld({ register }: Company, { terminal }: Member): Held {
  const { slots, sequence } = terminal.state;
  const find = (directive: string | undefined) => register.all.find(({ name }) => name.endsWith(`:${directive}`));
  const { tusn, deviceKey } = terminal.identity;
  const [current, previous] = [find(slots.current?.directive), find(slots.previous?.directive)];
  return { tusn, deviceKey: toHex(deviceKey), highest: sequence, current, previous, cardChanges: [] };
}

async function enrolMembers(
  context: Context,
  authority: { readonly key: string; readonly certificate: string },
  { roots }: Company,
  send: (tusn: AttackedTerminal["identity"]["tusn"], report: Report, deviceKey: KeyObject) => void,
): Promise<readonly Member[]> {
  const rows = [0, 1, 2, 3].map((n) => {
    const fields = n < 2 ? FLEET_FIELDS : { ...FLEET_FIELDS, ...OTHER_FLEET_FIELDS };
    const tusn = `00000304N7NL0190000${n}`;
    return toFleetRow({ ...fields, maker: "000003", tusn, terminal_no: `58D0000${n}` });
  });
  const { conflicts } = await importFleet(context, rows);
  if (conflicts.length > 0) throw new Error(JSON.stringify(conflicts));
  return Promise.all(
    rows.map(async ({ terminal: { tusn } }) => {
      const deviceKey = await generateRsaKey();
      const publicKey = toRsaPublicKey(deviceKey);
      const now = new Date(context.now() * 1_000);
      await enrolTerminal(
        context,
        tusn,
        await issueTerminalCertificate(authority, { tusn, publicKey, days: DAYS, now }),
      );
      await recordVerdict(context, tusn);
      const spki = publicKey.export({ type: "spki", format: "der" });
      const identity = { tusn, deviceKey: toDigest(spki), pinnedRoot: roots[0] };
      const terminal = await openAttacked(identity, {
        clock: context.now(),
        send: (reports) => reports.forEach((report) => void send(tusn, report, deviceKey)),
      });
      return { terminal, deviceKey };
    }),
  );
}

async function greetAll(bus: MemoryBus, members: readonly Member[], carry: () => Promise<void>): Promise<void> {
  for (const { terminal, deviceKey } of members) {
    bus.connect(terminal.identity.tusn);
    const payload = await terminal.greet();
    const signature = signMessage(deviceKey, PAYLOAD_TYPES.hello, payload);
    await bus.receive(terminal.identity.tusn, "hello", toEnvelopeBytes({ payload, signature }));
  }
  await carry();
}

/** Carries messages both ways until there are no more. */
function createCarrier(
  bus: MemoryBus,
  service: FleetService,
  members: readonly Member[],
  queue: (() => Promise<void>)[],
): () => Promise<void> {
  let carried = 0;
  return async () => {
    for (;;) {
      await service.dispatch();
      const down = bus.sent.slice(carried);
      const up = queue.splice(0);
      if (down.length === 0 && up.length === 0) return;
      carried += down.length;
      for (const { tusn, kind, payload } of down) {
        const { terminal } = members.find((member) => member.terminal.identity.tusn === tusn) as Member;
        await terminal.receive(kind, payload);
        await terminal.settle();
      }
      for (const send of up) await send();
    }
  };
}

async function publishApproved(context: Context, company: Company, change: Partial<ReleaseRequest>): Promise<void> {
  const { acquiring, parameters } = SAMPLE_PROFILE;
  const { host, port, tpdu } = acquiring;
  const request = toRequest({
    ...change,
    defaults: { acquiring: { host, port, tpdu }, parameters },
    validityS: 90 * 86_400,
  });
  const { file } = await buildRelease(context, request);
  const [maker, checker] = company.keysOf(BOTH) as [KeyObject, KeyObject];
  const signed = signRelease(signRelease(file, maker), checker);
  company.registerFile(parseReleaseFile(toReleaseFileBytes(signed)), BOTH);
  const { policy } = verifyTrust(company.roots[0], company.bundle(1, 1, START));
  await publishRelease(context, toReleaseFileBytes(signed), policy);
}

function readLoot(folder: string): Loot {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
  const files = paths.map((path) => [path.slice(folder.length + 1), readFileSync(path)] as const);
  const keys = files.flatMap(([, content]) =>
    [
      ...content
        .toString("latin1")
        .matchAll(/-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]+-----END [A-Z ]*PRIVATE KEY-----/g),
    ].map(([pem]) => createPrivateKey(pem)),
  );
  return { files, keys, environment: JSON.stringify(env) };
}
