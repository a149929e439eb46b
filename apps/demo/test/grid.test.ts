import assert from "node:assert/strict";
import { test } from "node:test";
import { layout, SMALLEST } from "../src/call/grid.js";

const GAP = 8;
/** What is left for tiles on a phone of 360 × 740, on a laptop's 1280 × 800, and beside an open chat there. */
const SPACES = [
  { name: "phone", width: 344, height: 612 },
  { name: "phone, lying", width: 720, height: 230 },
  { name: "laptop", width: 1248, height: 640 },
  { name: "laptop with chat", width: 900, height: 640 },
];
const shown = (count: number, space: { width: number; height: number }) => layout(count, space.width, space.height, GAP);

for (const space of SPACES) {
  test(`one to sixteen tiles fit whole on a ${space.name}`, () => {
    for (let count = 1; count <= 16; count++) {
      const grid = shown(count, space);
      const what = `${count}: ${JSON.stringify(grid)}`;
      assert.ok(grid.columns * grid.rows >= count, what);
      assert.ok(grid.columns * (grid.rows - 1) < count, `no empty row, ${what}`);
      if (grid.scrolls) {
        assert.ok(space.height < 300 && count > 12, `only a lying phone scrolls, ${what}`);
        continue;
      }
      assert.ok(grid.columns * (grid.tileWidth + GAP) - GAP <= space.width, `wide, ${what}`);
      assert.ok(grid.rows * (grid.tileHeight + GAP) - GAP <= space.height, `high, ${what}`);
      assert.ok(grid.tileWidth >= SMALLEST, `recognisable, ${what}`);
      const shape = grid.tileWidth / grid.tileHeight;
      assert.ok(shape > 0.74 && shape < 1.8, `a face's shape, ${what}`);
    }
  });
}

test("one more person makes no tile larger by more than a tenth", () => {
  for (const space of SPACES) {
    let last = Infinity;
    for (let count = 1; count <= 16; count++) {
      const { tileWidth, tileHeight } = shown(count, space);
      assert.ok(tileWidth * tileHeight <= last * 1.1, `${space.name}, ${count}`);
      last = tileWidth * tileHeight;
    }
  }
});

test("two people are one above the other on a phone and side by side on a laptop", () => {
  assert.equal(shown(2, SPACES[0]!).columns, 1);
  assert.equal(shown(2, SPACES[2]!).columns, 2);
});

test("nine people are three by three, also on a phone", () => {
  for (const space of [SPACES[0]!, SPACES[2]!]) assert.equal(shown(9, space).columns, 3, space.name);
});

test("a room of fifty scrolls on a phone, by tiles that still show a face", () => {
  const grid = shown(50, SPACES[0]!);
  assert.equal(grid.scrolls, true);
  assert.ok(grid.tileWidth >= SMALLEST);
  assert.ok(grid.columns * (grid.tileWidth + GAP) - GAP <= SPACES[0]!.width);
});

test("no space, or nobody, is no error", () => {
  for (const [count, width, height] of [[0, 0, 0], [3, 0, 0], [1, 40, 40], [16, 50, 900]] as const) {
    const grid = layout(count, width, height, GAP);
    assert.ok(grid.columns >= 1 && grid.rows >= 1 && Number.isFinite(grid.tileWidth) && Number.isFinite(grid.tileHeight));
  }
});
