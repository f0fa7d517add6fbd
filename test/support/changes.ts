import type { KeyObject } from "node:crypto";
import { signRelease } from "../../certs/release.ts";
import { parseReleaseFile, toReleaseFileBytes } from "../../proto/delivery.ts";
import type { ReportKind } from "../../proto/terminal-messages.ts";
import type { Acquirer } from "../../src/app/acquirers/acquirer.ts";
import { openAttachments } from "../../src/app/changes/attachments.ts";
import { createChange, type NewChange } from "../../src/app/changes/draft.ts";
import { loadPack } from "../../src/app/changes/packs.ts";
import { ChangeRunner } from "../../src/app/changes/runner.ts";
import { type ChangeTools, submitChange } from "../../src/app/changes/submit.ts";
import { openDesk } from "../../src/app/desk/desk.ts";
import { writeProfileDefaults } from "../../src/app/profile-defaults.ts";
import { type ChangeView, showChange } from "../../src/app/queries/changes.ts";
import { DEFAULT_PACK, type EvidenceKind, type KindRules, type PolicyPack } from "../../src/domain/changes/pack.ts";
import { PACK_FORMAT } from "../../src/domain/changes/parse-pack.ts";
import type { SettlementRecord } from "../../src/domain/records/record.ts";
import { commitAll } from "./committed.ts";
import { enrolFleet, MERCHANT, makeFolder, openTestFleet, type TestFleet, toRequest } from "./fleet-store.ts";
import { SAMPLE_PROFILE } from "./release.ts";
import { toNewCard } from "./sign-sample.ts";
import type { TestTerminal } from "./test-terminal.ts";

/** The least that is a PDF by its first bytes. */
export const PDF = Buffer.from("%PDF-1.7 evidence");

/** A fleet of one merchant with all that its changes need. */
export interface ChangeDesk {
  /** Where evidence and defaults lie. */
  readonly folder: string;
  readonly fleet: TestFleet;
  readonly terminals: readonly TestTerminal[];
  readonly tools: ChangeTools;
  readonly runner: ChangeRunner;
  /** Institution codes of acquirers that can be asked; a test may add some. */
  readonly acquirers: Map<string, Pick<Acquirer, "adapter">>;
  /** A draft with the evidence that it takes, or with this. */
  draft(change?: Partial<NewChange>, evidence?: readonly EvidenceKind[]): Promise<string>;
  /** The same, handed in. */
  submit(change?: Partial<NewChange>): Promise<string>;
  /** Signs the change's release on the desk; by maker and checker where nobody is named. */
  sign(id: string, keys?: readonly KeyObject[]): Promise<void>;
  /** Lets every terminal that was sent something tell its outcome, and the runner see it. */
  report(outcome?: ReportKind, terminals?: readonly TestTerminal[]): Promise<void>;
  show(id: string): Promise<ChangeView>;
  load(rules: Partial<KindRules>, change?: Partial<PolicyPack>): Promise<void>;
}

const EVIDENCE: readonly EvidenceKind[] = ["licence", "identity_card", "bank_card", "request_form"];

export async function openChangeDesk(count = 2): Promise<ChangeDesk> {
  const fleet = await openTestFleet();
  const terminals = await enrolFleet(fleet, count);
  const { defaults } = toRequest();
  const policy = () => fleet.approvers.policy;
  const acquirers = new Map<string, Pick<Acquirer, "adapter">>();
  const tools: ChangeTools = { desk: openDesk(fleet, policy), policy, defaults, acquirers };
  const runner = new ChangeRunner(fleet, tools);
  const folder = makeFolder();
  await writeProfileDefaults(folder, defaults);
  const attachments = openAttachments(fleet, folder);
  const draft = async (change: Partial<NewChange> = {}, evidence = EVIDENCE) => {
    const { id } = await createChange(fleet, { ...toNewChange(), ...change });
    for (const kind of evidence) {
      await attachments.add(id, {
        kind,
        name: `${kind}.pdf`,
        bytes: Buffer.concat([PDF, Buffer.from(kind)]),
        actor: "li.mei",
      });
    }
    return id;
  };
  let version = 0;
  return {
    ...{ folder, fleet, terminals, tools, runner, acquirers, draft },
    submit: async (change = {}) => {
      const id = await draft(change);
      await submitChange(fleet, tools, id, "li.mei");
      return id;
    },
    sign: async (id, keys = [fleet.approvers.maker, fleet.approvers.checker]) => {
      const releaseId = Buffer.from((await showChange(fleet.store, id)).releaseId, "hex");
      const signed = keys.reduce(signRelease, parseReleaseFile(await tools.desk.read(releaseId)));
      await tools.desk.sign(releaseId, toReleaseFileBytes(signed));
    },
    report: async (outcome = "committed", told = terminals) => {
      await commitAll(fleet, told, outcome);
      await runner.poll();
    },
    show: (id) => showChange(fleet.store, id),
    load: async (rules, change = {}) => {
      version += 1;
      const kinds = Object.fromEntries(
        Object.entries(DEFAULT_PACK.kinds).map(([kind, general]) => [kind, { ...general, ...rules }]),
      );
      const blackouts = (change.blackouts ?? []).map(({ days, from, until }) => {
        return { days, from: toClock(from), until: toClock(until) };
      });
      const pack = { format: PACK_FORMAT, ...DEFAULT_PACK, kinds, version, ...change, blackouts };
      await loadPack(fleet, JSON.stringify(pack), "admin");
    },
  };
}

export function toNewChange(): NewChange {
  return {
    ...{ merchant: MERCHANT, kind: "merchant", reasonCode: "renamed", reason: "the shop has a new sign" },
    ...{ isRecovery: false, content: { patch: { name: "福州市鼓楼区新茶庄" } }, requester: "li.mei" },
  };
}

/** The sample merchant's own new card. */
export function toSettlement(change: Partial<SettlementRecord> = {}): SettlementRecord {
  const { profile } = toNewCard();
  return { ...SAMPLE_PROFILE.binding, ...profile.binding, validFrom: null, validUntil: null, ...change };
}

export function toReplacement(change: Partial<SettlementRecord> = {}): Partial<NewChange> {
  const settlement = toSettlement(change);
  return { kind: "settlement.replace", reasonCode: "account_lost", reason: "lost", content: { settlement } };
}

function toClock(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}
