import { coderName } from '../lib/coders';
import { lastPart } from '../lib/format';
import { SECTION_NAMES, SECTIONS } from '../lib/sections';
import type { App } from '../state/app.svelte';
import { projectKey } from '../state/lineup.svelte';

/** A value that the list can be filtered by, and how many sessions have it. */
export interface Option {
  readonly value: string;
  readonly label: string;
  readonly count: number;
}

function counted(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

/** Hosts by name. */
export function hostOptions({ fleet }: App): Option[] {
  const counts = counted(fleet.listed.flatMap((row) => row.host_ids));
  return fleet.hosts.map(({ id, name }) => ({ value: id, label: name, count: counts.get(id) ?? 0 }));
}

/** Projects of the sessions by name. */
export function projectOptions({ fleet }: App): Option[] {
  const counts = counted(fleet.listed.map(projectKey).filter(Boolean));
  const names = new Map(fleet.listed.map((row) => [projectKey(row), lastPart(row.project_path)]));
  return [...counts]
    .map(([value, count]) => ({ value, label: names.get(value) ?? value, count }))
    .sort((a, b) => a.label.localeCompare(b.label));
}

/** Sections in their order. */
export function stateOptions({ lineup }: App): Option[] {
  return SECTIONS.map((name) => ({ value: name, label: SECTION_NAMES[name], count: lineup.counts[name] }));
}

/** Coders by name. */
export function coderOptions({ fleet }: App): Option[] {
  const counts = counted(fleet.listed.map(({ coder }) => coder));
  return [...counts].map(([value, count]) => ({ value, label: coderName(value), count }));
}

/** What a filter's value is called. */
export function labelOf(options: readonly Option[], value: string | null): string | null {
  return value === null ? null : (options.find((option) => option.value === value)?.label ?? value);
}
