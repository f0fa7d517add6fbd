import type { Perform } from "../../agent/effects.ts";
import type { State } from "../../agent/machine/state.ts";
import { Runner } from "../../agent/runner.ts";
import { openObjects } from "../../agent/slots/objects.ts";
import { openSlots, type Slots } from "../../agent/slots/slots.ts";
import { openStateFile } from "../../agent/slots/state-file.ts";
import { openTrustStore } from "../../agent/slots/trust-store.ts";
import { toDigest, toHex } from "../../proto/bytes.ts";
import { type Report, toHelloBytes, toReceiptBytes, toReportBytes } from "../../proto/terminal-messages.ts";
import type { DownKind } from "../../proto/topics.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { MemoryFiles } from "./memory-files.ts";

/** What a terminal is from the factory on. */
export interface TerminalIdentity {
  readonly tusn: Tusn;
  /** SHA-256 of the SubjectPublicKeyInfo of its device key. */
  readonly deviceKey: Uint8Array;
  readonly pinnedRoot: Uint8Array;
}

/** A terminal's disk and what is in the terminal, to begin from again. */
export interface Snapshot {
  readonly files: MemoryFiles;
  readonly content: Uint8Array | undefined;
}

/** A terminal that takes whatever it is sent: the real agent's core over a disk in memory. */
export interface AttackedTerminal {
  readonly identity: TerminalIdentity;
  readonly files: MemoryFiles;
  /** The terminal's clock in seconds: anybody may set it. */
  clock: number;
  /** Encoded profile that it trades on. */
  readonly content: Uint8Array | undefined;
  /** Digests of all profiles that were ever put into the terminal, in hexadecimal. */
  readonly applied: readonly string[];
  /** How often each refusal was given, by code. */
  readonly codes: ReadonlyMap<string, number>;
  /** Tests run so far. */
  readonly tests: number;
  /** What the next test transactions show; passed where there is none. */
  readonly verdicts: ("passed" | "failed")[];
  readonly state: State;
  receive(kind: DownKind, payload: Uint8Array): Promise<void>;
  /** Payload of a hello under a new counter. */
  greet(): Promise<Uint8Array>;
  /** Resolves when the agent has nothing more to do. */
  settle(): Promise<void>;
  /** The service's receipts for all reports. */
  receiptAll(): Promise<void>;
  snapshot(): Snapshot;
  close(): Promise<void>;
}

export interface TerminalOptions {
  readonly from?: Snapshot;
  readonly clock: number;
  /** Where reports go; kept until a receipt comes where absent. */
  readonly send?: (reports: readonly Report[]) => void;
}

export async function openAttacked(identity: TerminalIdentity, options: TerminalOptions): Promise<AttackedTerminal> {
  const files = options.from?.files.clone() ?? new MemoryFiles();
  const objects = openObjects(files);
  const trusts = openTrustStore(objects, identity.pinnedRoot);
  const slots = remembering(files, openSlots(objects, trusts, identity.tusn));
  const applied: string[] = [];
  const codes = new Map<string, number>();
  const verdicts: ("passed" | "failed")[] = [];
  let content = options.from?.content;
  let busy = 0;
  let tests = 0;
  let clock = options.clock;

  const perform: Perform = async (effect) => {
    busy += 1;
    await new Promise((resolve) => setImmediate(resolve));
    busy -= 1;
    switch (effect.kind) {
      case "read_status":
        return { kind: "status", busy: undefined };
      case "apply":
        content = effect.slot === undefined ? undefined : slots.read(effect.slot).directive.profile;
        if (content !== undefined) applied.push(toHex(toDigest(content)));
        return { kind: "applied", result: "applied", detail: "" };
      case "test": {
        tests += 1;
        const kind = verdicts.shift() ?? "passed";
        return { kind: "tested", verdict: { kind, detail: "" }, reversalReason: kind === "failed" ? undefined : "06" };
      }
      case "reverse":
        return { kind: "reversed", answered: true };
      case "pause":
        return { kind: "resumed" };
    }
  };

  const runner = new Runner({
    run: new Uint8Array(8),
    stateFile: openStateFile(files, identity.tusn, clock),
    objects,
    slots,
    trusts,
    deviceKey: identity.deviceKey,
    outbox: { send: (reports) => options.send?.(reports), announce: () => {} },
    perform,
    readiness: { busy: undefined },
    clock: () => clock,
    uptime: () => 0,
    pause: async () => {},
    log: (_level, event, fields) => {
      const code = fields?.["code"];
      const isRefusal = event === "refusal suppressed" || event.endsWith("refused") || fields?.["kind"] === "refused";
      const name = isRefusal && typeof code === "string" ? code : event === "directive left for later" ? event : "";
      if (name !== "") codes.set(name, (codes.get(name) ?? 0) + 1);
    },
  });
  await runner.start();

  return {
    identity,
    files,
    applied,
    codes,
    verdicts,
    get clock() {
      return clock;
    },
    set clock(seconds) {
      clock = seconds;
    },
    get content() {
      return content;
    },
    get tests() {
      return tests;
    },
    get state() {
      return runner.state;
    },
    receive: async (kind, payload) => (kind === "challenge" ? undefined : runner.receive(kind, payload)),
    greet: async () => toHelloBytes(await runner.greet()),
    settle: async () => {
      for (let quiet = 0; quiet < 3; quiet = busy === 0 ? quiet + 1 : 0) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    receiptAll: async () => {
      for (const report of runner.unsent()) await runner.receive("receipt", toReceiptOf(report));
    },
    snapshot: () => ({ files: files.clone(), content }),
    close: () => runner.close(),
  };
}

export function toReceiptOf(report: Report): Uint8Array {
  return toReceiptBytes({ counter: report.counter, report: toDigest(toReportBytes(report)) });
}

/**
 * The agent's slots, which prove what they hold each time it is read; here a proof is remembered as long as not a byte
 * of what was proven changes, or a million deliveries would take hours.
 */
function remembering(files: MemoryFiles, slots: Slots): Slots {
  const proofs = new Map<string, { readonly bytes: readonly unknown[]; readonly content: ReturnType<Slots["read"]> }>();
  return {
    read: (slot) => {
      const name = JSON.stringify(slot);
      const bytes = [slot.delivery, slot.trust, slot.sealed].map((digest) => files.read(`objects/${digest}`));
      const known = proofs.get(name);
      if (known?.bytes.every((one, at) => one === bytes[at])) return known.content;
      const content = slots.read(slot);
      proofs.set(name, { bytes, content });
      return content;
    },
  };
}
