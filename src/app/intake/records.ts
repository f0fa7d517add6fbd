import { toHex } from "../../../proto/bytes.ts";
import type { LedgerEntry } from "../../../proto/ledger-entry.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import { MAX_HEARD } from "../../domain/clones.ts";
import { type DeploymentState, isOpen } from "../../domain/deployment.ts";
import { findByDirectives, findInStates, setProgress } from "../../store/deployments.ts";
import { findTerminals, setIssuedSequence } from "../../store/fleet.ts";
import { addHeard, findHeard } from "../../store/heard.ts";
import { appendEntries } from "../../store/ledger.ts";
import { putOutbox, removeOutbox, resumeOutbox } from "../../store/outbox.ts";
import { addUsedCounters, findReported, findUsedCounters, putReported } from "../../store/reported.ts";
import { addReports, findReportDigests } from "../../store/reports.ts";
import { findUnsettled, removeUnsettled } from "../../store/restores.ts";
import type {
  DeploymentRow,
  HeardRow,
  OutboxRow,
  ReportedRow,
  ReportRow,
  TerminalRow,
  UsedCounterRow,
} from "../../store/schema.ts";
import type { Tx } from "../../store/store.ts";
import type { Suspicion } from "../admission/quarantine.ts";
import type { VerifiedMessage } from "./verified-message.ts";

/** What is known of a report that is stored. */
type StoredReport = Pick<ReportRow, "digest" | "receivedAt">;

const OPEN_STATES: readonly DeploymentState[] = ["pending", "sent", "verified", "applied"];
const RESERVED: readonly DeploymentState[] = ["reserved"];

/**
 * The rows that a batch of messages is about, as a working copy: read with a few statements, changed in memory message
 * by message, written with a few statements. It lives within one transaction.
 */
export class Records {
  readonly #terminals = new Map<Tusn, TerminalRow>();
  readonly #reported = new Map<Tusn, ReportedRow>();
  readonly #deployments = new Map<string, DeploymentRow>();
  readonly #reports = new Map<string, StoredReport>();
  readonly #heard = new Map<string, Uint8Array>();
  readonly #usedCounters = new Set<string>();
  readonly #unsettled = new Set<Tusn>();

  readonly #changedTerminals = new Set<Tusn>();
  readonly #changedReported = new Set<Tusn>();
  readonly #changedDeployments = new Set<string>();
  readonly #newlySettled = new Set<Tusn>();
  readonly #newReports: ReportRow[] = [];
  readonly #newUsedCounters: UsedCounterRow[] = [];
  readonly #newHeard: HeardRow[] = [];
  readonly #suspicions: Suspicion[] = [];
  readonly #offers = new Map<Tusn, OutboxRow>();
  readonly #entries: LedgerEntry[] = [];

  static async load(tx: Tx, messages: readonly VerifiedMessage[]): Promise<Records> {
    const records = new Records();
    const hellos = messages.flatMap((message) => (message.kind === "hello" ? [message.hello] : []));
    const reports = messages.flatMap((message) => (message.kind === "report" ? [message.report] : []));
    const tusns = [...new Set([...hellos, ...reports].map(({ tusn }) => tusn))];
    for (const row of await findTerminals(tx, tusns)) records.#terminals.set(row.tusn, row);
    for (const row of await findReported(tx, tusns)) records.#reported.set(row.tusn, row);
    const greeting = hellos.map(({ tusn }) => tusn);
    for (const tusn of await findUnsettled(tx, greeting)) records.#unsettled.add(tusn);
    // Hellos and reports share one counter: what was said under one may have been either.
    const said = [...hellos, ...reports];
    for (const row of await findReportDigests(tx, said)) records.#reports.set(toKey(row.tusn, row.counter), row);
    for (const row of await findHeard(tx, said)) records.#heard.set(toKey(row.tusn, row.counter), row.digest);
    for (const row of await findUsedCounters(tx, said)) records.#usedCounters.add(toKey(row.tusn, row.counter));
    const known = [
      ...(await findByDirectives(
        tx,
        reports.map(({ directive }) => directive),
      )),
      ...(await findInStates(tx, greeting, OPEN_STATES)),
      ...(await findInStates(tx, tusns, RESERVED)),
    ];
    for (const row of known) records.#deployments.set(toHex(row.directiveDigest), row);
    return records;
  }

  terminal(tusn: Tusn): TerminalRow | undefined {
    return this.#terminals.get(tusn);
  }

  reported(tusn: Tusn): ReportedRow | undefined {
    return this.#reported.get(tusn);
  }

  /** Whether nobody knows since a restore what the terminal was last given; known for terminals that say hello. */
  isUnsettled(tusn: Tusn): boolean {
    return this.#unsettled.has(tusn);
  }

  /** The report that was stored under this counter. */
  report(tusn: Tusn, counter: number): StoredReport | undefined {
    return this.#reports.get(toKey(tusn, counter));
  }

  /** Digest of the hello that was heard under this counter, as far as it is remembered. */
  heardDigest(tusn: Tusn, counter: number): Uint8Array | undefined {
    return this.#heard.get(toKey(tusn, counter));
  }

  /** Suspicions of this batch; each is looked into once the rest is written. */
  get suspicions(): readonly Suspicion[] {
    return this.#suspicions;
  }

  deployment(directiveDigest: Uint8Array): DeploymentRow | undefined {
    return this.#deployments.get(toHex(directiveDigest));
  }

  /** A terminal's deployments that are still open, the newest first; known for terminals that say hello. */
  openDeployments(tusn: Tusn): readonly DeploymentRow[] {
    const open = [...this.#deployments.values()].filter((row) => row.tusn === tusn && isOpen(row.state));
    return open.sort((a, b) => b.sequence - a.sequence);
  }

  /** A terminal's ways back that can still be ordered. */
  reserves(tusn: Tusn): readonly DeploymentRow[] {
    return [...this.#deployments.values()].filter((row) => row.tusn === tusn && row.state === "reserved");
  }

  /** Deployments that this batch brought into the state. */
  changedInto(state: DeploymentState): readonly DeploymentRow[] {
    return this.#toChanged(this.#deployments, this.#changedDeployments).filter((row) => row.state === state);
  }

  setIssuedSequence(terminal: TerminalRow, issuedSequence: number): void {
    this.#terminals.set(terminal.tusn, { ...terminal, issuedSequence });
    this.#changedTerminals.add(terminal.tusn);
  }

  /** The terminal has told what it was last given. */
  settle(tusn: Tusn): void {
    this.#unsettled.delete(tusn);
    this.#newlySettled.add(tusn);
  }

  setReported(row: ReportedRow): void {
    this.#reported.set(row.tusn, row);
    this.#changedReported.add(row.tusn);
  }

  setDeployment(row: DeploymentRow): void {
    const key = toHex(row.directiveDigest);
    this.#deployments.set(key, row);
    this.#changedDeployments.add(key);
  }

  addReport(row: ReportRow): void {
    this.#reports.set(toKey(row.tusn, row.counter), row);
    this.#newReports.push(row);
  }

  addHeard(row: HeardRow): void {
    const key = toKey(row.tusn, row.counter);
    if (!this.#heard.has(key)) this.#heard.set(key, row.digest);
    this.#newHeard.push(row);
  }

  suspect(suspicion: Suspicion): void {
    this.#suspicions.push(suspicion);
  }

  /** Notes that a message came under a counter that it may not have; false where that was noted before. */
  addUsedCounter(row: UsedCounterRow): boolean {
    const key = toKey(row.tusn, row.counter);
    if (this.#usedCounters.has(key)) return false;
    this.#usedCounters.add(key);
    this.#newUsedCounters.push(row);
    return true;
  }

  /** Puts a directive into the outbox again. */
  offer(row: OutboxRow): void {
    this.#offers.set(row.tusn, row);
  }

  addEntry(entry: LedgerEntry): void {
    this.#entries.push(entry);
  }

  async write(tx: Tx, now: number): Promise<void> {
    const deployments = this.#toChanged(this.#deployments, this.#changedDeployments);
    for (const row of this.#toChanged(this.#terminals, this.#changedTerminals)) {
      await setIssuedSequence(tx, row.tusn, row.issuedSequence);
    }
    await removeUnsettled(tx, [...this.#newlySettled]);
    await putReported(tx, this.#toChanged(this.#reported, this.#changedReported));
    await addReports(tx, this.#newReports);
    await addUsedCounters(tx, this.#newUsedCounters);
    await addHeard(tx, this.#newHeard, MAX_HEARD);
    await setProgress(tx, deployments);
    await putOutbox(tx, [...this.#offers.values()]);
    await removeOutbox(
      tx,
      deployments.filter(({ state }) => state !== "pending" && state !== "sent"),
    );
    // A terminal leaves another directive alone while one is under way; now it can take it.
    const ended = deployments.filter(({ state }) => !isOpen(state)).map(({ tusn }) => tusn);
    await resumeOutbox(tx, ended, now);
    await appendEntries(tx, this.#entries);
  }

  #toChanged<K, V>(rows: ReadonlyMap<K, V>, changed: ReadonlySet<K>): readonly V[] {
    return [...changed].flatMap((key) => rows.get(key) ?? []);
  }
}

function toKey(tusn: Tusn, counter: number): string {
  return `${tusn}:${counter}`;
}
