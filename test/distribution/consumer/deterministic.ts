// The strict kernels, whose bits are the same everywhere.
import { report } from "./train.js";

await report({ deterministic: true });
