import type { BindingFacts } from "../acquirers/order.ts";

/** What a person is to do next. */
export const NEXT_STEPS = [
  "replace_account",
  "remove_account",
  "renew_licence",
  "tell_licence",
  "review",
  "submit_change",
  "amend_change",
  "ask_approvers",
  "do_task",
  "follow_change",
  "release_record",
  "look_at_terminal",
  "call_merchant",
  "ask_acquirer",
  "call_acquirer",
  "look_at_acquirer",
  "check_acquirer",
  "set_up_acquirer",
  "resume_order",
  "judge_order",
] as const;
export type NextStep = (typeof NEXT_STEPS)[number];

/** What is to be done, in one code, and the command to run; words in capitals are the person's to fill in. */
export interface Next {
  readonly next: NextStep;
  readonly command: string;
}

/** What a step is called for people. */
export const NEXT_WORDS: Readonly<Record<NextStep, string>> = {
  replace_account: "ask the merchant for another account and begin a change",
  remove_account: "take the account away, or have it replaced",
  renew_licence: "ask the merchant for the renewed licence and put its end on record",
  tell_licence: "put on record until when the licence is good",
  review: "look through the merchant's data and note that you did",
  submit_change: "hand the change in, or give it up",
  amend_change: "amend the change and hand it in again, or give it up",
  ask_approvers: "ask the approvers for their signatures",
  do_task: "do what the change waits for and note it",
  follow_change: "see what the change waits for",
  release_record: "release what is on record to this terminal",
  look_at_terminal: "find out what the terminal holds and why",
  call_merchant: "ask the shop whether the terminal is in use and on line",
  ask_acquirer: "ask the acquirer for its record now",
  call_acquirer: "see the acquirer's record beside ours and call the acquirer",
  look_at_acquirer: "look the account up at the acquirer yourself and note it as a review",
  check_acquirer: "find out why the acquirer cannot be asked",
  set_up_acquirer: "tell in acquirers.json how this acquirer is asked about this merchant",
  resume_order: "have the acquirer asked about the order now, or call it",
  judge_order: "see the acquirer's record yourself; confirm the order or give it up",
};

const PLAIN = /^[0-9A-Za-z._:/=@%+-]+$/;

/** A command of these words, for a POSIX shell: what is not plain is quoted. */
export function toCommand(...words: readonly string[]): string {
  return words.map(toShellWord).join(" ");
}

function toShellWord(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** `tillsync changes create …` with what every one of them needs. */
export function toCreate(merchant: string, kind: string, reasonCode: string, ...more: readonly string[]): string {
  const words = ["--merchant", merchant, "--kind", kind, "--reason-code", reasonCode, "--reason", "WHY", ...more];
  return toCommand("tillsync", "changes", "create", ...words);
}

export function toFollow(change: string): Next {
  return { next: "follow_change", command: toCommand("tillsync", "changes", "show", change) };
}

export function toReview(merchant: string): Next {
  return { next: "review", command: toDone(merchant) };
}

/** The command that notes a review. */
export function toDone(merchant: string): string {
  return toCommand("tillsync", "reviews", "done", merchant, "--note", "NOTE", "--by", "YOU");
}

export function toShowMerchant(merchant: string): Next {
  return { next: "call_merchant", command: toCommand("tillsync", "merchants", "show", merchant) };
}

const STARS = "******";

/** An account as people may see it: BIN, stars, last four digits (PCI DSS 3.4.1). */
export function toAccountText({ bin, last4, bank }: Pick<BindingFacts, "bin" | "last4" | "bank">): string {
  return `${bin}${STARS}${last4} ${bank}`;
}
