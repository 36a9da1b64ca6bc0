/** Path of the app's root, with a slash at its end: `/`, or the sub-path that `<base href>` names. */
export function basePath(): string {
  return new URL('.', document.baseURI).pathname;
}

/** The router's idea of the base: none at the root, else without the slash at its end. */
export function routerBase(): string | undefined {
  const path = basePath();
  return path === '/' ? undefined : path.replace(/\/$/, '');
}

/** Address of a REST resource, for example `hosts`. */
export function apiUrl(resource: string): string {
  return new URL(`api/v1/${resource}`, document.baseURI).toString();
}

/** Address of the live socket. */
export function socketUrl(): string {
  const url = new URL('api/v1/live', document.baseURI);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.toString();
}

function page(path: string, search = ''): string {
  return basePath() + path + search;
}

/** Sections of the settings page. */
export type SettingsSection =
  | 'hosts'
  | 'members'
  | 'tokens'
  | 'projects'
  | 'prices'
  | 'retention'
  | 'alarms'
  | 'notices'
  | 'audit'
  | 'you';

/** Links to pages, for `href` and for going there. `search` keeps the filters of the list. */
export const paths = {
  operations: (search = '') => page('', search),
  wall: () => page('operations', '?wall'),
  session: (id: string, search = '') => page(`sessions/${encodeURIComponent(id)}`, search),
  browse: (session: string | null = null, search = '') =>
    page(session === null ? 'browse' : `browse/${encodeURIComponent(session)}`, search),
  usage: (search = '') => page('usage', search),
  project: (id: string, search = '') => page(`projects/${encodeURIComponent(id)}`, search),
  settings: (section: SettingsSection) => page(`settings/${section}`),
  /** The same page as an address to hand to a teammate. */
  absolute: (path: string) => new URL(path, location.origin).toString(),
};
