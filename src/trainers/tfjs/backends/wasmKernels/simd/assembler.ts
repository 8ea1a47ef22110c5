/**
 * A small assembler for WebAssembly: expressions are pieces of code that nest like calls, and loops in TypeScript unroll them.
 * It needs no build step, and the same source serves shared and private memory, with and without fused multiply-add.
 * Invariant: an expression leaves exactly one value on the stack, a statement none; the engine validates the result.
 */

/** Encoded instructions. */
export type Code = readonly number[];

export type ValueType = "i32" | "f32" | "f64" | "v128";

const typeCodes: Readonly<Record<ValueType, number>> = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b };

function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value >>> 0;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) {
      bytes.push(low);
      return bytes;
    }
    bytes.push(low | 0x80);
  }
}

function float32(value: number): number[] {
  return [...new Uint8Array(new Float32Array([value]).buffer)];
}

const binary =
  (...opcode: number[]) =>
  (a: Code, b: Code): Code => [...a, ...b, ...opcode];
const unary =
  (...opcode: number[]) =>
  (a: Code): Code => [...a, ...opcode];
/** Alignment is a hint; 2^2 suits everything here. */
const load =
  (...opcode: number[]) =>
  (address: Code, offset = 0): Code => [...address, ...opcode, 2, ...unsigned(offset)];
const store =
  (...opcode: number[]) =>
  (address: Code, value: Code, offset = 0): Code => [...address, ...value, ...opcode, 2, ...unsigned(offset)];

export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  load: load(0x28),
  store: store(0x36),
  eqz: unary(0x45),
  eq: binary(0x46),
  ne: binary(0x47),
  lt: binary(0x48),
  gt: binary(0x4a),
  ge: binary(0x4e),
  add: binary(0x6a),
  sub: binary(0x6b),
  mul: binary(0x6c),
  div: binary(0x6d),
  rem: binary(0x6f),
};

export const f32 = {
  const: (value: number): Code => [0x43, ...float32(value)],
  load: load(0x2a),
  store: store(0x38),
  gt: binary(0x5e),
  sqrt: unary(0x91),
  add: binary(0x92),
  sub: binary(0x93),
  mul: binary(0x94),
  div: binary(0x95),
  demote: unary(0xb6),
};

export const f64 = {
  load: load(0x2b),
  store: store(0x39),
  add: binary(0xa0),
  mul: binary(0xa2),
  promote: unary(0xbb),
};

export const v128 = {
  load: load(0xfd, 0x00),
  /** The float32 at the address, four times. */
  loadSplat: load(0xfd, 0x09),
  store: store(0xfd, 0x0b),
  storeLane: (address: Code, value: Code, lane: number, offset = 0): Code => [
    ...address,
    ...value,
    0xfd,
    0x5a,
    2,
    ...unsigned(offset),
    lane,
  ],
  zero: [0xfd, 0x0c, ...Array.from({ length: 16 }, () => 0)] as Code,
  and: binary(0xfd, 0x4e),
  andNot: binary(0xfd, 0x4f),
  or: binary(0xfd, 0x50),
  /** Bits of `a` where `mask` is 1, of `b` elsewhere. */
  select: (a: Code, b: Code, mask: Code): Code => [...a, ...b, ...mask, 0xfd, 0x52],
};

export const f32x4 = {
  splat: unary(0xfd, 0x13),
  lane: (a: Code, lane: number): Code => [...a, 0xfd, 0x1f, lane],
  eq: binary(0xfd, 0x41),
  ne: binary(0xfd, 0x42),
  gt: binary(0xfd, 0x44),
  add: binary(0xfd, 0xe4, 0x01),
  sub: binary(0xfd, 0xe5, 0x01),
  mul: binary(0xfd, 0xe6, 0x01),
  max: binary(0xfd, 0xe9, 0x01),
  /** a * b + c, rounded once where the processor can. */
  relaxedMadd: (a: Code, b: Code, c: Code): Code => [...a, ...b, ...c, 0xfd, 0x85, 0x02],
};

/** a * b + c by one or by two instructions. */
export type Madd = (a: Code, b: Code, c: Code) => Code;

export const twoStepMadd: Madd = (a, b, c) => f32x4.add(f32x4.mul(a, b), c);

export class Local {
  readonly index: number;
  /** Its value. */
  readonly get: Code;

  constructor(index: number) {
    this.index = index;
    this.get = [0x20, ...unsigned(index)];
  }

  set(value: Code): Code {
    return [...value, 0x21, ...unsigned(this.index)];
  }

  /** Adds to an i32. */
  add(value: Code): Code {
    return this.set(i32.add(this.get, value));
  }
}

/** A function under construction. Every one takes (job, task, thread): the address of its arguments, its part, who asks. */
export class FunctionWriter {
  readonly job = new Local(0);
  readonly task = new Local(1);
  readonly thread = new Local(2);
  readonly #locals: ValueType[] = [];

  local(type: ValueType = "i32"): Local {
    this.#locals.push(type);
    return new Local(2 + this.#locals.length);
  }

  locals(count: number, type: ValueType = "i32"): Local[] {
    return Array.from({ length: count }, () => this.local(type));
  }

  named<const Name extends string>(names: readonly Name[], type: ValueType = "i32"): Readonly<Record<Name, Local>> {
    return Object.fromEntries(names.map((name) => [name, this.local(type)])) as Record<Name, Local>;
  }

  /** Locals and body as the code section wants them; `body` is a statement. */
  finish(body: Code): Code {
    const locals = this.#locals.flatMap((type) => [1, typeCodes[type]]);
    const code = [...unsigned(this.#locals.length), ...locals, ...body, 0x0b];
    return [...unsigned(code.length), ...code];
  }
}

/** Statements one after the other. */
export const block = (...statements: readonly Code[]): Code => statements.flat();

export const when = (condition: Code, then: Code, otherwise: Code = []): Code =>
  otherwise.length === 0
    ? [...condition, 0x04, 0x40, ...then, 0x0b]
    : [...condition, 0x04, 0x40, ...then, 0x05, ...otherwise, 0x0b];

/** Repeats while the condition holds, testing it first. */
export const repeat = (condition: Code, body: Code): Code =>
  when(condition, [0x03, 0x40, ...body, ...condition, 0x0d, 0, 0x0b]);

/** for (i = from; i < below; i += step). `below` is evaluated each time. */
export const forRange = (i: Local, from: Code, below: Code, body: Code, step: Code = i32.const(1)): Code =>
  block(i.set(from), repeat(i32.lt(i.get, below), block(body, i.add(step))));

export const smaller = (a: Code, b: Code): Code => [...a, ...b, ...i32.lt(a, b), 0x1b];
export const larger = (a: Code, b: Code): Code => [...a, ...b, ...i32.gt(a, b), 0x1b];

export const fill = (address: Code, bytes: Code): Code => [...address, ...i32.const(0), ...bytes, 0xfc, 0x0b, 0];
export const copy = (to: Code, from: Code, bytes: Code): Code => [...to, ...from, ...bytes, 0xfc, 0x0a, 0, 0];

/** A finished function and the name it is exported under. */
export interface WasmFunction {
  readonly name: string;
  readonly code: Code;
}

/** Every binary begins so. */
const magic = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

const section = (id: number, content: Code): Code => [id, ...unsigned(content.length), ...content];
const text = (value: string): Code => [...unsigned(value.length), ...new TextEncoder().encode(value)];
const list = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];

/** A module of these functions over the imported memory `env.memory`. */
export function encodeModule(functions: readonly WasmFunction[], shared: boolean): Uint8Array<ArrayBuffer> {
  const i32s = list([[typeCodes.i32], [typeCodes.i32], [typeCodes.i32]]);
  const memory = [...text("env"), ...text("memory"), 0x02, ...(shared ? [3, 0, ...unsigned(65_536)] : [0, 0])];
  return new Uint8Array([
    ...magic,
    ...section(1, list([[0x60, ...i32s, 0]])),
    ...section(2, list([memory])),
    ...section(3, list(functions.map(() => [0]))),
    ...section(7, list(functions.map((f, i) => [...text(f.name), 0, ...unsigned(i)]))),
    ...section(10, list(functions.map((f) => f.code))),
  ]);
}
