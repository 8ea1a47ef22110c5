import { tfjsNodeBackend } from "../backends/tfjsNode.ts";
import { hessianVectorContract } from "./hessianVector.contract.ts";

// Runs where the native part is installed.
hessianVectorContract("tfjs-node", () => tfjsNodeBackend.load({ threads: 1 }));
