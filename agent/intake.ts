import { NO_VERSIONS, type Trust, type TrustVersions, verifyTrust } from "../certs/trust/verify.ts";
import { toDigest, toHex } from "../proto/bytes.ts";
import { type ErrorCode, type ErrorFields, TillsyncError } from "../proto/errors.ts";
import { parseReceipt } from "../proto/terminal-messages.ts";
import type { DownKind } from "../proto/topics.ts";
import { parseTrustBundle } from "../proto/trust-bundle.ts";
import { type GateContext, verifyAddressed, verifyDelivery } from "./gate.ts";
import { type Log, toErrorFields } from "./log.ts";
import type { Event } from "./machine/events.ts";
import { isBacklogged } from "./machine/reports.ts";
import type { Slot, State } from "./machine/state.ts";
import type { Slots } from "./slots/slots.ts";
import { type DeliveryName, toDeliveryName, toSlot, toTask } from "./task.ts";

/** What never changes while the agent runs. */
export interface IntakePorts {
  readonly slots: Slots;
  readonly pinnedRoot: Uint8Array;
  /** SHA-256 of the SubjectPublicKeyInfo of the device key. */
  readonly deviceKey: Uint8Array;
  readonly log: Log;
}

/** What the agent knows when the message's turn comes. `now` in seconds. */
export interface Knowledge {
  readonly state: State;
  readonly trust: Trust | undefined;
  readonly now: number;
}

/**
 * Turns a message from outside into what the machine shall hear of it, after making its bytes durable where they will be
 * needed; undefined where it means nothing.
 *
 * @throws TillsyncError STATE_WRITE_FAILED, and SLOT_CORRUPT where the current profile cannot be read
 */
export function takeMessage(
  ports: IntakePorts,
  kind: DownKind,
  payload: Uint8Array,
  knowledge: Knowledge,
): Event | undefined {
  switch (kind) {
    case "directive":
      return takeDelivery(ports, payload, knowledge);
    case "receipt":
      return takeReceipt(ports, payload, knowledge);
    case "trust":
      return takeTrust(ports, payload, knowledge);
  }
}

function takeDelivery(ports: IntakePorts, bytes: Uint8Array, knowledge: Knowledge): Event | undefined {
  const { state, now } = knowledge;
  const name = toDeliveryName(bytes);
  if (isKnown(state, name)) return { kind: "repeated", now, directive: name.directive };
  const context = toContext(ports, knowledge);
  try {
    return state.underWay === undefined
      ? accept(ports, bytes, context, knowledge, name)
      : leaveForLater(ports, bytes, context, name);
  } catch (error) {
    return toRefusal(error, name, now);
  }
}

function accept(
  { slots, log }: IntakePorts,
  bytes: Uint8Array,
  context: GateContext,
  { state, now }: Knowledge,
  name: DeliveryName,
): Event | undefined {
  const accepted = verifyDelivery(bytes, context);
  // Nonces are not signed: what the machine would not take must not become one more object for each of them.
  if (isBacklogged(state)) {
    log("warn", "directive left for later", { directive: name.directive, what: "outcomes wait for receipts" });
    return undefined;
  }
  // Durable before the state names it, so that a state never names what is not there.
  const slot: Slot = toSlot(accepted, slots.stage(bytes), state.trust?.bundle ?? "");
  return { kind: "accepted", now, task: toTask(accepted), slot };
}

/** How the directive under way will end is not known yet, so that only half the gate can judge another one. */
function leaveForLater({ log }: IntakePorts, bytes: Uint8Array, context: GateContext, name: DeliveryName): undefined {
  verifyAddressed(bytes, context);
  log("info", "directive left for later", { directive: name.directive });
}

function takeReceipt({ log }: IntakePorts, bytes: Uint8Array, { now }: Knowledge): Event | undefined {
  try {
    return { kind: "receipt", now, ...parseReceipt(bytes) };
  } catch (error) {
    log("warn", "receipt refused", toErrorFields(error));
    return undefined;
  }
}

function takeTrust(ports: IntakePorts, bytes: Uint8Array, { state, trust, now }: Knowledge): Event | undefined {
  const isHeld = trust !== undefined && state.trust?.bundle === toHex(toDigest(bytes));
  if (isHeld) return undefined;
  try {
    const { versions } = verifyTrust(ports.pinnedRoot, parseTrustBundle(bytes), state.trust?.versions ?? NO_VERSIONS);
    // The same metadata in other white space, or signed once more, is nothing new.
    if (trust !== undefined && isSame(versions, trust.versions)) return undefined;
    return { kind: "trusted", now, bundle: ports.slots.stageTrust(bytes), versions };
  } catch (error) {
    if (isOurs(error)) throw error;
    ports.log("warn", "trust refused", toErrorFields(error));
    return undefined;
  }
}

function isSame(a: TrustVersions, b: TrustVersions): boolean {
  return a.timestamp === b.timestamp && a.snapshot === b.snapshot && a.targets === b.targets;
}

/** Whether the directive is the one under way or the last one decided; that name was proven when it was accepted. */
function isKnown({ underWay, last }: State, { directive }: DeliveryName): boolean {
  return underWay?.task.directive === directive || (last !== undefined && toHex(last.directive) === directive);
}

function toContext({ slots, deviceKey }: IntakePorts, { state, trust, now }: Knowledge): GateContext {
  const { current } = state.slots;
  const held = current === undefined ? undefined : slots.read(current).directive.profile;
  return { trust, now, tusn: state.tusn, deviceKey, held, sequence: state.sequence };
}

function toRefusal(error: unknown, name: DeliveryName, now: number): Event {
  if (!(error instanceof TillsyncError) || isOurs(error)) throw error;
  return { kind: "refused", now, code: error.code, ...name, detail: toText(error.fields) };
}

/** Whether the fault is this agent's own and says nothing about the message. */
function isOurs(error: unknown): boolean {
  const ours: readonly ErrorCode[] = ["STATE_WRITE_FAILED", "INTERNAL"];
  return !(error instanceof TillsyncError) || ours.includes(error.code);
}

function toText(fields: ErrorFields): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${value}`)
    .join(", ");
}
