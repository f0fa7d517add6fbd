import { randomBytes } from "node:crypto";
import { isEqual, NONCE_BYTES, toUtf8 } from "../../proto/bytes.ts";
import { type Delivery, toDeliveryBytes } from "../../proto/delivery.ts";
import type { ErrorCode } from "../../proto/errors.ts";
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

/** Puts a forged settlement card on every terminal's own topic, past the service, and gives what each answers. */
export async function forge(world: World, kind: Forgery, binding: Binding): Promise<readonly Refusal[]> {
  return await Promise.all(world.cast.map((actor) => forgeFor(world, actor, kind, binding)));
}

async function forgeFor(world: World, { tusn }: Actor, kind: Forgery, binding: Binding): Promise<Refusal> {
  const { store } = world.context;
  const before = await listRefusals(store, tusn);
  const delivery = await toForgedDelivery(world, tusn, kind, binding);
  world.bus.send(tusn, "directive", toDeliveryBytes(delivery));
  const refusal = await until(
    world,
    `refusal by ${tusn}`,
    async () => (await listRefusals(store, tusn))[before.length],
  );
  return { tusn, code: refusal.code };
}

/** Everything right but the one thing: the checker did not sign, or both did and the card's last digits were changed. */
async function toForgedDelivery(world: World, tusn: Tusn, kind: Forgery, binding: Binding): Promise<Delivery> {
  const [maker] = world.approvers;
  const signers = kind === "altered" ? world.approvers : world.approvers.filter((key) => key === maker);
  const request = { tusns: [tusn], patch: { binding }, reason: "forged" };
  const { statement, signatures, directives } = await signedRelease(world, request, signers);
  const [directive] = directives as [Uint8Array];
  const delivery = {
    statement,
    signatures,
    index: 0,
    path: toInclusionPath(toTree([toLeafHash(directive)]), 0),
    directive,
    nonce: randomBytes(NONCE_BYTES),
  };
  return kind === "altered" ? { ...delivery, directive: toAltered(directive, binding.last4) } : delivery;
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
