// Messages of every kind, in the JSON form of `join --json`, the same for the same seed.

import { randomBytes } from "node:crypto";

/** Bytes in that form. */
export const bytes = (buffer) => ({ $bytes: Buffer.from(buffer).toString("base64") });

/** The values that a careless program drops. */
export const FALSY = [0, "", false, null];

/**
 * `count` messages of one member: texts, objects, bytes and falsy ones in turn, one of 1 MB, two of 64 KiB, the
 * rest at most 1 kB, every eighth directed to one of `others` in turn.
 * @returns {{data: unknown, to?: string}[]}
 */
export function mixture(name, count, others) {
  const messages = [];
  for (let i = 0; i < count; i++) {
    let data;
    if (i === Math.floor(count / 2)) data = bytes(randomBytes(1_000_000));
    else if (i === Math.floor(count / 4)) data = bytes(randomBytes(65_536));
    else if (i === Math.floor((3 * count) / 4)) data = `${name} ${i} ${"x".repeat(65_500)}`;
    else if (i % 10 === 9) data = FALSY[Math.floor(i / 10) % FALSY.length];
    else data = small(name, i);
    const to = i % 8 === 5 && others.length > 0 ? others[Math.floor(i / 8) % others.length] : undefined;
    messages.push(to === undefined ? { data } : { data, to });
  }
  return messages;
}

/** One message of at most 1 kB, whose sender and number can be told. */
export function small(name, i) {
  switch (i % 4) {
    case 0:
      return `${name} ${i} – grüß Gott, 你好, 👋`;
    case 1:
      return { from: name, n: i, list: [1, 2.5, -3, true, null, "x"], deep: { a: { b: { c: i } } } };
    case 2:
      return bytes(Buffer.from(`${name} ${i} `.repeat(1 + (i % 40))));
    default:
      return `${name} ${i} ${"y".repeat((i * 37) % 900)}`;
  }
}

/** How many bytes of content such a message has. */
export const sizeOf = (data) => (data?.$bytes === undefined ? Buffer.byteLength(JSON.stringify(data)) : Buffer.from(data.$bytes, "base64").length);
