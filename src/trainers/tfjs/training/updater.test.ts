import { cpuBackend } from "../backends/cpu.ts";
import { updaterContract } from "./updater.contract.ts";

updaterContract("cpu, as tensor operations", () => cpuBackend.load({ threads: 1 }));
