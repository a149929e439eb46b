/** Names: of rooms, which must suit the signalling server, and of people, who may be called anything. */

/** What the package takes as a room's name: letters and digits, in groups between single spaces, hyphens or underscores. */
const ROOM = /^[A-Za-z0-9]+(?:[ _-][A-Za-z0-9]+)*$/;
/** And no longer than this. */
export const LONGEST_ROOM = 128;
/** What somebody types should stay sayable. */
const SAYABLE = 64;
export const LONGEST_NAME = 40;

const KINDS = [
  "amber", "brave", "calm", "clever", "cosy", "crisp", "eager", "early", "fair", "fond", "gentle", "glad", "golden",
  "happy", "honest", "jolly", "keen", "kind", "light", "lively", "lucky", "mellow", "merry", "mild", "neat", "noble",
  "plucky", "proud", "quick", "quiet", "rapid", "ready", "rosy", "silver", "smart", "snug", "sunny", "swift", "tidy", "warm",
];
const ANIMALS = [
  "badger", "beaver", "bison", "crane", "deer", "dolphin", "duck", "eagle", "falcon", "ferret", "finch", "fox", "gecko",
  "goose", "hare", "hedgehog", "heron", "ibex", "jay", "koala", "lark", "lemur", "lynx", "magpie", "marten", "mole",
  "moose", "otter", "owl", "panda", "puffin", "raven", "robin", "seal", "sparrow", "stork", "swan", "toad", "whale", "wren",
];
const PLACES = [
  "attic", "bay", "beach", "bridge", "brook", "cabin", "camp", "cliff", "coast", "corner", "cove", "creek", "dale", "dune",
  "field", "forest", "garden", "glade", "grove", "harbor", "hill", "island", "lagoon", "lake", "lane", "meadow", "mill",
  "orchard", "park", "path", "pier", "pond", "porch", "ridge", "river", "shore", "spring", "stream", "tower", "valley",
];

const pick = (words: string[]): string => words[Math.floor(Math.random() * words.length)]!;

/** A room that nobody else is likely to be in, and that can be said on the phone. */
export const newRoom = (): string => `${pick(KINDS)}-${pick(ANIMALS)}-${pick(PLACES)}`;

/** What somebody is called who gives no name. */
export const newGuest = (): string => `Guest ${100 + Math.floor(Math.random() * 900)}`;

export const isRoom = (text: string): boolean => text.length <= LONGEST_ROOM && ROOM.test(text);

/** The nearest name that a room can have: "Ann's tea!" is "Ann-s-tea". Empty where nothing of it can be used. */
export function asRoom(text: string): string {
  const plain = text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "");
  return plain.replace(/[^A-Za-z0-9]+/g, "-").slice(0, SAYABLE).replace(/^-+|-+$/g, "");
}

/** The room that an address asks for by its fragment: `/demo/#ROOM`. Empty where it asks for none. */
export function roomOf(hash: string): string {
  const text = hash.replace(/^#/, "");
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The address that leads into a room. */
export function linkTo(room: string): string {
  const url = new URL(location.href);
  url.hash = encodeURIComponent(room);
  return url.href;
}

/** One or two letters for a picture's place. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const first = words[0] ? [...words[0]][0]! : "?";
  const last = words.length > 1 ? [...words.at(-1)!][0]! : "";
  return (first + last).toLocaleUpperCase();
}

/** A colour of the circle, 0 to 359, that stays the same for the same name. */
export function hue(name: string): number {
  let sum = 7;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)!) % 65_521;
  // By the golden angle, neighbours lie far apart.
  return Math.round(sum * 137.508) % 360;
}

/** "Ann is", "Ann and Ben are", "Ann, Ben and 3 others are". */
export function together(names: readonly string[]): string {
  if (names.length <= 1) return `${names[0] ?? "Nobody"} is`;
  if (names.length <= 3) return `${names.slice(0, -1).join(", ")} and ${names.at(-1)} are`;
  return `${names.slice(0, 2).join(", ")} and ${names.length - 2} others are`;
}
