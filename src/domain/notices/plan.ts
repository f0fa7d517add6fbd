import type { ChangeEvent, ChangeKind } from "../changes/change.ts";

/** What people are told of. */
export const TOLD_EVENTS = [
  "submit",
  "reject",
  "release",
  "conclude",
  "fail",
  "withdraw",
] as const satisfies ChangeEvent[];
export type ToldEvent = (typeof TOLD_EVENTS)[number];

export const NOTICE_CHANNELS = ["email", "webhook"] as const;
export type NoticeChannel = (typeof NOTICE_CHANNELS)[number];

/** `staff` works for the operator; `merchant` is a contact of the merchant, as it was or as it will be. */
export const AUDIENCES = ["staff", "merchant", "program"] as const;
export type Audience = (typeof AUDIENCES)[number];

/** Whom an installation tells, beside the merchant's own contacts. */
export interface Recipients {
  /** E-mail addresses; told of every change. */
  readonly sales: readonly string[];
  /** Told of settlement changes. */
  readonly finance: readonly string[];
  /** Names of webhooks. */
  readonly webhooks: readonly string[];
}

/** One notice to be sent. */
export interface PlannedNotice {
  readonly channel: NoticeChannel;
  readonly audience: Audience;
  /** E-mail address, or name of a webhook. */
  readonly recipient: string;
}

export interface NoticeFacts {
  readonly kind: ChangeKind;
  /** E-mail addresses of the merchant's contacts: on record, to be, and told of this change before. */
  readonly contacts: readonly string[];
}

export function isTold(event: string): event is ToldEvent {
  return (TOLD_EVENTS as readonly string[]).includes(event);
}

/**
 * Who is told of an event. Changing a settlement account is the favourite fraud in this trade: the contacts as they were are
 * told of it, and of a change of contacts, as well as those to be.
 */
export function planNotices({ kind, contacts }: NoticeFacts, recipients: Recipients): readonly PlannedNotice[] {
  const staff = kind.startsWith("settlement") ? [...recipients.sales, ...recipients.finance] : recipients.sales;
  const toAll = (audience: Audience, channel: NoticeChannel, all: readonly string[]) =>
    [...new Set(all)].map((recipient): PlannedNotice => ({ channel, audience, recipient }));
  const told = [
    ...toAll("staff", "email", staff),
    ...toAll("merchant", "email", contacts),
    ...toAll("program", "webhook", recipients.webhooks),
  ];
  // Whoever is both is told once.
  return told.filter((one, at) => told.findIndex((other) => other.recipient === one.recipient) === at);
}

/** Times that a notice is sent before a person has to look. */
export const MAX_ATTEMPTS = 12;
const FIRST_PAUSE_S = 30;
const MAX_PAUSE_S = 6 * 3_600;

/**
 * When to send again, in seconds; undefined where it was sent often enough.
 *
 * @param attempts how many there were, from 1
 * @param random within [0, 1)
 */
export function toRetryAt(attempts: number, now: number, random: number): number | undefined {
  if (attempts >= MAX_ATTEMPTS) return undefined;
  const pause = Math.min(MAX_PAUSE_S, FIRST_PAUSE_S * 2 ** (attempts - 1));
  return now + Math.ceil(pause * (0.5 + random / 2));
}
