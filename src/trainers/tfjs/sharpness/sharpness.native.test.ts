import { tfjsNodeBackend } from "../backends/tfjsNode.ts";
import { sharpnessContract } from "./sharpness.contract.ts";

// Runs where the native part is installed.
sharpnessContract("tfjs-node", () => tfjsNodeBackend.load({ threads: 1 }));
