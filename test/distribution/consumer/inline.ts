// The kernels come with the code.
import { wasm } from "neurite/inline";
import { report } from "./train.js";

await report({ wasm });
