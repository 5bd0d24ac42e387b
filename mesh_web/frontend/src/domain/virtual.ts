// Long lists: which rows are drawn, so that ten thousand scroll as easily as ten.

export interface Shown {
  readonly first: number;
  /** The row after the last one. */
  readonly end: number;
  /** Pixels above the first, and of all rows. */
  readonly above: number;
  readonly total: number;
}

interface Scrolled {
  readonly top: number;
  readonly height: number;
}

/** Rows are `rowHeight` high; some are higher by what `extra` says. */
export interface Rows {
  readonly count: number;
  readonly rowHeight: number;
  /** Pixels by row. */
  readonly extra: ReadonlyMap<number, number>;
}

const OVERSCAN = 12;

const sorted = (rows: Rows): readonly (readonly [number, number])[] =>
  [...rows.extra].filter(([row]) => row < rows.count).sort((a, b) => a[0] - b[0]);

/** Pixels above a row. */
export function offsetOf(rows: Rows, row: number): number {
  let extra = 0;
  for (const [index, height] of rows.extra) if (index < row && index < rows.count) extra += height;
  return row * rows.rowHeight + extra;
}

/** The row that a pixel lies in. */
function rowAt(rows: Rows, pixel: number): number {
  let before = 0;
  for (const [row, height] of sorted(rows)) {
    const end = (row + 1) * rows.rowHeight + before;
    if (pixel < end) break;
    if (pixel < end + height) return row;
    before += height;
  }
  return Math.floor((pixel - before) / rows.rowHeight);
}

export function shownRows(rows: Rows, scrolled: Scrolled): Shown {
  const within = (row: number) => Math.max(0, Math.min(rows.count, row));
  const first = within(rowAt(rows, scrolled.top) - OVERSCAN);
  const end = within(rowAt(rows, scrolled.top + scrolled.height) + 1 + OVERSCAN);
  return { first, end, above: offsetOf(rows, first), total: offsetOf(rows, rows.count) };
}

/** Where to scroll so that a row is seen; null where it is already. */
export function scrollTo(rows: Rows, row: number, scrolled: Scrolled): number | null {
  const top = offsetOf(rows, row);
  const bottom = top + rows.rowHeight;
  if (top < scrolled.top) return top;
  if (bottom > scrolled.top + scrolled.height) return bottom - scrolled.height;
  return null;
}
