import { cpuBackend } from "../backends/cpu.ts";
import { wasmBackend } from "../backends/wasm.ts";
import { hypergradientsContract } from "./hypergradients.contract.ts";

hypergradientsContract("cpu", () => cpuBackend.load({ threads: 1 }));
hypergradientsContract("wasm", () => wasmBackend.load({ threads: 1 }));
