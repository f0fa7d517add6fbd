import { toDigest, toHex } from "../../proto/bytes.ts";
import { parseDelivery } from "../../proto/delivery.ts";
import { parseDirective } from "../../proto/directive.ts";
import { parseProfile } from "../../proto/profile.ts";
import { parseStatement } from "../../proto/statement.ts";
import type { TrustBundle } from "../../proto/trust-bundle.ts";

// What people approved and what a terminal may do by it, told without the agent's gate.

const DAY_S = 86_400;
const CLOCK_SLACK_S = 300;

/** One directive that people signed, in hexadecimal where bytes. */
export interface Approved {
  readonly name: string;
  readonly tusn: string;
  readonly deviceKey: string;
  readonly sequence: number;
  /** Empty where the terminal must hold nothing. */
  readonly base: string;
  readonly profile: string;
  /** What the profile says, group by group, as text to compare. */
  readonly content: Content;
  readonly restores: string;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly created: number;
  readonly expires: number;
  readonly purpose: string;
  /** Merchant number that the statement names, and that of the profile. */
  readonly merchants: readonly [statement: string, profile: string];
  readonly size: number;
  /** Ids of the persons who signed. */
  readonly signers: readonly string[];
  /** The delivery as the service would send it. */
  readonly bytes: Uint8Array;
}

interface Content {
  readonly binding: string;
  readonly merchant: string;
  readonly merchantNumber: string;
}

/** What a terminal of the model holds. Digests in hexadecimal, times in seconds. */
export interface Held {
  readonly tusn: string;
  readonly deviceKey: string;
  readonly highest: number;
  readonly current: Approved | undefined;
  readonly previous: Approved | undefined;
  /** When it changed its card. */
  readonly cardChanges: readonly number[];
}

/** The people and caps of one policy, as the model knows them. */
export interface Rules {
  readonly makers: readonly string[];
  readonly checkers: readonly string[];
  readonly parameters: readonly string[];
  readonly cardChangesPerDay: number;
  readonly directivesPerBindingRelease: number;
}

/** Signed parts of a delivery as one name: statement and directive. */
export function toSignedName(statement: Uint8Array, directive: Uint8Array): string {
  return `${toHex(toDigest(statement))}:${toHex(toDigest(directive))}`;
}

/** All that people ever signed. */
export class Register {
  readonly all: Approved[] = [];
  readonly #byName = new Map<string, Approved>();

  add(bytes: Uint8Array, signers: readonly string[]): Approved {
    const delivery = parseDelivery(bytes);
    const directive = parseDirective(delivery.directive);
    const statement = parseStatement(delivery.statement);
    const profile = parseProfile(directive.profile);
    const approved: Approved = {
      name: toSignedName(delivery.statement, delivery.directive),
      tusn: directive.tusn,
      deviceKey: toHex(directive.deviceKey),
      sequence: directive.sequence,
      base: toHex(directive.baseDigest),
      profile: toHex(toDigest(directive.profile)),
      content: {
        binding: toText(profile.binding),
        merchant: toText([profile.merchant, profile.acquiring]),
        merchantNumber: profile.merchant.number,
      },
      restores: toHex(directive.restores),
      notBefore: directive.notBefore,
      notAfter: directive.notAfter,
      created: statement.created,
      expires: statement.expires,
      purpose: statement.purpose,
      merchants: [statement.merchant, profile.merchant.number],
      size: statement.size,
      signers,
      bytes,
    };
    this.#byName.set(approved.name, approved);
    this.all.push(approved);
    return approved;
  }

  /** What people signed in this delivery; undefined where they did not. */
  find(bytes: Uint8Array): Approved | undefined {
    const { statement, directive } = parseDelivery(bytes);
    return this.#byName.get(toSignedName(statement, directive));
  }

  /** Digests of every profile that was ever approved for the terminal by a maker and another checker, or parameters. */
  profilesOf(tusn: string): ReadonlySet<string> {
    return new Set(this.all.filter((one) => one.tusn === tusn).map(({ profile }) => profile));
  }
}

/** Why the terminal must not take it now; undefined where it may. `now` as the terminal knows it. */
export function findObjection(approved: Approved, held: Held, rules: Rules, now: number): string | undefined {
  const demands: readonly (readonly [boolean, string])[] = [
    [approved.tusn === held.tusn, "another terminal"],
    [approved.deviceKey === held.deviceKey, "another device"],
    [approved.sequence > held.highest, "replayed"],
    [approved.base === (held.current?.profile ?? ""), "another base"],
    [isApprovedEnough(approved, held, rules), "too few people"],
    [approved.purpose !== "binding" || approved.merchants[0] === approved.merchants[1], "another merchant"],
    [held.current === undefined || held.current.content.merchantNumber === approved.merchants[1], "moved merchant"],
    [approved.created <= now + CLOCK_SLACK_S && approved.notBefore <= now, "too early"],
    [now <= approved.notAfter && now <= approved.expires, "too late"],
    [approved.purpose !== "binding" || approved.size <= rules.directivesPerBindingRelease, "too many"],
    [approved.restores === "" || approved.restores === held.previous?.profile, "never held"],
    [isCardChangeDue(approved, held, rules, now), "changed today"],
  ];
  return demands.find(([holds]) => !holds)?.[1];
}

/** The terminal after it took the directive and its test passed. */
export function toTaken(held: Held, approved: Approved, now: number): Held {
  const cardChanges = isCardChange(approved, held) ? [...held.cardChanges, now] : held.cardChanges;
  return { ...held, highest: approved.sequence, current: approved, previous: held.current, cardChanges };
}

/** Present time that the trust metadata itself proves, and until when it is fresh; in seconds. */
export function toTimes(bundle: TrustBundle, root: Uint8Array): { readonly issued: number; readonly until: number } {
  const read = (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString("utf8")).signed as Record<string, string>;
  const { timestamp, snapshot, targets } = bundle;
  const until = [root, timestamp, snapshot, targets].map((file) => Date.parse(read(file)["expires"] ?? "") / 1_000);
  return { issued: Date.parse(read(timestamp)["x_tillsync_issued"] ?? "") / 1_000, until: Math.min(...until) };
}

function isCardChange({ content }: Approved, { current }: Held): boolean {
  return current !== undefined && current.content.binding !== content.binding;
}

function isCardChangeDue(approved: Approved, held: Held, { cardChangesPerDay }: Rules, now: number): boolean {
  // A way back that people approved together with its change is no further change of card.
  if (!isCardChange(approved, held) || approved.restores !== "") return true;
  return held.cardChanges.filter((at) => at > now - DAY_S).length < cardChangesPerDay;
}

function isApprovedEnough({ signers, purpose, content }: Approved, { current }: Held, rules: Rules): boolean {
  const isGrave =
    current === undefined ||
    current.content.binding !== content.binding ||
    current.content.merchant !== content.merchant;
  const isOfBinding = current === undefined || current.content.binding !== content.binding;
  if (purpose === "parameters") return !isGrave && signers.some((id) => rules.parameters.includes(id));
  if (purpose === "merchant" && isOfBinding) return false;
  return signers.some(
    (maker) => rules.makers.includes(maker) && signers.some((id) => id !== maker && rules.checkers.includes(id)),
  );
}

function toText(value: unknown): string {
  return JSON.stringify(value, (_, member) => (member instanceof Uint8Array ? toHex(member) : member));
}
