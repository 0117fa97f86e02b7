/** A route by the two things that carry its declarations. */
type OfRoute<Value> = (handler: Function, controller: Function) => Value;

/**
 * What follows from the declarations of a route, read once: they never change, and reading metadata for each request
 * takes longer than what is decided by it.
 */
export function perRoute<Value>(read: OfRoute<Value>): OfRoute<Value> {
  const known = new WeakMap<Function, WeakMap<Function, { readonly value: Value }>>();
  return (handler, controller) => {
    let ofHandler = known.get(handler);
    if (!ofHandler) known.set(handler, (ofHandler = new WeakMap()));
    let kept = ofHandler.get(controller);
    if (!kept) ofHandler.set(controller, (kept = { value: read(handler, controller) }));
    return kept.value;
  };
}
