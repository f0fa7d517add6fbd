import type { KeyObject } from "node:crypto";
import { openCardNumber } from "../certs/seal.ts";
import { toErrorCode } from "../proto/errors.ts";
import type { Applied, Effect, Event, EventOf } from "./machine/events.ts";
import type { Slot, Verdict } from "./machine/state.ts";
import type { Readiness } from "./readiness.ts";
import type { SlotContent, Slots } from "./slots/slots.ts";
import type { Terminal } from "./terminal/terminal.ts";
import { runReversal } from "./test-transaction/run-reversal.ts";
import { runTest } from "./test-transaction/run-test.ts";

/** Field 60.2 of every test transaction and its reversal: no batch is open while a profile is applied. */
const TEST_BATCH = 1;

type EffectKind = Effect["kind"];
type EffectOf<K extends EffectKind> = Extract<Effect, { kind: K }>;
type Untimed<E> = E extends Event ? Omit<E, "now"> : never;

/** What came of an effect. */
export type Answer = Untimed<Event>;

export interface EffectPorts {
  readonly slots: Slots;
  readonly terminal: Terminal;
  readonly readiness: Readiness;
  /** Opens sealed card numbers, where the terminal needs them. */
  readonly cardKey?: KeyObject | undefined;
  /** Resolves after anything from nothing to so many milliseconds. */
  pause(atMostMs: number): Promise<void>;
}

/**
 * Carries out one effect and gives the machine's answer. Trouble of terminal and network is an answer.
 *
 * @throws TillsyncError SLOT_CORRUPT before anything was done
 */
export type Perform = (effect: Effect) => Promise<Answer>;

export function createPerform({ slots, terminal, readiness, cardKey, pause }: EffectPorts): Perform {
  const table: { readonly [K in EffectKind]: (effect: EffectOf<K>) => Promise<Answer> } = {
    // One that does not answer counts as busy.
    read_status: async () => ({ kind: "status", busy: await readiness.read() }),
    apply: async ({ slot }) => ({ kind: "applied", ...(await apply(terminal, toContent(slots, slot), cardKey)) }),
    test: async ({ slot, trace }) => {
      const { profile } = slots.read(slot);
      return runTest(profile, { trace, batch: TEST_BATCH }, terminal).then(toTested, toTestFault);
    },
    reverse: async ({ slot, trace, signInTrace, reason }) => {
      const { profile } = slots.read(slot);
      const attempt = { trace, batch: TEST_BATCH };
      const result = await runReversal(profile, attempt, signInTrace, terminal, reason).catch(() => undefined);
      return { kind: "reversed", answered: result?.kind === "answered" };
    },
    pause: async ({ atMostMs }) => {
      await pause(atMostMs);
      return { kind: "resumed" };
    },
  };
  // The table's own type pairs each kind with its effect; the union of all rows is too narrow a parameter to say so.
  return (effect) => (table[effect.kind] as (effect: Effect) => Promise<Answer>)(effect);
}

/** The card number is in clear here only, while the terminal is being told. */
async function apply(
  terminal: Terminal,
  content: SlotContent | undefined,
  cardKey: KeyObject | undefined,
): Promise<Applied> {
  try {
    const cardNumber = await toCardNumber(content, cardKey);
    const applied = await terminal.apply(content?.directive.profile, cardNumber);
    if (applied.kind === "busy") return { result: "busy", detail: applied.reason };
    return { result: applied.kind, detail: applied.kind === "failed" ? applied.detail : "" };
  } catch (error) {
    return { result: "failed", detail: toErrorCode(error) };
  }
}

function toContent(slots: Slots, slot: Slot | undefined): SlotContent | undefined {
  return slot === undefined ? undefined : slots.read(slot);
}

/**
 * Undefined where the terminal needs none, was given none, or was given it under an earlier card key: whether it can do
 * without is then the terminal's to say.
 */
async function toCardNumber(
  content: SlotContent | undefined,
  cardKey: KeyObject | undefined,
): Promise<string | undefined> {
  if (content?.sealed === undefined || cardKey === undefined) return undefined;
  const { directive, profile, sealed } = content;
  try {
    return await openCardNumber(cardKey, sealed, { tusn: directive.tusn, binding: profile.binding });
  } catch {
    return undefined;
  }
}

type Tested = Omit<EventOf<"tested">, "now">;

function toTested(outcome: Awaited<ReturnType<typeof runTest>>): Tested {
  const detail = outcome.kind === "passed" ? "" : outcome.detail;
  return {
    kind: "tested",
    verdict: { kind: outcome.kind, detail },
    reversalReason: outcome.purchaseSent ? outcome.reversalReason : undefined,
  };
}

/** A purchase that cannot be packed was never sent; after any other fault it may have been. */
function toTestFault(error: unknown): Tested {
  const code = toErrorCode(error);
  const cannotBePacked = code === "ISO_FIELD_INVALID";
  const verdict: Verdict = { kind: cannotBePacked ? "failed" : "inconclusive", detail: code };
  return { kind: "tested", verdict, reversalReason: cannotBePacked ? undefined : "98" };
}
