import { prefersReducedMotion } from 'svelte/motion';

/** Between two steps, milliseconds. */
const STEP_MS = 120;

/** What marches, and whether it is in view. */
const steps = new Map<Element, (count: number) => void>();
const inView = new Set<Element>();
let count = 0;
let timer: ReturnType<typeof setInterval> | undefined;

const observer = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) inView.add(target);
    else inView.delete(target);
  }
});

/**
 * Calls `step` a few times a second while the element is in view, until the returned function is called; never for
 * those who want no motion. All take their steps together, so that the page is drawn once for all of them: an endless
 * CSS animation of each would be a layer of its own, and dozens of layers make every other change dear.
 */
export function march(element: Element, step: (count: number) => void): () => void {
  steps.set(element, step);
  observer.observe(element);
  timer ??= setInterval(tick, STEP_MS);
  return () => {
    observer.unobserve(element);
    steps.delete(element);
    inView.delete(element);
    if (steps.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function tick(): void {
  if (document.visibilityState !== 'visible' || prefersReducedMotion.current) return;
  count += 1;
  for (const element of inView) steps.get(element)?.(count);
}
