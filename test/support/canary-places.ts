// Where a card number belongs, because people put it there on machines of their own. Everywhere else it is a leak.

interface Belonging {
  /** Fits what was looked at. */
  readonly place: RegExp;
  readonly reason: string;
}

/** Files, as `name of the scratch/path`. */
export const FILES: readonly Belonging[] = [
  {
    place: /^shop\/maker\/[^/]+$/,
    reason: "the maker's own machine: settlements, openings, fleet files sound and bad",
  },
  { place: /^sign\/(settlement-\d+|binding-\d+\.json\.opening|opening)\.json$/, reason: "the maker's own files" },
  {
    place: /^(two-people\/maker|release)\/(settlement|binding\.json\.opening)\.json$/,
    reason: "the maker's own files",
  },
  { place: /^corpus\/opening\.json$/, reason: "a maker's opening, as a parser is given it" },
  { place: /^mutant\//, reason: "a copy of this repository, whose fixtures the numbers are" },
  { place: /^planted(\/|$)/, reason: "planted by tests of the search itself" },
  { place: /^(fleet|sensitive|depot)\/fleet\.csv$|^cli\/bad\.csv$/, reason: "a fleet file that an operator gives" },
  { place: /^bulk\/names\.csv$|^test\/a\/b\/c\/d\/data\/fleet\.csv$/, reason: "the same, with names that are attacks" },
  { place: /^registry\/[a-z]+\.(csv|ndjson|txt)$/, reason: "fleet files of all kinds that an operator gives" },
  { place: /^verify\/numbers\.csv$/, reason: "numbers that somebody asks about" },
  { place: /^attested\/fleet\.sqlite(-wal)?$/, reason: "a database that somebody has written numbers into" },
];

/** What went over a line or was said, as `test file: where`. */
export const LINES: readonly Belonging[] = [
  {
    place:
      /^test\/(attack\/(lookup|card-canary)|src\/faces\/http\/(desk-identity|lookup-server|api\/(acquirers|bins|changes|hostile|reviews)))\.test\.ts: (out through a socket under TLS|the (head|body) of a request over HTTP)$/,
    reason: "somebody asks for or hands in a number; what he is answered is looked at",
  },
  {
    place: /^test\/sim\/make-fleet\.test\.ts: in through a pipe$/,
    reason: "the sample fleet, as the program that makes it prints it",
  },
  {
    place: /^test\/agent\/terminal\/commands\.test\.ts: out through a pipe$/,
    reason: "the agent hands it on to the terminal's own software",
  },
  {
    place: /^test\/src\/app\/acquirers\/(contract|runner)\.test\.ts: (out|in) through a socket$/,
    reason: "an acquirer answers with the number, of which nothing may be kept; requests are looked at by themselves",
  },
  {
    place: /^test\/src\/app\/acquirers\/(contract|runner)\.test\.ts: the body of an answer over HTTP$/,
    reason: "the same",
  },
];

export function isWhereItBelongs(belongings: readonly Belonging[], place: string): boolean {
  return belongings.some((one) => one.place.test(place));
}
