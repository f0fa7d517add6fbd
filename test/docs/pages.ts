// What a page in Markdown says that can be checked: commands, headings and links.

/** Within a list a block stands further in, with all its lines. */
const FENCE = /^( *)```(\w*)/;
const CONTINUED = /\\$/;
/** A word of a command line: bare, or with parts in quotes; a comment ends the line. */
const WORD = /(?:[^\s"'#]|"[^"]*"|'[^']*')(?:[^\s"']|"[^"]*"|'[^']*')*|#.*$/g;

/** A block of code in a page. */
export interface Block {
  /** As the fence names it; empty where it names none. */
  readonly language: string;
  readonly lines: readonly string[];
}

/** The blocks of code of a page, and its other lines. */
export function splitPage(page: string): { readonly blocks: readonly Block[]; readonly prose: readonly string[] } {
  const blocks: { language: string; lines: string[] }[] = [];
  const prose: string[] = [];
  let open: { language: string; lines: string[] } | undefined;
  let indent = 0;
  for (const line of page.split("\n")) {
    const [fence, spaces = "", language = ""] = FENCE.exec(line) ?? [];
    if (fence === undefined) {
      if (open === undefined) prose.push(line);
      else open.lines.push(line.slice(Math.min(indent, line.length - line.trimStart().length)));
    } else if (open === undefined) {
      open = { language, lines: [] };
      indent = spaces.length;
      blocks.push(open);
    } else open = undefined;
  }
  return { blocks, prose };
}

/** The lines of a block, those that go on behind a backslash as one; none that are empty or only a comment. */
export function toCommandLines({ lines }: Block): readonly string[] {
  const whole = lines
    .join("\n")
    .replaceAll(/\\\n\s*/g, " ")
    .split("\n");
  return whole.filter((line) => line.trim() !== "" && !line.startsWith("#"));
}

/** The words of a command line as a shell would hand them on; neither its comment nor where its output goes. */
export function toWords(line: string): readonly string[] {
  if (CONTINUED.test(line)) throw new Error(`nothing follows: ${line}`);
  const words = (line.match(WORD) ?? []).filter((word) => !word.startsWith("#"));
  const end = words.findIndex((word) => word === ">" || word === "|");
  const own = end === -1 ? words : words.slice(0, end);
  return own.map((word) => word.replaceAll(/"([^"]*)"|'([^']*)'/g, "$1$2"));
}

/** What a link can name within a page, as GitHub makes it of its headings. */
export function findAnchors(page: string): readonly string[] {
  const seen = new Map<string, number>();
  return splitPage(page).prose.flatMap((line) => {
    const [, heading] = /^#{1,6} +(.*?) *$/.exec(line) ?? [];
    if (heading === undefined) return [];
    const anchor = toAnchor(heading);
    const times = seen.get(anchor) ?? 0;
    seen.set(anchor, times + 1);
    return [times === 0 ? anchor : `${anchor}-${times}`];
  });
}

function toAnchor(heading: string): string {
  const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
  return text.replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, "").replaceAll(" ", "-");
}

/** A link within the repository: the file relative to the page, empty for the page itself; the fragment likewise. */
export interface PageLink {
  readonly file: string;
  readonly fragment: string;
}

export function findPageLinks(page: string): readonly PageLink[] {
  const text = splitPage(page).prose.join("\n");
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = ""]) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [file = "", fragment = ""] = target.split("#");
    return [{ file, fragment: decodeURIComponent(fragment) }];
  });
}
