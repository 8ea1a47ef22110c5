/**
 * Gradient of max pooling, four channels at once: each output hands its gradient to the first largest cell of its window.
 */
import {
  block,
  f32,
  f32x4,
  fill,
  forRange,
  FunctionWriter,
  i32,
  larger,
  smaller,
  v128,
  when,
  type Code,
} from "./assembler.ts";
import { words } from "./job.ts";

export const poolGradientJob = words([
  "x",
  "dy",
  "dx",
  "height",
  "width",
  "channels",
  "outRows",
  "outColumns",
  "rows", // of the window
  "columns",
  "rowStride",
  "columnStride",
  "top",
  "left",
] as const);

const four = i32.const(4);
const none = i32.const(0);

/** Task t is image t. */
export function poolGradientFunction(): Code {
  const f = new FunctionWriter();
  const p = poolGradientJob.read(f.job.get);
  const { imageBytes, pixelBytes, image, dx, dy } = f.named(["imageBytes", "pixelBytes", "image", "dx", "dy"]);
  const { i, j, rowFrom, rowTo, columnFrom, columnTo } = f.named([
    "i",
    "j",
    "rowFrom",
    "rowTo",
    "columnFrom",
    "columnTo",
  ]);
  const { channel, row, column, at, cell } = f.named(["channel", "row", "column", "at", "cell"]);
  const { best, place, value, larger4, number, gradient } = f.named(
    ["best", "place", "value", "larger4", "number", "gradient"],
    "v128",
  );
  const one = f32x4.splat(f32.const(1));
  /** Runs over the cells of the window inside the image; `at` is the cell's offset, `number` counts the cells. */
  const overWindow = (body: Code): Code =>
    block(
      number.set(v128.zero),
      forRange(
        row,
        rowFrom.get,
        rowTo.get,
        block(
          at.set(
            i32.add(
              i32.mul(i32.add(i32.mul(row.get, p.width), columnFrom.get), pixelBytes.get),
              i32.mul(channel.get, four),
            ),
          ),
          forRange(
            column,
            columnFrom.get,
            columnTo.get,
            block(body, at.add(pixelBytes.get), number.set(f32x4.add(number.get, one))),
          ),
        ),
      ),
    );
  const find = overWindow(
    block(
      value.set(v128.load(i32.add(image.get, at.get))),
      larger4.set(f32x4.gt(value.get, best.get)),
      best.set(v128.select(value.get, best.get, larger4.get)),
      place.set(v128.select(number.get, place.get, larger4.get)),
    ),
  );
  const left = i32.sub(p.channels, channel.get);
  const give = overWindow(
    block(
      cell.set(i32.add(dx.get, at.get)),
      value.set(f32x4.add(v128.load(cell.get), v128.and(gradient.get, f32x4.eq(place.get, number.get)))),
      when(
        i32.ge(left, four),
        v128.store(cell.get, value.get),
        block(
          ...[0, 1, 2].map((lane) =>
            when(i32.gt(left, i32.const(lane)), v128.storeLane(cell.get, value.get, lane, 4 * lane)),
          ),
        ),
      ),
    ),
  );
  return f.finish(
    block(
      pixelBytes.set(i32.mul(p.channels, four)),
      imageBytes.set(i32.mul(i32.mul(p.height, p.width), pixelBytes.get)),
      image.set(i32.add(p.x, i32.mul(f.task.get, imageBytes.get))),
      dx.set(i32.add(p.dx, i32.mul(f.task.get, imageBytes.get))),
      dy.set(i32.add(p.dy, i32.mul(f.task.get, i32.mul(i32.mul(p.outRows, p.outColumns), pixelBytes.get)))),
      fill(dx.get, imageBytes.get),
      forRange(
        i,
        none,
        p.outRows,
        block(
          rowFrom.set(larger(none, i32.sub(i32.mul(i.get, p.rowStride), p.top))),
          rowTo.set(smaller(p.height, i32.add(i32.sub(i32.mul(i.get, p.rowStride), p.top), p.rows))),
          forRange(
            j,
            none,
            p.outColumns,
            block(
              columnFrom.set(larger(none, i32.sub(i32.mul(j.get, p.columnStride), p.left))),
              columnTo.set(smaller(p.width, i32.add(i32.sub(i32.mul(j.get, p.columnStride), p.left), p.columns))),
              forRange(
                channel,
                none,
                p.channels,
                block(
                  best.set(f32x4.splat(f32.const(Number.NEGATIVE_INFINITY))),
                  place.set(f32x4.splat(f32.const(-1))),
                  find,
                  gradient.set(v128.load(i32.add(dy.get, i32.mul(channel.get, four)))),
                  give,
                ),
                four,
              ),
              dy.add(pixelBytes.get),
            ),
          ),
        ),
      ),
    ),
  );
}
