// Writes shapes.csv: small grey images of circles, squares, triangles and crosses, drawn at random places, sizes and angles
// with noise. Plain Node, no packages; the same seed gives the same file.
//
//   node generate.mjs [--seed 1] [--images 2000] [--size 12] [--noise 12]
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    images: { type: "string", default: "2000" },
    size: { type: "string", default: "12" },
    noise: { type: "string", default: "12" },
  },
});
const size = Number(options.size);
const images = Number(options.images);
const noise = Number(options.noise);

// A small seeded generator (a 32-bit counter, mixed), so that nothing depends on the machine.
let state = Number(options.seed) >>> 0;
function random() {
  state = (state + 0x9e3779b9) >>> 0;
  let z = state;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32;
}
const between = (low, high) => low + (high - low) * random();
const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

// Each shape says whether a point is inside it; (x, y) is relative to its centre, turned, in units of its radius.
const shapes = {
  circle: (x, y) => x * x + y * y <= 0.9,
  square: (x, y) => Math.max(Math.abs(x), Math.abs(y)) <= 0.8,
  triangle: (x, y) => y <= 0.6 && y >= 1.75 * Math.abs(x) - 1,
  cross: (x, y) => Math.min(Math.abs(x), Math.abs(y)) <= 0.28 && Math.max(Math.abs(x), Math.abs(y)) <= 0.95,
};
const names = Object.keys(shapes);

function draw(inside) {
  const radius = between(0.22, 0.42) * size;
  const centreX = between(radius * 0.9, size - radius * 0.9);
  const centreY = between(radius * 0.9, size - radius * 0.9);
  const angle = between(-0.5, 0.5);
  const [ink, paper] = [between(150, 240), between(20, 90)];
  const pixels = [];
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      // Nine points a pixel make the edges soft.
      let covered = 0;
      for (const a of [1 / 6, 1 / 2, 5 / 6]) {
        for (const b of [1 / 6, 1 / 2, 5 / 6]) {
          const dx = (column + b - centreX) / radius;
          const dy = (row + a - centreY) / radius;
          if (inside(Math.cos(angle) * dx + Math.sin(angle) * dy, Math.cos(angle) * dy - Math.sin(angle) * dx)) covered++;
        }
      }
      const grey = paper + ((ink - paper) * covered) / 9 + noise * normal();
      pixels.push(Math.min(255, Math.max(0, Math.round(grey))));
    }
  }
  return pixels;
}

const lines = [[...Array.from({ length: size * size }, (_, i) => `p${i}`), "shape"].join(",")];
for (let i = 0; i < images; i++) {
  const name = names[i % names.length];
  lines.push([...draw(shapes[name]), name].join(","));
}
writeFileSync(new URL("shapes.csv", import.meta.url), `${lines.join("\n")}\n`);
