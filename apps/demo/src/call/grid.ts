/** Where the tiles of a call go. */

/** A grid of equal tiles, in CSS pixels. */
export interface Grid {
  columns: number;
  rows: number;
  tileWidth: number;
  tileHeight: number;
  /** Whether the rows need more height than there is, so that the grid scrolls. */
  scrolls: boolean;
}

/**
 * Width by height. A picture is cropped to its tile: it may be as upright as a phone where the space is, and as wide as
 * a camera's where that is.
 */
const SHAPES = { upright: { narrowest: 3 / 4, widest: 6 / 5 }, lying: { narrowest: 4 / 3, widest: 16 / 9 } };
/** Below this width a name and a face can no longer be told, px. */
export const SMALLEST = 96;

/**
 * The grid in which `count` tiles are largest in a space of `width` by `height`, with `gap` between them. Empty places
 * count against it: three by three is better for nine than two by five, even if that is a little larger.
 */
export function layout(count: number, width: number, height: number, gap: number): Grid {
  let best: Grid | undefined;
  let most = 0;
  const places = Math.max(1, count);
  for (let columns = 1; columns <= places; columns++) {
    const grid = fit(columns, Math.ceil(places / columns), width, height, gap);
    const used = (grid.tileWidth * grid.tileHeight * places) / (grid.columns * grid.rows);
    if (grid.tileWidth < SMALLEST || grid.tileHeight < 1 || used <= most) continue;
    best = grid;
    most = used;
  }
  return best ?? scrolling(places, width, height, gap);
}

function fit(columns: number, rows: number, width: number, height: number, gap: number): Grid {
  const { narrowest, widest } = width < height ? SHAPES.upright : SHAPES.lying;
  const cellWidth = (width - gap * (columns - 1)) / columns;
  const cellHeight = (height - gap * (rows - 1)) / rows;
  const tileWidth = Math.floor(Math.min(cellWidth, cellHeight * widest));
  const tileHeight = Math.floor(Math.min(cellHeight, tileWidth / narrowest));
  return { columns, rows, tileWidth, tileHeight, scrolls: false };
}

/** As many columns as the smallest tiles allow; the rows go on below the edge. */
function scrolling(count: number, width: number, height: number, gap: number): Grid {
  const columns = Math.max(1, Math.min(count, Math.floor((width + gap) / (SMALLEST + gap))));
  const rows = Math.ceil(count / columns);
  const tileWidth = Math.max(1, Math.floor((width - gap * (columns - 1)) / columns));
  const tileHeight = Math.floor(tileWidth * 0.8);
  return { columns, rows, tileWidth, tileHeight, scrolls: rows * (tileHeight + gap) - gap > height };
}
