import { apiUrl } from '../lib/paths';
import { all, ask, tell } from './api';
import type {
  HostPath,
  NewRetentionRule,
  Page,
  Price,
  Project,
  ProjectOverview,
  RetentionPreview,
  RetentionRule,
  SessionRow,
  UsageReport,
  UsageWindow,
} from './types.gen';

const id = encodeURIComponent;

function query(given: Readonly<Record<string, string | number | null | undefined>>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(given)) {
    if (value !== null && value !== undefined && value !== '') params.set(name, String(value));
  }
  const text = params.toString();
  return text ? `?${text}` : '';
}

/** What a usage report is asked for. Days are `2026-11-21`, in the reader's zone. */
export interface UsageQuery {
  readonly group_by?: string;
  readonly from?: string;
  readonly to?: string;
  readonly host?: string | null;
  readonly project?: string | null;
  readonly coder?: string | null;
  readonly model?: string | null;
}

/** Minutes that the reader's clock is ahead of UTC. */
const offset = () => -new Date().getTimezoneOffset();

/** Usage, prices, projects and retention, one function a route. Each rejects with `ApiError`. */
export const ledger = {
  usage: (asked: UsageQuery) =>
    ask<UsageReport>('GET', `usage${query({ ...asked, utc_offset_minutes: offset() })}`),
  /** Where the same can be fetched as a table. */
  usageCsv: (asked: UsageQuery) => apiUrl(`usage.csv${query({ ...asked, utc_offset_minutes: offset() })}`),
  windows: () => ask<Page<UsageWindow>>('GET', 'usage/windows'),

  prices: () => all<Price>('prices'),
  putPrice: (price: Price) => tell('PUT', 'prices', price),
  removePrice: (price: Price) =>
    tell('DELETE', `prices${query({ model: price.model, valid_from: price.valid_from })}`),

  projects: () => all<Project>('projects'),
  overview: (project: string, from: string, to: string) =>
    ask<ProjectOverview>('GET', `projects/${id(project)}/overview${query({ from, to })}`),
  /** The latest sessions of a project. */
  sessionsOf: (project: string) =>
    ask<Page<SessionRow>>('GET', `sessions${query({ project_id: project, limit: 20 })}`),
  renameProject: (project: string, name: string) => tell('PATCH', `projects/${id(project)}`, { name }),
  movePaths: (paths: readonly HostPath[], to: { project_id: string } | { name: string }) =>
    tell('POST', 'projects/move', { project_id: null, name: null, ...to, paths }),

  retention: () => all<RetentionRule>('retention'),
  addRetention: (rule: NewRetentionRule) => ask<RetentionRule>('POST', 'retention', rule),
  changeRetention: (rule: string, change: NewRetentionRule) => tell('PUT', `retention/${id(rule)}`, change),
  removeRetention: (rule: string) => tell('DELETE', `retention/${id(rule)}`),
  previewRetention: (rule: Pick<NewRetentionRule, 'host_id' | 'project_id' | 'days'>) =>
    ask<RetentionPreview>('GET', `retention/preview${query({ ...rule })}`),
};
