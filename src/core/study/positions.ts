/**
 * Offsets to lines and back. Lines end at LF, CR LF or CR, as in VS Code's text model; characters are UTF-16 code units.
 * Invariant: `offset(at(o))` is `o` for every offset of the text that is not inside a line's end.
 */

/** Zero-based. */
export interface TextPosition {
  readonly line: number;
  readonly character: number;
}

export interface Positions {
  /** Offsets outside the text are clamped. O(log lines). */
  at(offset: number): TextPosition;
  /** Positions outside the text are clamped to the line or the text. */
  offset(line: number, character: number): number;
}

/** Index of the line starts of `text`. O(length). */
export function positionsOf(text: string): Positions {
  const starts = [0];
  const ends: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code !== 10 && code !== 13) continue;
    ends.push(i);
    if (code === 13 && text.charCodeAt(i + 1) === 10) i++;
    starts.push(i + 1);
  }
  ends.push(text.length);
  return {
    at(offset) {
      const clamped = Math.max(0, Math.min(text.length, offset));
      let low = 0;
      let high = starts.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if ((starts[middle] ?? 0) <= clamped) low = middle;
        else high = middle - 1;
      }
      return { line: low, character: clamped - (starts[low] ?? 0) };
    },
    offset(line, character) {
      if (line < 0) return 0;
      const start = starts[line];
      if (start === undefined) return text.length;
      return Math.min(start + Math.max(0, character), ends[line] ?? text.length);
    },
  };
}
