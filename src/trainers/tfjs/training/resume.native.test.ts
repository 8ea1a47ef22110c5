import { tfjsNodeBackend } from "../backends/tfjsNode.ts";
import { resumeContract } from "./resume.contract.ts";

// Runs where the native part is installed. Sums over threads may be taken in another order.
resumeContract("tfjs-node", () => tfjsNodeBackend.load({ threads: 1 }), { runs: 10, tolerance: 1e-4 });
