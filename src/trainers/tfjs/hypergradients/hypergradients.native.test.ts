import { tfjsNodeBackend } from "../backends/tfjsNode.ts";
import { hypergradientsContract } from "./hypergradients.contract.ts";

// Runs where the native part is installed.
hypergradientsContract("tfjs-node", () => tfjsNodeBackend.load({ threads: 1 }));
