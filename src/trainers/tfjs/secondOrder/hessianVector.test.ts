import { cpuBackend } from "../backends/cpu.ts";
import { wasmBackend } from "../backends/wasm.ts";
import { hessianVectorContract } from "./hessianVector.contract.ts";

hessianVectorContract("cpu", () => cpuBackend.load({ threads: 1 }));
hessianVectorContract("wasm", () => wasmBackend.load({ threads: 1 }));
