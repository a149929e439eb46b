import assert from "node:assert/strict";
import { test } from "node:test";
import { pieces } from "../src/call/links.js";

const links = (text: string): string[] => pieces(text).flatMap(({ text: shown, href }) => (href === undefined ? [] : [shown]));

test("addresses in what people write are links, without what follows them", () => {
  for (const [text, ...wanted] of [
    ["see https://example.org.", "https://example.org"],
    ["HTTP://Example.org/a?b=c#d, and https://x.test/ü!", "HTTP://Example.org/a?b=c#d", "https://x.test/ü"],
    ["(https://example.org/a_(b))…", "https://example.org/a_(b)"],
    ["\"https://example.org/a b\"", "https://example.org/a"],
    ["https://one.test\nhttps://two.test", "https://one.test", "https://two.test"],
    ["<https://example.org/?q=[1]>", "https://example.org/?q=[1]"],
  ]) {
    assert.deepEqual(links(text!), wanted, text);
  }
});

test("nothing else is a link", () => {
  const others = [
    "", "example.org", "javascript:alert(1)", "data:text/html,<b>x</b>", "ftp://example.org", "file:///etc/passwd", "https://", "http://.", "xhttps://example.org",
    "<a href=javascript:alert(1)>x</a>", "mailto:a@example.org", "https://[bad",
  ];
  for (const text of others) assert.deepEqual(links(text), [], text);
});

test("every link leads to the web, and of the text nothing is lost", () => {
  for (const text of ["a https://x.test/\"onclick=alert(1) b", "https://x.test/'><script>https://y.test", "…https://x.test/???", "x)https://x.test/)))))"]) {
    assert.equal(pieces(text).map((piece) => piece.text).join(""), text);
    for (const { href } of pieces(text)) assert.match(href ?? "https://", /^https?:\/\//);
  }
});
