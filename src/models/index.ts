// The public surface of "neurite/models".
export { CharLSTM } from "./char-lstm.ts";
export type { CharLSTMOptions, CharLSTMState } from "./char-lstm.ts";
export { DcganDiscriminator, DcganGenerator, doublingBlock, halvingBlock } from "./dcgan.ts";
export type { DcganOptions } from "./dcgan.ts";
export { LeNet5 } from "./lenet.ts";
export { LstmForecaster } from "./lstm-forecaster.ts";
export type { LstmForecasterOptions } from "./lstm-forecaster.ts";
export { Seq2SeqLstm } from "./seq2seq-lstm.ts";
export type { Decoded, DecoderState, EncodedSource, Seq2SeqLstmOptions } from "./seq2seq-lstm.ts";
export { WganCritic, WganGenerator } from "./wgan.ts";
export type { WganOptions } from "./wgan.ts";
export { GPT } from "./gpt.ts";
export type { GptForwardOptions, GptOptions } from "./gpt.ts";
