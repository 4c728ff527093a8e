// asciichart ships no types; this is the part of it that is used here.
declare module "asciichart" {
  interface PlotOptions {
    height?: number;
    format?: (value: number) => string;
  }
  const asciichart: { plot(series: readonly number[], options?: PlotOptions): string };
  export default asciichart;
}
