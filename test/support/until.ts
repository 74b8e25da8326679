/** Resolves once something holds. */
export async function until(holds: () => boolean, withinMs = 10_000): Promise<void> {
  const started = performance.now();
  while (!holds()) {
    if (performance.now() - started > withinMs)
      throw new Error(`It did not hold within ${withinMs} ms: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
