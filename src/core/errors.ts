// The typed errors of the library. Every message reads `op: what must hold; got <values>. <hint>`:
// the op as the user typed it, what was expected, what came, and what to do about it.

/** Base class of every error that Neurite throws on purpose; `op` names the operation that refused. */
export class NeuriteError extends Error {
  readonly op: string;

  constructor(op: string, message: string) {
    super(`${op}: ${message}`);
    this.op = op;
  }
}

/** Shapes, axes or sizes that do not fit the operation. */
export class ShapeError extends NeuriteError {
  override readonly name = "ShapeError";
}

/** A dtype that the operation or the device does not take. */
export class DTypeError extends NeuriteError {
  override readonly name = "DTypeError";
}

/** An index outside its axis. */
export class IndexError extends NeuriteError {
  override readonly name = "IndexError";
}

/** A matrix that a decomposition does not take: singular, not positive definite, or not finite. */
export class LinearAlgebraError extends NeuriteError {
  override readonly name = "LinearAlgebraError";
}

/** A backend that is absent, not initialised, mixed with another, or out of memory. */
export class DeviceError extends NeuriteError {
  override readonly name = "DeviceError";
}

/** A tensor that was used after its release. */
export class DisposedError extends NeuriteError {
  override readonly name = "DisposedError";
}

/** A graph that cannot be differentiated as asked. */
export class GradError extends NeuriteError {
  override readonly name = "GradError";
}

/** A file or byte sequence that breaks its format's rules. */
export class FormatError extends NeuriteError {
  override readonly name = "FormatError";
}

/** An option or argument value outside its domain. */
export class ValueError extends NeuriteError {
  override readonly name = "ValueError";
}
