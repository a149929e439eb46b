/** Links in what people write. */

/** A piece of a text; one with `href` is a link. */
export interface Piece {
  text: string;
  href?: string;
}

/** Nothing but the web: no script, no mail, no file. */
const LINK = /\bhttps?:\/\/[^\s<>"]+/gi;
/** What ends a sentence, not an address. */
const ENDS = /[.,;:!?'’”»…*_]+$/;

/** The text in pieces, none of it left out or changed. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let after = 0;
  for (const match of text.matchAll(LINK)) {
    const link = trimmed(match[0]);
    if (!URL.canParse(link)) continue;
    if (match.index > after) found.push({ text: text.slice(after, match.index) });
    found.push({ text: link, href: new URL(link).href });
    after = match.index + link.length;
  }
  if (after < text.length) found.push({ text: text.slice(after) });
  return found;
}

/** Without what comes after the address: "(see https://example.org/a_(b))." is about "https://example.org/a_(b)". */
function trimmed(link: string): string {
  for (let rest = link; ; ) {
    let shorter = rest.replace(ENDS, "");
    const last = shorter.at(-1)!;
    const opening = { ")": "(", "]": "[", "}": "{" }[last];
    if (opening && shorter.split(last).length > shorter.split(opening).length) shorter = shorter.slice(0, -1);
    if (shorter === rest) return rest;
    rest = shorter;
  }
}
