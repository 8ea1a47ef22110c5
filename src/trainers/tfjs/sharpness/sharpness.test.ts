import { cpuBackend } from "../backends/cpu.ts";
import { wasmBackend } from "../backends/wasm.ts";
import { sharpnessContract } from "./sharpness.contract.ts";

// Convolutions take the plain JavaScript back end too long here; the contract of the products holds it to them.
sharpnessContract("cpu", () => cpuBackend.load({ threads: 1 }), { nets: ["mlp"] });
sharpnessContract("wasm", () => wasmBackend.load({ threads: 1 }));
