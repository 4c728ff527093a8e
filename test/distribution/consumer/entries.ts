// Every entry of the package, for the compilers alone; the test adds none and misses none.
export * as data from "neurite/data";
export * as inline from "neurite/inline";
export * as io from "neurite/io";
export * as models from "neurite/models";
export * as neurite from "neurite";
export * as nn from "neurite/nn";
export * as optim from "neurite/optim";
export * as text from "neurite/text";
export * as train from "neurite/train";
