/**
 * Values as the command line says them: JSON, with an object of one `$` key for what JSON cannot say: `$bytes`, `$date`,
 * `$num`, `$int`, `$undefined`, `$map`. For programs that drive a page by such lines; not part of the library's bundle.
 */

type Json = Record<string, unknown>;

/** What `JSON.stringify` can write without loss. The value must be one that can be sent; Blobs are not. */
export function toTagged(value: unknown): unknown {
  switch (typeof value) {
    case "undefined": return { $undefined: true };
    case "bigint": return BigInt(Number(value)) === value ? Number(value) : { $int: String(value) };
    case "number":
      if (Object.is(value, -0)) return { $num: "-0" };
      return Number.isFinite(value) ? value : { $num: String(value) };
    case "object": break;
    default: return value;
  }
  if (value === null) return null;
  if (Array.isArray(value)) return Array.from(value, toTagged);
  if (ArrayBuffer.isView(value)) return { $bytes: base64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)) };
  if (value instanceof ArrayBuffer) return { $bytes: base64(new Uint8Array(value)) };
  if (value instanceof Date) return { $date: Number.isNaN(value.getTime()) ? null : value.getTime() };
  const pairs = Object.entries(value).map(([key, item]) => [key, toTagged(item)] as const);
  if (pairs.length === 1 && pairs[0]![0].startsWith("$")) return { $map: pairs };
  return Object.fromEntries(pairs);
}

/** The value that parsed JSON stands for. Throws if a `$` form is none. */
export function fromTagged(json: unknown): unknown {
  if (typeof json !== "object" || json === null) return json;
  if (Array.isArray(json)) return json.map(fromTagged);
  const pairs = Object.entries(json);
  const [key, content] = pairs[0] ?? [""];
  if (pairs.length === 1 && key.startsWith("$")) return fromForm(key, content);
  return Object.fromEntries(pairs.map(([name, item]) => [name, fromTagged(item)]));
}

const NUMBERS: Json = { NaN, Infinity, "-Infinity": -Infinity, "-0": -0 };

function fromForm(name: string, content: unknown): unknown {
  if (name === "$undefined" && content === true) return undefined;
  if (name === "$date" && (content === null || typeof content === "number")) return new Date(content ?? NaN);
  if (name === "$map" && Array.isArray(content)) {
    return Object.fromEntries(content.map((pair: unknown) => {
      if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== "string") throw wrong(name);
      return [pair[0], fromTagged(pair[1])];
    }));
  }
  if (typeof content === "string") {
    if (name === "$num" && Object.hasOwn(NUMBERS, content)) return NUMBERS[content];
    if (name === "$int" && /^-?\d+$/.test(content)) return BigInt(content);
    if (name === "$bytes" && /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(content)) {
      return Uint8Array.from(atob(content), (character) => character.charCodeAt(0)).buffer;
    }
  }
  throw wrong(name);
}

const wrong = (name: string): Error => new Error(`an unknown or malformed form: ${name}`);

function base64(bytes: Uint8Array): string {
  let text = "";
  // (In parts: a call takes only so many arguments.)
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}
