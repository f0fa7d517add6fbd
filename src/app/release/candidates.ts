import { toDigest, toHex } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import { findInStates } from "../../store/deployments.ts";
import { findMerchants, findTerminals, listTerminals } from "../../store/fleet.ts";
import { findQuarantined } from "../../store/quarantines.ts";
import { findProfiles } from "../../store/releases.ts";
import { findReported } from "../../store/reported.ts";
import { findUnsettled } from "../../store/restores.ts";
import type { MerchantRow, TerminalRow } from "../../store/schema.ts";
import type { Store } from "../../store/store.ts";

/** A terminal with all that deciding about its next profile takes. */
export interface Candidate {
  readonly terminal: TerminalRow;
  readonly merchant: MerchantRow;
  /** SHA-256 of its device key; absent where it is not enrolled. */
  readonly deviceKey?: Uint8Array;
  /** Digest of the profile it says it holds; empty where none. */
  readonly currentDigest: Uint8Array;
  /** That profile's bytes, where they are known. */
  readonly held?: Uint8Array;
  /** Bytes of the profile that it says it held before and can go back to, where they are known. */
  readonly previous?: Uint8Array;
  /** Where it needs card numbers: the key to seal them to, and the device key's signature over it. */
  readonly cardKey?: { readonly cardKey: Uint8Array; readonly proof: Uint8Array };
  /** It has taken a directive and not told the outcome. */
  readonly underWay: boolean;
  /** A directive waits to be taken by it. */
  readonly waiting: boolean;
  /** There are signs of two devices with its identity. */
  readonly quarantined: boolean;
  /** Nobody knows since a restore what it was last given. */
  readonly unsettled: boolean;
}

/** Which terminals: all of a merchant, or those of `tusns`, or those that are both. Neither given: the whole fleet. */
export interface Chosen {
  readonly merchant?: string;
  readonly tusns?: readonly Tusn[];
}

/** @throws TillsyncError NOT_FOUND for an unknown merchant or terminal, or a terminal of another merchant */
export async function findCandidates(store: Store, chosen: Chosen): Promise<readonly Candidate[]> {
  const terminals = await findChosen(store, chosen);
  const tusns = terminals.map(({ tusn }) => tusn);
  const merchants = toMap(
    await findMerchants(store, [...new Set(terminals.map(({ merchantNumber }) => merchantNumber))]),
    ({ number }) => number,
  );
  const reported = toMap(await findReported(store, tusns), ({ tusn }) => tusn);
  const open = toMap(await findInStates(store, tusns, ["pending", "sent"]), ({ tusn }) => tusn);
  const underWay = toMap(await findInStates(store, tusns, ["verified", "applied"]), ({ tusn }) => tusn);
  const quarantined = new Set(await findQuarantined(store, tusns));
  const unsettled = new Set(await findUnsettled(store, tusns));
  const digests = [...reported.values()].flatMap(({ currentDigest, previousDigest }) =>
    [currentDigest, previousDigest].filter((digest) => digest !== null),
  );
  // By the digest of the bytes themselves: a row that was altered is no profile that anyone holds.
  const profiles = toMap(await findProfiles(store, digests), ({ bytes }) => toHex(toDigest(bytes)));

  return terminals.map((terminal): Candidate => {
    const merchant = merchants.get(terminal.merchantNumber);
    if (merchant === undefined) throw new TillsyncError("NOT_FOUND", { merchant: terminal.merchantNumber });
    const said = reported.get(terminal.tusn);
    const currentDigest = said?.currentDigest ?? new Uint8Array(0);
    const held = profiles.get(toHex(currentDigest))?.bytes;
    const previous = profiles.get(toHex(said?.previousDigest ?? new Uint8Array(0)))?.bytes;
    const { cardKey = null, cardKeyProof = null } = said ?? {};
    return {
      terminal,
      merchant,
      ...(terminal.deviceKey === null ? {} : { deviceKey: toDigest(terminal.deviceKey) }),
      currentDigest,
      ...(held === undefined ? {} : { held }),
      ...(previous === undefined ? {} : { previous }),
      ...(cardKey === null ? {} : { cardKey: { cardKey, proof: cardKeyProof ?? new Uint8Array(0) } }),
      underWay: underWay.has(terminal.tusn),
      waiting: open.has(terminal.tusn),
      quarantined: quarantined.has(terminal.tusn),
      unsettled: unsettled.has(terminal.tusn),
    };
  });
}

async function findChosen(store: Store, { merchant, tusns }: Chosen): Promise<readonly TerminalRow[]> {
  if (merchant !== undefined && (await findMerchants(store, [merchant])).length === 0) {
    throw new TillsyncError("NOT_FOUND", { merchant });
  }
  if (tusns === undefined) return listTerminals(store, merchant);
  const found = toMap(await findTerminals(store, tusns), ({ tusn }) => tusn);
  return [...new Set(tusns)].map((tusn) => {
    const terminal = found.get(tusn);
    const isChosen = merchant === undefined || terminal?.merchantNumber === merchant;
    if (terminal === undefined || !isChosen) throw new TillsyncError("NOT_FOUND", { terminal: tusn });
    return terminal;
  });
}

function toMap<K, V>(rows: readonly V[], toKey: (row: V) => K): ReadonlyMap<K, V> {
  return new Map(rows.map((row) => [toKey(row), row]));
}
