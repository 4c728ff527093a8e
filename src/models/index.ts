// The public surface of "neurite/models".
export { LeNet5 } from "./lenet.ts";
