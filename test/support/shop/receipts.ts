import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { toInflatedPlaces } from "../canary.ts";
import { look } from "../canary-look.ts";
import { SOON_MS } from "../patience.ts";
import type { Shop } from "../shop.ts";
import { runCli } from "./cli-hand.ts";

/** How a change has to have ended by its newest receipt. */
export interface ExpectedReceipt {
  readonly outcome: string;
  /** Of a change that failed. */
  readonly code: string;
  readonly requester: string;
  /** Of the terminals that it was sent to, ways back aside, in any order. */
  readonly terminals: readonly string[];
}

interface ReceiptTold {
  readonly digest: string;
  readonly receipt: {
    readonly change: string;
    readonly merchant: string;
    readonly outcome: string;
    readonly code: string;
    readonly requester: string;
    readonly terminals: readonly { readonly tusn: string; readonly state: string; readonly isWayBack: boolean }[];
  };
}

/**
 * The newest receipt of a change: what it tells, and that whoever holds nothing but the pinned root finds it proven in
 * full, off line.
 */
export async function checkReceipt(shop: Shop, id: string, expected: ExpectedReceipt): Promise<void> {
  const isMade = async () => (await shop.tillsync("receipts", "show", id)).code;
  await expect.poll(isMade, { timeout: SOON_MS }).toBe(0);
  const { digest, receipt }: ReceiptTold = await runCli(shop, "receipts", "show", id);
  const { outcome, code, requester } = expected;
  expect(receipt).toMatchObject({ change: id, merchant: shop.merchant, outcome, code, requester });
  const states = receipt.terminals.filter(({ isWayBack }) => !isWayBack).map(({ state }) => state);
  expect(states.sort()).toEqual([...expected.terminals].sort());

  const [signed, page] = [join(shop.folders.desk, `${id}.json`), join(shop.folders.desk, `${id}.pdf`)];
  const files = join(shop.folders.desk, `${id}.trust`);
  const exported = await runCli(shop, "receipts", "export", id, "--out", signed, "--trust", files);
  expect(exported).toMatchObject({ change: id, digest });
  const verified = await shop.sign("verify", signed, "--ca", join(shop.folders.data, "ca", "ca.pem"));
  expect(verified.code, verified.stdout + verified.stderr).toBe(0);
  const root = join(shop.folders.data, "trust", "root.1.json");
  const later = await shop.sign("verify", signed, "--root", root, "--trust", files);
  expect(later.code, later.stdout + later.stderr).toBe(0);
  await runCli(shop, "receipts", "export", id, "--out", page, "--lang", "zh");
  const places = toInflatedPlaces({ name: "a receipt on paper", bytes: readFileSync(page) });
  for (const { name, bytes } of places) look(name, bytes);
  const text = places.at(-1)?.bytes.toString("utf8") ?? "";
  const reached = receipt.terminals.map(({ tusn }) => tusn);
  for (const told of [id, digest, shop.merchant, ...reached]) expect(text).toContain(told);
}
