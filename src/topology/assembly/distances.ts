/**
 * Euclidean distances of a cloud: distances.ts of src/topology, four pairs and two coordinates at a time.
 * Invariant: every sum is made in the same order as there, so the distances are the same to the last bit.
 */

/**
 * Condensed distances of `count` points, each a row of `width` float64, to `out`. The width is even (a column of zeros changes
 * nothing). O(count^2 width).
 */
export function distances(points: usize, count: i32, width: i32, out: usize): void {
  const rowBytes = (<usize>width) << 3;
  for (let i = 1; i < count; i++) {
    const row = points + <usize>i * rowBytes;
    let other = points;
    let j = 0;
    for (; j + 4 <= i; j += 4, other += 4 * rowBytes, out += 32) fourDistances(row, other, rowBytes, out);
    for (; j < i; j++, other += rowBytes, out += 8) store<f64>(out, distance(row, other, rowBytes));
  }
}

function fourDistances(row: usize, others: usize, rowBytes: usize, out: usize): void {
  let sum0 = f64x2.splat(0);
  let sum1 = f64x2.splat(0);
  let sum2 = f64x2.splat(0);
  let sum3 = f64x2.splat(0);
  for (let at: usize = 0; at < rowBytes; at += 16) {
    const here = v128.load(row + at);
    const there = others + at;
    const d0 = f64x2.sub(here, v128.load(there));
    const d1 = f64x2.sub(here, v128.load(there + rowBytes));
    const d2 = f64x2.sub(here, v128.load(there + 2 * rowBytes));
    const d3 = f64x2.sub(here, v128.load(there + 3 * rowBytes));
    sum0 = f64x2.add(sum0, f64x2.mul(d0, d0));
    sum1 = f64x2.add(sum1, f64x2.mul(d1, d1));
    sum2 = f64x2.add(sum2, f64x2.mul(d2, d2));
    sum3 = f64x2.add(sum3, f64x2.mul(d3, d3));
  }
  store<f64>(out, root(sum0));
  store<f64>(out + 8, root(sum1));
  store<f64>(out + 16, root(sum2));
  store<f64>(out + 24, root(sum3));
}

function distance(row: usize, other: usize, rowBytes: usize): f64 {
  let sum = f64x2.splat(0);
  for (let at: usize = 0; at < rowBytes; at += 16) {
    const difference = f64x2.sub(v128.load(row + at), v128.load(other + at));
    sum = f64x2.add(sum, f64x2.mul(difference, difference));
  }
  return root(sum);
}

function root(sum: v128): f64 {
  return Math.sqrt(f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
}
