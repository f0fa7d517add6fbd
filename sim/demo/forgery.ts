import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { isEqual, NONCE_BYTES, toUtf8 } from "../../proto/bytes.ts";
import { type Delivery, parseReleaseFile, toDeliveryBytes } from "../../proto/delivery.ts";
import { type ErrorCode, TillsyncError } from "../../proto/errors.ts";
import type { Binding } from "../../proto/profile.ts";
import { parseReport } from "../../proto/terminal-messages.ts";
import { toInclusionPath, toLeafHash, toTree } from "../../proto/tree.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { listReports } from "../../src/store/reports.ts";
import type { Store } from "../../src/store/store.ts";
import { type Actor, signedRelease, until, type World } from "./world.ts";

/** What an attacker who holds the broker leaves out, or changes. */
export type Forgery = "unsigned" | "altered";

export interface Refusal {
  readonly tusn: Tusn;
  readonly code: ErrorCode | "";
}

/** A settlement card that the terminals' merchant never asked for. */
export interface ForgedCard {
  readonly binding: Binding;
  readonly opening: string;
}

/** Puts a forged card on the own topic of every terminal of one merchant, past the service, and gives what each answers. */
export async function forge(
  world: World,
  actors: readonly Actor[],
  kind: Forgery,
  card: ForgedCard,
): Promise<readonly Refusal[]> {
  const deliveries = await toForgedDeliveries(world, actors, kind, card);
  return await Promise.all(deliveries.map((delivery, index) => send(world, actors[index], delivery)));
}

async function send(world: World, actor: Actor | undefined, delivery: Delivery): Promise<Refusal> {
  if (actor === undefined) throw new TillsyncError("STORY_FAILED", { expected: "a directive for each terminal" });
  const { tusn } = actor;
  const { store } = world.context;
  const before = await listRefusals(store, tusn);
  world.bus.send(tusn, "directive", toDeliveryBytes(delivery));
  const refusal = await until(
    world,
    `refusal by ${tusn}`,
    async () => (await listRefusals(store, tusn))[before.length],
  );
  return { tusn, code: refusal.code };
}

/** Everything right but the one thing: the checker did not sign, or both did and the card's last digits were changed. */
async function toForgedDeliveries(
  world: World,
  actors: readonly Actor[],
  kind: Forgery,
  { binding, opening }: ForgedCard,
): Promise<readonly Delivery[]> {
  const { maker, checker } = world.approvers;
  const tusns = actors.map(({ tusn }) => tusn);
  const request = { tusns, patch: { binding }, reason: "forged", opening };
  const path = await signedRelease(world, request, kind === "altered" ? [maker, checker] : [maker]);
  const { statement, signatures, directives } = parseReleaseFile(readFileSync(path));
  const tree = toTree(directives.map(toLeafHash));
  return directives.map((directive, index) => ({
    ...{ statement, signatures, index },
    path: toInclusionPath(tree, index),
    directive: kind === "altered" ? toAltered(directive, binding.last4) : directive,
    nonce: randomBytes(NONCE_BYTES),
    sealed: new Uint8Array(0),
  }));
}

/** The directive with one byte changed: the last digit of the card. */
function toAltered(directive: Uint8Array, last4: string): Uint8Array {
  const bytes = Uint8Array.from(directive);
  const field = toUtf8(last4);
  const at = bytes.findIndex((_, index) => isEqual(bytes.subarray(index, index + field.length), field));
  const last = at + field.length - 1;
  bytes[last] = (bytes[last] ?? 0) ^ 1;
  return bytes;
}

async function listRefusals(store: Store, tusn: Tusn) {
  const reports = await listReports(store, tusn);
  return reports.filter(({ kind }) => kind === "refused").map(({ payload }) => parseReport(payload));
}
