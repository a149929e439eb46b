// Packs a module as src/unpack.ts takes it out: the same model asks, and here it is answered from the bytes.

/** `model`: the function of that name in src/unpack.ts. */
export async function pack(bytes, model) {
  const packed = [];
  let low = 0, range = 2 ** 32 - 1, at = 0;
  const put = () => {
    if (low >= 2 ** 32) {
      low -= 2 ** 32;
      let carry = packed.length - 1;
      while (packed[carry] === 255) packed[carry--] = 0;
      packed[carry]++;
    }
    packed.push(Math.floor(low / 2 ** 24));
    low = low % 2 ** 24 * 256;
  };
  await model(bytes.length, (chance) => {
    const is = Boolean(bytes[at >> 3] >> 7 - at % 8 & 1);
    at++;
    const bound = (range >>> 16) * (Math.trunc(chance * 65535) || 1);
    if (is) range = bound;
    else {
      low += bound;
      range -= bound;
    }
    while (range < 2 ** 24) {
      range *= 256;
      put();
    }
    return is;
  });
  for (let i = 0; i < 4; i++) put();
  const length = new DataView(new ArrayBuffer(4));
  length.setUint32(0, bytes.length);
  return Uint8Array.from([...new Uint8Array(length.buffer), ...packed]);
}
