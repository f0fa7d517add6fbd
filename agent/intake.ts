import { MAX_ROOTS, verifyRoots } from "../certs/trust/roots.ts";
import { NO_VERSIONS, type Trust, type TrustVersions, verifyTrust } from "../certs/trust/verify.ts";
import { toDigest, toHex } from "../proto/bytes.ts";
import { type ErrorCode, type ErrorFields, TillsyncError } from "../proto/errors.ts";
import { parseReceipt } from "../proto/terminal-messages.ts";
import type { DownKind } from "../proto/topics.ts";
import { isRootsOnly, parseTrustBundle, type TrustBundle } from "../proto/trust-bundle.ts";
import type { CardKey } from "./card-key.ts";
import { type Accepted, type GateContext, verifyAddressed, verifyDelivery } from "./gate.ts";
import { type Log, toErrorFields } from "./log.ts";
import type { Event, EventOf } from "./machine/events.ts";
import { isBacklogged } from "./machine/reports.ts";
import type { Digest, Slot, State } from "./machine/state.ts";
import { verifySealed } from "./sealed.ts";
import type { Objects } from "./slots/objects.ts";
import type { SlotContent, Slots } from "./slots/slots.ts";
import { type TrustStore, toStoredBundle } from "./slots/trust-store.ts";
import { type DeliveryName, toDeliveryName, toSlot, toTask } from "./task.ts";

/** What the machine may hear of; challenges are answered beside it. */
export type MessageKind = Exclude<DownKind, "challenge">;

/** What never changes while the agent runs. */
export interface IntakePorts {
  readonly objects: Objects;
  readonly slots: Slots;
  readonly trusts: TrustStore;
  /** SHA-256 of the SubjectPublicKeyInfo of the device key. */
  readonly deviceKey: Uint8Array;
  /** Where the terminal needs card numbers. */
  readonly cardKey?: CardKey | undefined;
  readonly log: Log;
}

/** What the agent knows when the message's turn comes. Times in seconds, as the gate takes them. */
export interface Knowledge {
  readonly state: State;
  readonly trust: Trust | undefined;
  readonly now: number;
  readonly past: number;
}

/**
 * Turns a message from outside into what the machine shall hear of it, after making its bytes durable where they will be
 * needed; undefined where it means nothing. After `rooted` the message may mean more, under the new root.
 *
 * @throws TillsyncError STATE_WRITE_FAILED, and SLOT_CORRUPT where the current profile cannot be read
 */
export async function takeMessage(
  ports: IntakePorts,
  kind: MessageKind,
  payload: Uint8Array,
  knowledge: Knowledge,
): Promise<Event | undefined> {
  switch (kind) {
    case "directive":
      return takeDelivery(ports, payload, knowledge);
    case "receipt":
      return takeReceipt(ports, payload, knowledge);
    case "trust":
      return takeTrust(ports, payload, knowledge);
  }
}

async function takeDelivery(ports: IntakePorts, bytes: Uint8Array, knowledge: Knowledge): Promise<Event | undefined> {
  const { state, now } = knowledge;
  const name = toDeliveryName(bytes);
  if (isKnown(state, name)) return { kind: "repeated", now, directive: name.directive };
  const context = toContext(ports, knowledge);
  try {
    return state.underWay === undefined
      ? await accept(ports, bytes, context, knowledge, name)
      : leaveForLater(ports, bytes, context, name);
  } catch (error) {
    return toRefusal(error, name, now);
  }
}

async function accept(
  ports: IntakePorts,
  bytes: Uint8Array,
  context: GateContext,
  { state, now }: Knowledge,
  name: DeliveryName,
): Promise<Event | undefined> {
  const { objects, log } = ports;
  const accepted = verifyDelivery(bytes, context);
  // Nonces are not signed: what the machine would not take must not become one more object for each of them.
  if (isBacklogged(state)) {
    log("warn", "directive left for later", { directive: name.directive, what: "outcomes wait for receipts" });
    return undefined;
  }
  const sealed = await takeSealed(ports, accepted, state);
  // Durable before the state names them, so that a state never names what is not there.
  const slot: Slot = toSlot(accepted, {
    delivery: objects.put(bytes),
    trust: state.trust?.bundle ?? "",
    sealed: sealed === undefined ? "" : objects.put(sealed),
  });
  return { kind: "accepted", now, task: toTask(accepted, now), slot };
}

/** The sealed card number to keep with the profile; none where this terminal needs none. */
async function takeSealed(
  { slots, cardKey }: IntakePorts,
  accepted: Accepted,
  { tusn, slots: { current, previous } }: State,
): Promise<Uint8Array | undefined> {
  if (cardKey === undefined) return undefined;
  const contents = [current, previous].map((slot) => (slot === undefined ? undefined : readContent(slots, slot)));
  return verifySealed(accepted, {
    tusn,
    privateKey: cardKey.privateKey,
    slots: contents.filter((content) => content !== undefined),
    held: contents[0]?.profile.binding,
  });
}

/** Undefined where it does not prove itself: what it was sealed may come with the delivery. */
function readContent(slots: Slots, slot: Slot): SlotContent | undefined {
  try {
    return slots.read(slot);
  } catch {
    return undefined;
  }
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

function takeTrust(ports: IntakePorts, bytes: Uint8Array, knowledge: Knowledge): Event | undefined {
  try {
    const bundle = parseTrustBundle(bytes);
    const roots = takeRoot(ports, bundle, knowledge.state);
    if (roots !== undefined) return { kind: "rooted", now: knowledge.now, ...roots };
    return isRootsOnly(bundle) ? undefined : takeMetadata(ports, bundle, knowledge);
  } catch (error) {
    if (isOurs(error)) throw error;
    ports.log("warn", "trust refused", toErrorFields(error));
    return undefined;
  }
}

/**
 * The first root within that follows the newest one held, durable. One at a time, and whatever becomes of the rest: each
 * is good by itself, and the next thing that a root takes away from thieves must not wait for it. One that was lost is
 * taken again in the same bytes only, and changes nothing: its successor may be in the hands of those whom the lost one
 * had deprived.
 */
function takeRoot({ objects, trusts }: IntakePorts, { roots }: TrustBundle, state: State): NextRoot | undefined {
  const { newest, names, isWhole } = trusts.roots;
  for (const root of roots) {
    const { taken, changed, replaced } = verifyRoots(newest, [root]);
    if (taken.length === 0) continue;
    if (!isWhole) return takeRootAgain(objects, root, state.roots, names.length);
    if (names.length >= MAX_ROOTS) throw new TillsyncError("TRUST_INVALID", { what: "too many roots" });
    return { roots: [...names, objects.put(root)], changed: [...changed], replaced: [...replaced] };
  }
  return undefined;
}

type NextRoot = Omit<EventOf<"rooted">, "kind" | "now">;

function takeRootAgain(objects: Objects, root: Uint8Array, roots: readonly Digest[], at: number): NextRoot {
  if (toHex(toDigest(root)) !== roots[at]) throw new TillsyncError("TRUST_INVALID", { what: "another root" });
  objects.put(root);
  return { roots, changed: [], replaced: [] };
}

function takeMetadata(
  { objects, trusts }: IntakePorts,
  bundle: TrustBundle,
  { state, trust, now }: Knowledge,
): Event | undefined {
  const { newest, isWhole } = trusts.roots;
  if (!isWhole) throw new TillsyncError("TRUST_INVALID", { what: "root missing" });
  const stored = toStoredBundle(bundle, newest);
  if (trust !== undefined && state.trust?.bundle === toHex(toDigest(stored))) return undefined;
  const { versions } = verifyTrust(newest, { ...bundle, roots: [] }, state.trust?.versions ?? NO_VERSIONS);
  // The same metadata in other white space, or signed once more, is nothing new.
  if (trust !== undefined && isSame(versions, trust.versions)) return undefined;
  return { kind: "trusted", now, bundle: objects.put(stored), versions };
}

function isSame(a: TrustVersions, b: TrustVersions): boolean {
  return a.timestamp === b.timestamp && a.snapshot === b.snapshot && a.targets === b.targets;
}

/** Whether the directive is the one under way or the last one decided; that name was proven when it was accepted. */
function isKnown({ underWay, last }: State, { directive }: DeliveryName): boolean {
  return underWay?.task.directive === directive || (last !== undefined && toHex(last.directive) === directive);
}

function toContext({ slots, deviceKey }: IntakePorts, { state, trust, now, past }: Knowledge): GateContext {
  const { tusn, sequence, cardChanges } = state;
  const { current, previous } = state.slots;
  const held = current === undefined ? undefined : slots.read(current).directive.profile;
  const back = previous === undefined ? undefined : fromHex(previous.profile);
  return { trust, now, past, tusn, deviceKey, held, previous: back, sequence, cardChanges };
}

function fromHex(digest: Digest): Uint8Array {
  return Buffer.from(digest, "hex");
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
