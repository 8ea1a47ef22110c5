/**
 * Passes over the columns of a matrix: sums over its rows, and one line of arithmetic a column. What batch norm and the
 * gradients of biases are made of. Sums are partial ones of a few hundred rows, to be added up in float64.
 */
import {
  block,
  f32x4,
  forRange,
  FunctionWriter,
  i32,
  repeat,
  smaller,
  v128,
  when,
  type Code,
  type Local,
  type Madd,
} from "./assembler.ts";
import { words } from "./job.ts";

/** Vectors a column (`shift`, `a`, `b`, `c`) are read in fours: they reach up to 12 bytes behind their last value. */
export const columnSumsJob = words([
  "x",
  "y",
  "shift",
  "rows",
  "rowsATask",
  "columns",
  "partial", // [tasks][sums of a column, up to a multiple of 4]
  "partialBytes", // a task
] as const);

export const columnLinesJob = words([
  "x",
  "y",
  "shift",
  "a",
  "b",
  "c",
  "result",
  "rows",
  "rowsATask",
  "columns",
] as const);

const four = i32.const(4);
const none = i32.const(0);

/**
 * Sums over the rows of a task, for four times four columns at once.
 * @param sums how many, and how a row changes them
 */
function columnSums(
  count: 1 | 2,
  needs: { readonly shift: boolean; readonly y: boolean },
  step: (values: { x: Code; y: Code; shift: Code }, sums: readonly Local[], scratch: Local) => Code,
): Code {
  const f = new FunctionWriter();
  const p = columnSumsJob.read(f.job.get);
  const { column, row, rows, pitch, x, y, out, sumBytes, rest } = f.named([
    "column",
    "row",
    "rows",
    "pitch",
    "x",
    "y",
    "out",
    "sumBytes",
    "rest",
  ]);
  const wide = 4;
  const sums = Array.from({ length: wide }, () => f.locals(count, "v128"));
  const shifts = f.locals(wide, "v128");
  const { scratch } = f.named(["scratch"], "v128");

  const over = (vectors: number): Code => {
    const each = (make: (i: number) => Code): Code => block(...Array.from({ length: vectors }, (_, i) => make(i)));
    const first = i32.mul(i32.mul(f.task.get, p.rowsATask), pitch.get);
    const start = i32.add(first, i32.mul(column.get, four));
    return block(
      x.set(i32.add(p.x, start)),
      needs.y ? y.set(i32.add(p.y, start)) : [],
      each((i) => block(...sums[i]!.map((sum) => sum.set(v128.zero)))),
      needs.shift ? each((i) => shifts[i]!.set(v128.load(i32.add(p.shift, i32.mul(column.get, four)), 16 * i))) : [],
      row.set(rows.get),
      repeat(
        i32.gt(row.get, none),
        block(
          each((i) =>
            step(
              { x: v128.load(x.get, 16 * i), y: v128.load(y.get, 16 * i), shift: shifts[i]!.get },
              sums[i]!,
              scratch,
            ),
          ),
          x.add(pitch.get),
          needs.y ? y.add(pitch.get) : [],
          row.add(i32.const(-1)),
        ),
      ),
      each((i) =>
        block(
          ...sums[i]!.map((sum, which) =>
            v128.store(
              i32.add(i32.add(out.get, i32.mul(column.get, four)), i32.mul(i32.const(which), sumBytes.get)),
              sum.get,
              16 * i,
            ),
          ),
        ),
      ),
    );
  };
  return f.finish(
    block(
      pitch.set(i32.mul(p.columns, four)),
      rows.set(smaller(p.rowsATask, i32.sub(p.rows, i32.mul(f.task.get, p.rowsATask)))),
      out.set(i32.add(p.partial, i32.mul(f.task.get, p.partialBytes))),
      sumBytes.set(i32.div(p.partialBytes, i32.const(count))),
      column.set(none),
      rest.set(p.columns),
      repeat(i32.ge(rest.get, i32.const(16)), block(over(4), column.add(i32.const(16)), rest.add(i32.const(-16)))),
      repeat(i32.gt(rest.get, none), block(over(1), column.add(four), rest.add(i32.const(-4)))),
    ),
  );
}

/** sum of x */
export const columnSumFunction = (): Code =>
  columnSums(1, { shift: false, y: false }, ({ x }, [sum]) => sum!.set(f32x4.add(sum!.get, x)));

/** sums of x - shift and of its square */
export const columnMomentsFunction = (madd: Madd): Code =>
  columnSums(2, { shift: true, y: false }, ({ x, shift }, [sum, squares], scratch) =>
    block(
      scratch.set(f32x4.sub(x, shift)),
      sum!.set(f32x4.add(sum!.get, scratch.get)),
      squares!.set(madd(scratch.get, scratch.get, squares!.get)),
    ),
  );

/** sums of y and of y (x - shift) */
export const columnProductsFunction = (madd: Madd): Code =>
  columnSums(2, { shift: true, y: true }, ({ x, y, shift }, [sum, products], scratch) =>
    block(
      scratch.set(y),
      sum!.set(f32x4.add(sum!.get, scratch.get)),
      products!.set(madd(scratch.get, f32x4.sub(x, shift), products!.get)),
    ),
  );

/** result = (x - shift) a + b, or x a + (y - shift) b + c where there are two matrices; shift, a, b, c have a value a column. */
function columnLines(two: boolean, madd: Madd): Code {
  const f = new FunctionWriter();
  const p = columnLinesJob.read(f.job.get);
  const { row, end, column, at, columns, rest } = f.named(["row", "end", "column", "at", "columns", "rest"]);
  const { value } = f.named(["value"], "v128");
  const line = (i: number): Code => {
    const of = (base: Code): Code => i32.add(base, i32.mul(column.get, four));
    const x = v128.load(i32.add(p.x, at.get), 16 * i);
    const y = v128.load(i32.add(p.y, at.get), 16 * i);
    const [shift, a, b, c] = [p.shift, p.a, p.b, p.c].map((vector) => v128.load(of(vector), 16 * i)) as [
      Code,
      Code,
      Code,
      Code,
    ];
    return two ? madd(x, a, madd(f32x4.sub(y, shift), b, c)) : madd(f32x4.sub(x, shift), a, b);
  };
  const to = i32.add(p.result, at.get);
  return f.finish(
    block(
      columns.set(p.columns),
      end.set(smaller(p.rows, i32.mul(i32.add(f.task.get, i32.const(1)), p.rowsATask))),
      at.set(i32.mul(i32.mul(i32.mul(f.task.get, p.rowsATask), columns.get), four)),
      forRange(
        row,
        i32.mul(f.task.get, p.rowsATask),
        end.get,
        block(
          column.set(none),
          rest.set(columns.get),
          repeat(
            i32.ge(rest.get, i32.const(8)),
            block(
              v128.store(to, line(0)),
              v128.store(to, line(1), 16),
              column.add(i32.const(8)),
              at.add(i32.const(32)),
              rest.add(i32.const(-8)),
            ),
          ),
          when(
            i32.ge(rest.get, four),
            block(v128.store(to, line(0)), column.add(four), at.add(i32.const(16)), rest.add(i32.const(-4))),
          ),
          when(
            rest.get,
            block(
              value.set(line(0)),
              ...[0, 1, 2].map((lane) =>
                when(i32.gt(rest.get, i32.const(lane)), v128.storeLane(to, value.get, lane, 4 * lane)),
              ),
              at.add(i32.mul(rest.get, four)),
            ),
          ),
        ),
      ),
    ),
  );
}

export const columnLineFunction = (madd: Madd): Code => columnLines(false, madd);
export const columnLinesFunction = (madd: Madd): Code => columnLines(true, madd);
