// The public surface of "neurite/models".
export { DcganDiscriminator, DcganGenerator, doublingBlock, halvingBlock } from "./dcgan.ts";
export type { DcganOptions } from "./dcgan.ts";
export { LeNet5 } from "./lenet.ts";
export { WganCritic, WganGenerator } from "./wgan.ts";
export type { WganOptions } from "./wgan.ts";
export { GPT } from "./gpt.ts";
export type { GptForwardOptions, GptOptions } from "./gpt.ts";
