/**
 * Products A^T B, summed over the pixels of images: gradients of filters and of dense kernels, without transposing anything.
 * Pixels are taken in blocks that stay in the cache; a tile of 4 x 8 results stays in registers. The images are cut into
 * chunks whose partial sums are added in a fixed order, so that the result does not depend on the number of threads.
 */
import {
  block,
  f32x4,
  fill,
  forRange,
  FunctionWriter,
  i32,
  larger,
  repeat,
  smaller,
  v128,
  when,
  type Code,
  type Madd,
} from "./assembler.ts";
import { words } from "./job.ts";

/** Sizes in values; partial sums have [filterRows * filterColumns][inputs, up to a multiple of 4][outputs, of 8]. */
export const filterGradientJob = words([
  "x",
  "dy",
  "partial",
  "partialBytes",
  "images",
  "chunkImages",
  "splits", // pieces the input channels are cut into
  "blockImages",
  "blockRows",
  "filterRows",
  "filterColumns",
  "inputs",
  "outputs",
  "height",
  "width",
  "outRows",
  "outColumns",
  "rowStride",
  "columnStride",
  "top",
  "left",
] as const);

export const addPartialsJob = words([
  "partial",
  "partialBytes",
  "chunks",
  "inputs",
  "outputs",
  "result",
  "rows", // filterRows * filterColumns * inputs
  "rowsATask",
] as const);

const up = (value: Code, multiple: number): Code =>
  i32.mul(i32.div(i32.add(value, i32.const(multiple - 1)), i32.const(multiple)), i32.const(multiple));
const times = (...factors: readonly Code[]): Code => factors.reduce((a, b) => i32.mul(a, b));
const sum = (...terms: readonly Code[]): Code => terms.reduce((a, b) => i32.add(a, b));
const four = i32.const(4);
const none = i32.const(0);

/** Task t computes chunk t / splits for the piece t % splits of the input channels. */
export function filterGradientFunction(madd: Madd): Code {
  const f = new FunctionWriter();
  const { job, task } = f;
  const p = filterGradientJob.read(job.get);
  const { out, pitch, tiles, firstTile, lastTile, from, to } = f.named([
    "out",
    "pitch",
    "tiles",
    "firstTile",
    "lastTile",
    "from",
    "to",
  ]);
  const { image, imageEnd, row, rowEnd, kh, kw, low, high, left, right } = f.named([
    "image",
    "imageEnd",
    "row",
    "rowEnd",
    "kh",
    "kw",
    "low",
    "high",
    "left",
    "right",
  ]);
  const { xs, ds, tile, column, cell, count } = f.named(["xs", "ds", "tile", "column", "cell", "count"]);
  const { aImage, bImage, aRow, bRow, a, b, i, j, k, aStep, bStep } = f.named([
    "aImage",
    "bImage",
    "aRow",
    "bRow",
    "a",
    "b",
    "i",
    "j",
    "k",
    "aStep",
    "bStep",
  ]);
  const { xRowBytes, dRowBytes, xImageBytes, dImageBytes } = f.named([
    "xRowBytes",
    "dRowBytes",
    "xImageBytes",
    "dImageBytes",
  ]);
  const sums = Array.from({ length: 4 }, () => f.named(["left", "right"], "v128"));
  const { one, two, value } = f.named(["one", "two", "value"], "v128");

  /** First output position whose window cell lies at or after 0: max(start, ceil((pad - k) / stride)). */
  const firstInside = (pad: Code, offset: Code, stride: Code): Code =>
    i32.div(larger(none, i32.sub(i32.add(i32.sub(pad, offset), stride), i32.const(1))), stride);
  /** One behind the last output position whose window cell lies before `size`. */
  const endInside = (size: Code, pad: Code, offset: Code, stride: Code): Code =>
    i32.div(larger(none, i32.sub(sum(size, pad, stride), i32.add(offset, i32.const(1)))), stride);

  const pixel = block(
    one.set(v128.load(b.get)),
    two.set(v128.load(b.get, 16)),
    ...sums.map((pair, r) =>
      block(
        value.set(v128.loadSplat(a.get, 4 * r)),
        pair.left.set(madd(value.get, one.get, pair.left.get)),
        pair.right.set(madd(value.get, two.get, pair.right.get)),
      ),
    ),
    a.add(aStep.get),
    b.add(bStep.get),
  );
  const pixels = block(
    aImage.set(i32.add(xs.get, i32.mul(tile.get, i32.const(16)))),
    bImage.set(i32.add(ds.get, i32.mul(column.get, four))),
    forRange(
      i,
      image.get,
      imageEnd.get,
      block(
        aRow.set(aImage.get),
        bRow.set(bImage.get),
        forRange(
          j,
          low.get,
          high.get,
          block(
            a.set(aRow.get),
            b.set(bRow.get),
            k.set(count.get),
            repeat(i32.ge(k.get, i32.const(2)), block(pixel, pixel, k.add(i32.const(-2)))),
            when(k.get, pixel),
            aRow.add(xRowBytes.get),
            bRow.add(dRowBytes.get),
          ),
        ),
        aImage.add(xImageBytes.get),
        bImage.add(dImageBytes.get),
      ),
    ),
  );
  const address = (r: number): Code => i32.add(cell.get, i32.mul(pitch.get, i32.const(r)));
  const tileOf = block(
    cell.set(
      sum(
        out.get,
        i32.mul(
          i32.add(times(i32.add(i32.mul(kh.get, p.filterColumns), kw.get), tiles.get, four), i32.mul(tile.get, four)),
          pitch.get,
        ),
        i32.mul(column.get, four),
      ),
    ),
    ...sums.flatMap((pair, r) => [pair.left.set(v128.load(address(r))), pair.right.set(v128.load(address(r), 16))]),
    pixels,
    ...sums.flatMap((pair, r) => [v128.store(address(r), pair.left.get), v128.store(address(r), pair.right.get, 16)]),
  );
  const position = block(
    left.set(firstInside(p.left, kw.get, p.columnStride)),
    right.set(smaller(p.outColumns, endInside(p.width, p.left, kw.get, p.columnStride))),
    count.set(i32.sub(right.get, left.get)),
    when(
      i32.gt(count.get, none),
      block(
        xs.set(
          sum(
            p.x,
            i32.mul(image.get, xImageBytes.get),
            i32.mul(
              i32.sub(i32.add(i32.mul(low.get, p.rowStride), kh.get), p.top),
              i32.mul(i32.mul(p.width, p.inputs), four),
            ),
            times(i32.sub(i32.add(i32.mul(left.get, p.columnStride), kw.get), p.left), p.inputs, four),
          ),
        ),
        ds.set(
          sum(
            p.dy,
            i32.mul(image.get, dImageBytes.get),
            i32.mul(low.get, dRowBytes.get),
            times(left.get, p.outputs, four),
          ),
        ),
        forRange(tile, firstTile.get, lastTile.get, forRange(column, none, p.outputs, tileOf, i32.const(8))),
      ),
    ),
  );
  const body = block(
    pitch.set(i32.mul(up(p.outputs, 8), four)),
    tiles.set(i32.div(i32.add(p.inputs, i32.const(3)), four)),
    firstTile.set(i32.div(i32.mul(i32.rem(task.get, p.splits), tiles.get), p.splits)),
    lastTile.set(i32.div(i32.mul(i32.add(i32.rem(task.get, p.splits), i32.const(1)), tiles.get), p.splits)),
    out.set(i32.add(p.partial, i32.mul(i32.div(task.get, p.splits), p.partialBytes))),
    from.set(i32.mul(i32.div(task.get, p.splits), p.chunkImages)),
    to.set(smaller(p.images, i32.add(from.get, p.chunkImages))),
    aStep.set(times(p.columnStride, p.inputs, four)),
    bStep.set(i32.mul(p.outputs, four)),
    xRowBytes.set(times(p.rowStride, p.width, p.inputs, four)),
    dRowBytes.set(times(p.outColumns, p.outputs, four)),
    xImageBytes.set(times(p.height, p.width, p.inputs, four)),
    dImageBytes.set(i32.mul(p.outRows, dRowBytes.get)),
    forRange(
      kh,
      none,
      i32.mul(p.filterRows, p.filterColumns),
      fill(
        i32.add(out.get, i32.mul(i32.mul(i32.add(i32.mul(kh.get, tiles.get), firstTile.get), four), pitch.get)),
        times(i32.sub(lastTile.get, firstTile.get), four, pitch.get),
      ),
    ),
    forRange(
      image,
      from.get,
      to.get,
      block(
        imageEnd.set(smaller(to.get, i32.add(image.get, p.blockImages))),
        forRange(
          row,
          none,
          p.outRows,
          block(
            rowEnd.set(smaller(p.outRows, i32.add(row.get, p.blockRows))),
            forRange(
              kh,
              none,
              p.filterRows,
              block(
                low.set(larger(row.get, firstInside(p.top, kh.get, p.rowStride))),
                high.set(smaller(rowEnd.get, endInside(p.height, p.top, kh.get, p.rowStride))),
                when(i32.lt(low.get, high.get), forRange(kw, none, p.filterColumns, position)),
              ),
            ),
          ),
          p.blockRows,
        ),
      ),
      p.blockImages,
    ),
  );
  return f.finish(body);
}

/** Task t adds up the chunks for the rows t * rowsATask ... of the result. */
export function addPartialsFunction(): Code {
  const f = new FunctionWriter();
  const { job, task } = f;
  const p = addPartialsJob.read(job.get);
  const { row, end, column, from, to, chunk, at, rest } = f.named([
    "row",
    "end",
    "column",
    "from",
    "to",
    "chunk",
    "at",
    "rest",
  ]);
  const { total } = f.named(["total"], "v128");
  const body = block(
    end.set(smaller(p.rows, i32.mul(i32.add(task.get, i32.const(1)), p.rowsATask))),
    forRange(
      row,
      i32.mul(task.get, p.rowsATask),
      end.get,
      block(
        from.set(
          i32.add(
            p.partial,
            times(
              i32.add(i32.mul(i32.div(row.get, p.inputs), up(p.inputs, 4)), i32.rem(row.get, p.inputs)),
              up(p.outputs, 8),
              four,
            ),
          ),
        ),
        to.set(i32.add(p.result, times(row.get, p.outputs, four))),
        forRange(
          column,
          none,
          p.outputs,
          block(
            total.set(v128.load(from.get)),
            at.set(from.get),
            forRange(
              chunk,
              i32.const(1),
              p.chunks,
              block(at.add(p.partialBytes), total.set(f32x4.add(total.get, v128.load(at.get)))),
            ),
            rest.set(i32.sub(p.outputs, column.get)),
            when(
              i32.ge(rest.get, four),
              v128.store(to.get, total.get),
              block(
                ...[0, 1, 2].map((lane) =>
                  when(i32.gt(rest.get, i32.const(lane)), v128.storeLane(to.get, total.get, lane, 4 * lane)),
                ),
              ),
            ),
            from.add(i32.const(16)),
            to.add(i32.const(16)),
          ),
          four,
        ),
      ),
    ),
  );
  return f.finish(body);
}
