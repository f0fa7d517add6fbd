import { TillsyncError } from "./errors.ts";
import { parseTusn, type Tusn } from "./tusn.ts";

/** What a terminal may publish. */
export const UP_KINDS = ["hello", "report", "proof"] as const;
export type UpKind = (typeof UP_KINDS)[number];

/** What a terminal may subscribe to. */
export const DOWN_KINDS = ["directive", "receipt", "trust", "challenge"] as const;
export type DownKind = (typeof DOWN_KINDS)[number];

const PREFIX = "tillsync/v1";

/** `tillsync/v1/<TUSN>/up/<kind>` (clause 5). */
export function toUpTopic(tusn: Tusn, kind: UpKind): string {
  return `${PREFIX}/${tusn}/up/${kind}`;
}

/** `tillsync/v1/<TUSN>/down/<kind>` (clause 5). */
export function toDownTopic(tusn: Tusn, kind: DownKind): string {
  return `${PREFIX}/${tusn}/down/${kind}`;
}

/** @throws TillsyncError TOPIC_INVALID for anything but a topic that `toUpTopic` makes */
export function parseUpTopic(topic: string): { readonly tusn: Tusn; readonly kind: UpKind } {
  const { tusn, kind } = parseTopic(topic, "up", UP_KINDS);
  return { tusn, kind };
}

/** @throws TillsyncError TOPIC_INVALID for anything but a topic that `toDownTopic` makes */
export function parseDownTopic(topic: string): { readonly tusn: Tusn; readonly kind: DownKind } {
  const { tusn, kind } = parseTopic(topic, "down", DOWN_KINDS);
  return { tusn, kind };
}

function parseTopic<K extends string>(topic: string, direction: string, kinds: readonly K[]) {
  const [product, version, segment, way, name, ...rest] = topic.split("/");
  const kind = kinds.find((candidate) => candidate === name);
  const isOurs = `${product}/${version}` === PREFIX && way === direction && rest.length === 0;
  if (!isOurs || kind === undefined || segment === undefined) throw new TillsyncError("TOPIC_INVALID");
  return { tusn: parseSegment(segment), kind };
}

function parseSegment(segment: string): Tusn {
  try {
    return parseTusn(segment);
  } catch (cause) {
    throw new TillsyncError("TOPIC_INVALID", {}, cause);
  }
}
