import { lastPart } from '../lib/format';
import { paths } from '../lib/paths';
import { addressOf } from '../state/address.svelte';
import type { App } from '../state/app.svelte';
import type { Jump } from '../state/jump.svelte';
import { hitKey } from '../state/search.svelte';
import { entryKey } from '../wire/entries';
import { titleOf } from '../wire/titles';

/** One line of the palette. */
export interface Command {
  readonly id: string;
  readonly group: 'Go to' | 'Do' | 'Hosts' | 'Projects' | 'Sessions' | 'In conversations';
  readonly label: string;
  /** What to highlight in the label, in code points. */
  readonly marks?: readonly (readonly [number, number])[];
  readonly hint: string;
  readonly run: () => void;
}

/** Everything that the palette can reach now. */
export function commands(app: App): Command[] {
  return [...goTo(app), ...actions(app), ...hosts(app), ...projects(app), ...sessions(app)];
}

function goTo(app: App): Command[] {
  const pages: [string, string, string][] = [
    ['Operations', paths.operations(), 'g o'],
    ['Operations: the wall', paths.wall(), ''],
    ['Browse', paths.browse(), 'g b'],
    ['Usage', paths.usage(), 'g u'],
    ['Settings: hosts', paths.settings('hosts'), 'g s'],
    ['Settings: tokens', paths.settings('tokens'), ''],
    ['Settings: alarms', paths.settings('alarms'), ''],
    ['Settings: notices', paths.settings('notices'), ''],
    ['Settings: you', paths.settings('you'), ''],
  ];
  if (app.account.may('admin')) {
    pages.push(
      ['Settings: members', paths.settings('members'), ''],
      ['Settings: audit', paths.settings('audit'), ''],
    );
  }
  return pages.map(([label, href, hint]) => ({
    id: href,
    group: 'Go to',
    label,
    hint,
    run: () => app.go(href),
  }));
}

function actions(app: App): Command[] {
  const list: Command[] = [
    {
      id: 'theme',
      group: 'Do',
      label: 'Switch the theme',
      hint: app.theme.choice,
      run: () => app.theme.next(),
    },
    {
      id: 'keys',
      group: 'Do',
      label: 'Show the shortcuts',
      hint: '?',
      run: () => (app.overlay = 'shortcuts'),
    },
    {
      id: 'panes',
      group: 'Do',
      label: 'Reset the width of the panes',
      hint: '',
      run: () => app.panes.reset(),
    },
    { id: 'out', group: 'Do', label: 'Sign out', hint: '', run: () => void app.signOut() },
  ];
  if (app.account.may('admin')) {
    list.unshift({
      id: 'add',
      group: 'Do',
      label: 'Add a host',
      hint: '',
      run: () => (app.overlay = 'add-host'),
    });
  }
  return list;
}

function hosts(app: App): Command[] {
  return app.fleet.hosts.map((host) => ({
    id: host.id,
    group: 'Hosts',
    label: host.name,
    hint: host.state,
    run: () => app.go(paths.operations(`?host=${encodeURIComponent(host.id)}`)),
  }));
}

/** Projects of the latest sessions, the latest first. */
function projects(app: App): Command[] {
  const named = app.fleet.sessions.flatMap(({ project_id: id, project_path: path }) =>
    id !== null ? [[id, lastPart(path)] as const] : [],
  );
  return [...new Map(named)].map(([id, name]) => ({
    id,
    group: 'Projects',
    label: name,
    hint: 'what happened there',
    run: () => app.go(paths.project(id)),
  }));
}

function sessions(app: App): Command[] {
  return app.fleet.sessions.map((row) => ({
    id: row.id,
    group: 'Sessions',
    label: titleOf(row),
    hint: [lastPart(row.project_path), app.fleet.hostsById.get(row.host_ids[0] ?? '')?.name]
      .filter(Boolean)
      .join(' · '),
    run: () => app.go(paths.session(row.id)),
  }));
}

/** What the whole archive has for a text: sessions that are not among the latest, places in conversations, a search. */
export function fromArchive(app: App, jump: Jump, text: string): Command[] {
  const typed = text.trim();
  if (typed === '') return [];
  const older = jump.sessions.filter(({ id }) => !app.fleet.sessionsById.has(id));
  return [
    ...older.map((row): Command => ({
      id: row.id,
      group: 'Sessions',
      label: titleOf(row),
      hint: lastPart(row.project_path),
      run: () => app.go(paths.browse(row.id)),
    })),
    ...jump.hits.map(({ item, session }): Command => ({
      id: hitKey(item),
      group: 'In conversations',
      label: item.snippet.replaceAll('\n', ' '),
      marks: item.highlights,
      hint: session?.title ?? '',
      run: () => {
        const transcript = item.subagent_id ? item.transcript_id : null;
        const at = item.role === 'title' ? null : entryKey(item);
        app.go(paths.browse(item.session_id, addressOf({ query: typed, at, transcript })));
      },
    })),
    {
      id: 'search',
      group: 'In conversations',
      label: `Search every conversation for “${typed}”`,
      hint: jump.loading ? '' : hits(jump.total),
      run: () => app.search(paths.browse(null, addressOf({ query: typed }))),
    },
  ];
}

function hits(total: number): string {
  return total === 0 ? 'nothing found' : total === 1 ? '1 hit' : `${total.toLocaleString('en')} hits`;
}
