import { api } from '../wire/api';
import type { SessionRow, TreeHost, TreeProject } from '../wire/types.gen';
import { recall, remember } from '../lib/remember';
import { inWords, Listing } from './list.svelte';

/** Sessions fetched at once when a project is opened. */
const PAGE = 50;

/** Sessions of one project on one host, as far as they were fetched. */
interface Branch {
  readonly rows: readonly SessionRow[];
  readonly cursor: string | null;
  readonly loading: boolean;
  readonly problem: string | null;
}

/** What a host is called. */
export interface HostLabel {
  readonly name: string;
  /** It stands behind the others: it is no machine, or is one no more. */
  readonly last: boolean;
}

interface Row {
  /** Key of the row: the same as long as the thing is there. */
  readonly key: string;
  /** Key of the row above it in the tree; `null` at the top. */
  readonly parent: string | null;
  readonly level: 1 | 2 | 3;
  /** Its place among its siblings, from 1, and their number. */
  readonly place: number;
  readonly of: number;
}

/** One line of the tree. */
export type TreeRow = Row &
  (
    | { readonly kind: 'host'; readonly host: TreeHost; readonly name: string; readonly open: boolean }
    | {
        readonly kind: 'project';
        readonly host: TreeHost;
        readonly project: TreeProject;
        readonly open: boolean;
      }
    | { readonly kind: 'session'; readonly session: SessionRow }
    | { readonly kind: 'more'; readonly count: number; readonly problem: string | null }
    | { readonly kind: 'loading' }
  );

export const hostKey = (host: string): string => `host-${host}`;
export const projectKey = (host: string, project: string | null): string => `${host}-${project ?? 'none'}`;

/** Host → project → session. Sessions are fetched when their project is opened. */
export class Tree {
  readonly hosts = new Listing<TreeHost>(() => api.tree());
  /** Words of hosts and projects that the tree is narrowed down to. */
  filter = $state('');
  #open = $state.raw<ReadonlySet<string>>(new Set(recall<string[]>('tree', [])));
  #branches = $state.raw<ReadonlyMap<string, Branch>>(new Map());

  /** Sessions on all hosts; one that lies on two counts on both. */
  readonly total = $derived((this.hosts.items ?? []).reduce((sum, host) => sum + host.sessions, 0));
  /** Projects by id and name, each once. */
  readonly projects = $derived(named(this.hosts.items ?? []));

  /** The lines of the tree; `labels` tells what hosts are called. */
  rows(labels: (host: string) => HostLabel): TreeRow[] {
    return flatten(this.hosts.items ?? [], labels, this.filter, this.#open, this.#branches);
  }

  isOpen(key: string): boolean {
    return this.#open.has(key);
  }

  /** Opens or folds a line. */
  set(row: TreeRow, open: boolean): void {
    if (row.kind !== 'host' && row.kind !== 'project') return;
    const next = new Set(this.#open);
    if (open) next.add(row.key);
    else next.delete(row.key);
    this.#open = next;
    remember('tree', [...next]);
    if (open && row.kind === 'project') void this.fetch(row.key);
  }

  /** Fetches the first sessions of what was open the last time. */
  restore(): void {
    for (const host of this.hosts.items ?? []) {
      for (const project of host.projects) {
        const key = projectKey(host.host_id, project.project_id);
        if (this.#open.has(key) && this.#open.has(hostKey(host.host_id))) void this.fetch(key);
      }
    }
  }

  /** Opens the lines above a session, so that it can be seen. */
  reveal(host: string, project: string | null): void {
    const key = projectKey(host, project);
    if (this.#open.has(key) && this.#open.has(hostKey(host))) return;
    this.#open = new Set([...this.#open, hostKey(host), key]);
    void this.fetch(key);
  }

  /** Fetches the next sessions of a project, the first ones when there are none. */
  async fetch(key: string): Promise<void> {
    const place = find(this.hosts.items ?? [], key);
    const before = this.#branches.get(key);
    if (!place || before?.loading || (before && before.cursor === null && !before.problem)) return;
    const known = before ?? { rows: [], cursor: null, loading: false, problem: null };
    this.#put(key, { ...known, loading: true, problem: null });
    try {
      const page = await api.sessions({
        host: place.host.host_id,
        // Sessions without a project are asked for by an empty one.
        project_id: place.project.project_id ?? '',
        sort: 'recent',
        limit: PAGE,
        cursor: known.cursor,
      });
      const ids = new Set(known.rows.map(({ id }) => id));
      const rows = [...known.rows, ...page.items.filter(({ id }) => !ids.has(id))];
      this.#put(key, { rows, cursor: page.next_cursor, loading: false, problem: null });
    } catch (error) {
      this.#put(key, { ...known, loading: false, problem: inWords(error) });
    }
  }

  /** Fetches the tree again, and the sessions of what is open. */
  async refresh(): Promise<void> {
    await this.hosts.load();
    this.#branches = new Map();
    this.restore();
  }

  /** Takes sessions off the tree: they were deleted from the archive. */
  forget(ids: readonly string[]): void {
    this.#branches = new Map(
      [...this.#branches].map(([key, branch]) => {
        return [key, { ...branch, rows: branch.rows.filter(({ id }) => !ids.includes(id)) }];
      }),
    );
  }

  #put(key: string, branch: Branch): void {
    this.#branches = new Map([...this.#branches, [key, branch]]);
  }
}

function find(hosts: readonly TreeHost[], key: string) {
  for (const host of hosts) {
    for (const project of host.projects) {
      if (projectKey(host.host_id, project.project_id) === key) return { host, project };
    }
  }
  return null;
}

function named(hosts: readonly TreeHost[]): { id: string; name: string }[] {
  const all = new Map<string, string>();
  for (const { projects } of hosts) {
    for (const { project_id, name } of projects) if (project_id) all.set(project_id, name);
  }
  return [...all].map(([id, name]) => ({ id, name }));
}

/** The lines that are shown: what is open, and what a filter leaves. Public for tests. */
export function flatten(
  hosts: readonly TreeHost[],
  labels: (host: string) => HostLabel,
  filter: string,
  open: ReadonlySet<string>,
  branches: ReadonlyMap<string, Branch>,
): TreeRow[] {
  const wanted = filter.trim().toLowerCase();
  const fits = (name: string) => name.toLowerCase().includes(wanted);
  const shown = hosts
    .map((host) => ({ host, ...labels(host.host_id) }))
    .map(({ host, name, last }) => ({
      host,
      name,
      last,
      projects: fits(name) ? host.projects : host.projects.filter((project) => fits(project.name)),
    }))
    .filter(({ name, projects }) => fits(name) || projects.length > 0)
    .sort((a, b) => Number(a.last) - Number(b.last) || a.name.localeCompare(b.name));
  return shown.flatMap(({ host, name, projects }, i): TreeRow[] => {
    const key = hostKey(host.host_id);
    // What a filter found below a host is shown without opening it.
    const isOpen = open.has(key) || (wanted !== '' && !fits(name));
    const row = { key, parent: null, level: 1, place: i + 1, of: shown.length } as const;
    const below = isOpen ? projectRows(host, projects, open, branches) : [];
    return [{ ...row, kind: 'host', host, name, open: isOpen }, ...below];
  });
}

function projectRows(
  host: TreeHost,
  projects: readonly TreeProject[],
  open: ReadonlySet<string>,
  branches: ReadonlyMap<string, Branch>,
): TreeRow[] {
  const parent = hostKey(host.host_id);
  return projects.flatMap((project, i): TreeRow[] => {
    const key = projectKey(host.host_id, project.project_id);
    const isOpen = open.has(key);
    const row = { key, parent, level: 2, place: i + 1, of: projects.length } as const;
    const below = isOpen ? sessionRows(key, project, branches.get(key)) : [];
    return [{ ...row, kind: 'project', host, project, open: isOpen }, ...below];
  });
}

function sessionRows(parent: string, project: TreeProject, branch: Branch | undefined): TreeRow[] {
  const rows = branch?.rows ?? [];
  const left = Math.max(0, project.sessions - rows.length);
  const last = branch === undefined || branch.loading || branch.problem !== null || branch.cursor !== null;
  const of = rows.length + (last ? 1 : 0);
  const base = (key: string, place: number) =>
    ({ key: `${parent}-${key}`, parent, level: 3, place, of }) as const;
  const sessions = rows.map((session, i): TreeRow => {
    return { ...base(session.id, i + 1), kind: 'session', session };
  });
  if (!last) return sessions;
  const waiting = branch === undefined || branch.loading;
  const end: TreeRow = waiting
    ? { ...base('loading', of), kind: 'loading' }
    : { ...base('more', of), kind: 'more', count: left, problem: branch.problem };
  return [...sessions, end];
}
