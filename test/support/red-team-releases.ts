import { toDigest, toUtf8 } from "../../proto/bytes.ts";
import { parseDelivery } from "../../proto/delivery.ts";
import { type Directive, parseDirective } from "../../proto/directive.ts";
import { type Profile, parseProfile, toProfileBytes } from "../../proto/profile.ts";
import { parseTusn, type Tusn } from "../../proto/tusn.ts";
import type { Company, PersonId } from "./red-team-company.ts";
import type { Approved, Held } from "./red-team-oracle.ts";
import { type ProfileChange, toDirective, toNextProfile } from "./release.ts";

// What people approve for one terminal, on top of what it holds.

const DAY_S = 86_400;
const BOTH: readonly PersonId[] = ["li.mei", "wang.jun"];
/** Replays must not fail for being old. */
const LONG_S = 90 * DAY_S;
/** Leaves of a binding release that no policy of ours allows. */
const TOO_MANY = 201;

/** The next thing that is genuinely to happen on the terminal; what kind of thing depends on the round. */
export function approveNext(company: Company, held: Held, now: number, round: number): Approved {
  const { current } = held;
  if (current === undefined) throw new Error("a terminal without a profile");
  const card = toCardChange(`card of round ${round}`);
  const turn = Math.floor(round / 4) % 4;
  if (turn === 0) return approve(company, held, now, card, "binding");
  if (turn === 1) return approve(company, held, now, { merchant: { shortName: `闽江春${round}` } }, "merchant");
  if (turn === 2) return approve(company, held, now, { parameters: { attempts: 1 + (round % 9) } }, "parameters");
  return approveWithWayBack(company, held, now, card);
}

/** Another card on top of what the terminal holds. */
export function approveCard(company: Company, held: Held, now: number): Approved {
  return approve(company, held, now, toCardChange("another card"), "binding");
}

/** What people signed and the terminal must still not take: too few of them, too early, for elsewhere, too much. */
export function approveTraps(company: Company, held: Held, now: number): readonly Approved[] {
  const card = toCardChange("trap");
  const make = (change: ProfileChange, signers = BOTH, directive: Partial<Directive> = {}, purpose = "binding") =>
    approve(company, held, now, change, purpose as "binding", { signers, directive });
  const base = readDirective(held.current as Approved);
  const other = parseTusn("00000304N7NL01999999");
  return [
    make(card, ["li.mei"]),
    make(card, ["wang.jun"]),
    make(card, ["wang.jun", "zhao.lei"]),
    // Who has left is a person of the older policy only.
    make(card, ["li.mei", "zhao.lei"]),
    make(card, ["li.mei"], {}, "parameters"),
    make(card, BOTH, {}, "parameters"),
    make({ acquiring: { host: "10.0.0.9" } }, ["li.mei"], {}, "parameters"),
    make(card, BOTH, { notBefore: now + 5 * DAY_S, notAfter: now + LONG_S }),
    make(card, BOTH, { notBefore: 1, notAfter: now - 1 }),
    make(card, BOTH, { deviceKey: toDigest(toUtf8("the device before")) }),
    make(card, BOTH, { tusn: other }),
    make(card, BOTH, { sequence: held.highest }),
    make(card, BOTH, { baseDigest: toDigest(toUtf8("another base")) }),
    make(card, BOTH, { baseDigest: new Uint8Array(0) }),
    make({ merchant: { number: "822391058121999" } }),
    approveRestored(company, held, now, toNextProfile(parseProfile(base.profile), toCardChange("never held"))),
    approveTooMany(company, held, now, card),
    approveForAnother(company, held, now, card),
  ];
}

/** Other card data by name: the same name gives the same card. */
export function toCardChange(name: string): ProfileChange {
  const commitment = toDigest(toUtf8(name));
  const last4 = String(commitment.reduce((sum, byte) => (sum * 31 + byte) % 10_000, 7)).padStart(4, "0");
  return { binding: { bin: "622848", last4, commitment } };
}

export function readDirective({ bytes }: Pick<Approved, "bytes">): Directive {
  return parseDirective(parseDelivery(bytes).directive);
}

function approve(
  company: Company,
  held: Held,
  now: number,
  change: ProfileChange,
  purpose: "binding" | "merchant" | "parameters",
  options: { readonly signers?: readonly PersonId[]; readonly directive?: Partial<Directive> } = {},
): Approved {
  const directive = toNext(held, now, change, options.directive);
  const statement = { created: now, expires: now + LONG_S };
  const [approved] = company.approve({ directives: [directive], purpose, now, statement }, options.signers ?? BOTH);
  return approved as Approved;
}

/** A change of card and, as the second leaf of the same release, the way back from it. */
function approveWithWayBack(company: Company, held: Held, now: number, change: ProfileChange): Approved {
  const there = toNext(held, now, change);
  const { profile } = readDirective(held.current as Approved);
  const back: Directive = {
    ...there,
    sequence: there.sequence + 1,
    baseDigest: toDigest(there.profile),
    profile,
    restores: toDigest(profile),
  };
  const statement = { expires: now + LONG_S };
  const [approved] = company.approve({ directives: [there, back], purpose: "binding", now, statement }, BOTH);
  return approved as Approved;
}

/** "Back" to what the terminal never held. */
function approveRestored(company: Company, held: Held, now: number, profile: Profile): Approved {
  const bytes = toProfileBytes(profile);
  const directive = { ...toNext(held, now, {}), profile: bytes, restores: toDigest(bytes) };
  const statement = { expires: now + LONG_S };
  const [approved] = company.approve({ directives: [directive], purpose: "binding", now, statement }, BOTH);
  return approved as Approved;
}

function approveTooMany(company: Company, held: Held, now: number, change: ProfileChange): Approved {
  const directive = toNext(held, now, change);
  const others = Array.from({ length: TOO_MANY - 1 }, (_, at): Directive => {
    const tusn = parseTusn(`00000304N7NL9${String(at).padStart(7, "0")}`);
    return { ...directive, tusn };
  });
  const statement = { expires: now + LONG_S };
  const directives = [directive, ...others];
  const [approved] = company.approve({ directives, purpose: "binding", now, statement }, BOTH, 1);
  return approved as Approved;
}

/** A binding release of another merchant with this terminal's directive within. */
function approveForAnother(company: Company, held: Held, now: number, change: ProfileChange): Approved {
  const directives = [toNext(held, now, change)];
  const statement = { expires: now + LONG_S, merchant: "822391058121999" };
  const [approved] = company.approve({ directives, purpose: "binding", now, statement }, BOTH);
  return approved as Approved;
}

/** What the terminal holds, changed, as its next directive. */
function toNext(held: Held, now: number, change: ProfileChange, directive: Partial<Directive> = {}): Directive {
  const base = parseProfile(readDirective(held.current as Approved).profile);
  return toDirective(
    {
      tusn: held.tusn as Tusn,
      deviceKey: Buffer.from(held.deviceKey, "hex"),
      sequence: held.highest + 1,
      base,
      profile: toNextProfile(base, change),
      now,
    },
    { notAfter: now + LONG_S, ...directive },
  );
}
