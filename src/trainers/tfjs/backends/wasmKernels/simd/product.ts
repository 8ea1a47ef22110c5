/**
 * Products of matrices and convolutions, as one loop nest: rows of A are looked up through pointers (so that a convolution
 * needs no im2col), B is packed into panels of eight columns. A tile of `tileRows` x 8 results stays in registers.
 */
import {
  block,
  copy,
  f32,
  f32x4,
  fill,
  forRange,
  FunctionWriter,
  i32,
  repeat,
  smaller,
  v128,
  when,
  type Code,
  type Madd,
} from "./assembler.ts";
import { words } from "./job.ts";

const tileRows = 6;
/** Steps of the inner loop that are written out. */
const unrolled = 4;

/** What a product works on; all sizes in bytes unless they say otherwise. */
export const productJob = words([
  "a", // first image (row of A) that is read
  "imageBytes", // from image to image in A
  "padded", // 1: images are first copied into the scratch, among zeros
  "copyRows", // rows of an image to copy, their distance and size
  "rowBytes",
  "copyColumns",
  "pixelBytes",
  "spreadRowBytes", // where copied rows and pixels go
  "spreadPixelBytes",
  "firstBytes",
  "paddedImageBytes",
  "scratch",
  "scratchBytes", // a thread
  "images",
  "group", // images a task
  "outRows",
  "outColumns",
  "rowStep", // from output row to output row, in A as it is read
  "columnStep",
  "segments", // pieces of a row of A that lie together
  "segmentLength", // values
  "segmentOffsets", // table
  "b", // packed
  "panelBytes",
  "panels",
  "columns", // of the result
  "result",
  "relu",
] as const);

/** Panels of B with a row of biases before each: [bias 8][depth][8], zeros beyond the last column. */
export const packJob = words([
  "source",
  "segments",
  "segmentLength",
  "segmentStep", // bytes from segment to segment, may be negative
  "depthStep", // bytes from row to row of B
  "columnStep", // bytes from column to column
  "columns",
  "bias", // 0 = none
  "packed",
  "panelBytes",
] as const);

/** Task t computes the images t * group ... of the result. */
export function productFunction(madd: Madd): Code {
  const f = new FunctionWriter();
  const { job, task, thread } = f;
  const p = productJob.read(job.get);
  const { first, count, base, g, h, w, to, from } = f.named(["first", "count", "base", "g", "h", "w", "to", "from"]);
  const setUp = block(
    first.set(i32.mul(task.get, p.group)),
    count.set(smaller(p.group, i32.sub(p.images, first.get))),
    from.set(i32.add(p.a, i32.mul(first.get, p.imageBytes))),
    when(
      p.padded,
      block(
        base.set(i32.add(p.scratch, i32.mul(thread.get, p.scratchBytes))),
        fill(base.get, i32.mul(count.get, p.paddedImageBytes)),
        forRange(
          g,
          i32.const(0),
          count.get,
          block(
            to.set(i32.add(i32.add(base.get, i32.mul(g.get, p.paddedImageBytes)), p.firstBytes)),
            from.set(i32.add(p.a, i32.mul(i32.add(first.get, g.get), p.imageBytes))),
            forRange(
              h,
              i32.const(0),
              p.copyRows,
              block(
                when(
                  i32.eq(p.spreadPixelBytes, p.pixelBytes),
                  copy(to.get, from.get, i32.mul(p.copyColumns, p.pixelBytes)),
                  forRange(
                    w,
                    i32.const(0),
                    p.copyColumns,
                    copy(
                      i32.add(to.get, i32.mul(w.get, p.spreadPixelBytes)),
                      i32.add(from.get, i32.mul(w.get, p.pixelBytes)),
                      p.pixelBytes,
                    ),
                  ),
                ),
                to.add(p.spreadRowBytes),
                from.add(p.rowBytes),
              ),
            ),
          ),
        ),
      ),
      base.set(from.get),
    ),
  );

  const { total, panel, b, columns, q, at, row, image, c, cell } = f.named([
    "total",
    "panel",
    "b",
    "columns",
    "q",
    "at",
    "row",
    "image",
    "c",
    "cell",
  ]);
  const { outRow, outColumn, bk, segment, offset, k } = f.named([
    "outRow",
    "outColumn",
    "bk",
    "segment",
    "offset",
    "k",
  ]);
  const { outRows, outColumns, rowStep, columnStep, imageStep, pitch } = f.named([
    "outRows",
    "outColumns",
    "rowStep",
    "columnStep",
    "imageStep",
    "pitch",
  ]);
  const rows = f.locals(tileRows);
  const results = f.locals(tileRows);
  const pointers = f.locals(tileRows);
  const sums = Array.from({ length: tileRows }, () => f.named(["left", "right"], "v128"));
  const { left, right, value } = f.named(["left", "right", "value"], "v128");

  /** Pointers of the tile's rows; beyond the last one they repeat it, which computes and stores the same again. */
  const nextRows = block(
    ...rows.map((pointer, r) =>
      block(
        pointer.set(at.get),
        results[r]!.set(c.get),
        cell.add(i32.const(1)),
        when(
          i32.lt(cell.get, total.get),
          block(
            c.add(pitch.get),
            at.add(columnStep.get),
            outColumn.add(i32.const(1)),
            when(
              i32.eq(outColumn.get, outColumns.get),
              block(
                outColumn.set(i32.const(0)),
                row.add(rowStep.get),
                outRow.add(i32.const(1)),
                when(
                  i32.eq(outRow.get, outRows.get),
                  block(outRow.set(i32.const(0)), image.add(imageStep.get), row.set(image.get)),
                ),
                at.set(row.get),
              ),
            ),
          ),
        ),
      ),
    ),
  );
  const multiply = (step: number): Code =>
    block(
      left.set(v128.load(bk.get, 32 * step)),
      right.set(v128.load(bk.get, 32 * step + 16)),
      ...pointers.map((pointer, r) =>
        block(
          value.set(v128.loadSplat(pointer.get, 4 * step)),
          sums[r]!.left.set(madd(value.get, left.get, sums[r]!.left.get)),
          sums[r]!.right.set(madd(value.get, right.get, sums[r]!.right.get)),
        ),
      ),
    );
  const advance = (steps: number): Code =>
    block(
      bk.add(i32.const(32 * steps)),
      ...pointers.map((pointer) => pointer.add(i32.const(4 * steps))),
      k.add(i32.const(-steps)),
    );
  const inner = forRange(
    segment,
    i32.const(0),
    p.segments,
    block(
      offset.set(i32.load(i32.add(p.segmentOffsets, i32.mul(segment.get, i32.const(4))))),
      ...pointers.map((pointer, r) => pointer.set(i32.add(rows[r]!.get, offset.get))),
      k.set(p.segmentLength),
      repeat(
        i32.ge(k.get, i32.const(unrolled)),
        block(...Array.from({ length: unrolled }, (_, step) => multiply(step)), advance(unrolled)),
      ),
      repeat(i32.gt(k.get, i32.const(0)), block(multiply(0), advance(1))),
    ),
  );
  const keep = block(
    when(
      p.relu,
      block(...sums.flatMap((sum) => [sum.left, sum.right]).map((sum) => sum.set(f32x4.max(sum.get, v128.zero)))),
    ),
    when(
      i32.eq(columns.get, i32.const(8)),
      block(
        ...results.flatMap((pointer, r) => [
          v128.store(pointer.get, sums[r]!.left.get),
          v128.store(pointer.get, sums[r]!.right.get, 16),
        ]),
      ),
      block(
        ...Array.from({ length: 7 }, (_, column) =>
          when(
            i32.gt(columns.get, i32.const(column)),
            block(
              ...results.map((pointer, r) =>
                v128.storeLane(pointer.get, (column < 4 ? sums[r]!.left : sums[r]!.right).get, column & 3, 4 * column),
              ),
            ),
          ),
        ),
      ),
    ),
  );
  const body = block(
    setUp,
    outRows.set(p.outRows),
    outColumns.set(p.outColumns),
    rowStep.set(p.rowStep),
    columnStep.set(p.columnStep),
    pitch.set(i32.mul(p.columns, i32.const(4))),
    imageStep.set(p.imageBytes),
    when(p.padded, imageStep.set(p.paddedImageBytes)),
    total.set(i32.mul(count.get, i32.mul(outRows.get, outColumns.get))),
    forRange(
      panel,
      i32.const(0),
      p.panels,
      block(
        b.set(i32.add(p.b, i32.mul(panel.get, p.panelBytes))),
        columns.set(smaller(i32.const(8), i32.sub(p.columns, i32.mul(panel.get, i32.const(8))))),
        c.set(
          i32.add(
            i32.add(p.result, i32.mul(panel.get, i32.const(32))),
            i32.mul(i32.mul(first.get, i32.mul(outRows.get, outColumns.get)), pitch.get),
          ),
        ),
        at.set(base.get),
        row.set(base.get),
        image.set(base.get),
        outRow.set(i32.const(0)),
        outColumn.set(i32.const(0)),
        cell.set(i32.const(0)),
        forRange(
          q,
          i32.const(0),
          total.get,
          block(
            nextRows,
            ...sums.flatMap((sum) => [sum.left.set(v128.load(b.get)), sum.right.set(v128.load(b.get, 16))]),
            bk.set(i32.add(b.get, i32.const(32))),
            inner,
            keep,
          ),
          i32.const(tileRows),
        ),
      ),
    ),
  );
  return f.finish(body);
}

/** Task t packs panel t. */
export function packFunction(): Code {
  const f = new FunctionWriter();
  const { job, task } = f;
  const p = packJob.read(job.get);
  const { to, columns, segment, k, from, column } = f.named(["to", "columns", "segment", "k", "from", "column"]);
  const scalar = block(
    v128.store(to.get, v128.zero),
    v128.store(to.get, v128.zero, 16),
    forRange(
      column,
      i32.const(0),
      columns.get,
      f32.store(
        i32.add(to.get, i32.mul(column.get, i32.const(4))),
        f32.load(i32.add(from.get, i32.mul(column.get, p.columnStep))),
      ),
    ),
  );
  const body = block(
    to.set(i32.add(p.packed, i32.mul(task.get, p.panelBytes))),
    columns.set(smaller(i32.const(8), i32.sub(p.columns, i32.mul(task.get, i32.const(8))))),
    v128.store(to.get, v128.zero),
    v128.store(to.get, v128.zero, 16),
    when(p.bias, copy(to.get, i32.add(p.bias, i32.mul(task.get, i32.const(32))), i32.mul(columns.get, i32.const(4)))),
    to.add(i32.const(32)),
    forRange(
      segment,
      i32.const(0),
      p.segments,
      block(
        from.set(
          i32.add(
            i32.add(p.source, i32.mul(segment.get, p.segmentStep)),
            i32.mul(i32.mul(task.get, i32.const(8)), p.columnStep),
          ),
        ),
        forRange(
          k,
          i32.const(0),
          p.segmentLength,
          block(
            when(
              i32.mul(i32.eq(columns.get, i32.const(8)), i32.eq(p.columnStep, i32.const(4))),
              block(v128.store(to.get, v128.load(from.get)), v128.store(to.get, v128.load(from.get, 16), 16)),
              scalar,
            ),
            to.add(i32.const(32)),
            from.add(p.depthStep),
          ),
        ),
      ),
    ),
  );
  return f.finish(body);
}
