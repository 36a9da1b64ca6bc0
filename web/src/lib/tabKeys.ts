/** Which of a row of tabs a key leads to, round at the ends; `undefined` for keys that lead to none. */
export function tabOf<T>(key: string, tabs: readonly T[], chosen: number): T | undefined {
  const steps: Record<string, number> = {
    ArrowLeft: chosen - 1,
    ArrowRight: chosen + 1,
    Home: 0,
    End: tabs.length - 1,
  };
  const step = steps[key];
  return step === undefined ? undefined : tabs[(step + tabs.length) % tabs.length];
}
