// As documented: the library finds its kernels itself.
import { report } from "./train.js";

await report({});
