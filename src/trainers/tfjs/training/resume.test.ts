import { cpuBackend } from "../backends/cpu.ts";
import { wasmBackend } from "../backends/wasm.ts";
import { resumeContract } from "./resume.contract.ts";

resumeContract("cpu", () => cpuBackend.load({ threads: 1 }));
resumeContract("wasm, one thread", () => wasmBackend.load({ threads: 1 }), { runs: 6 });
