import { ask, tell } from './api';
import type {
  AlarmSettings,
  NoticeRules,
  RecentActivity,
  Session,
  StopReport,
  StopSession,
} from './types.gen';

const id = encodeURIComponent;

/** Orders to sessions, alarms and notices, one function a route. Each rejects with `ApiError`. */
export const operations = {
  /** Lines that hosts wrote in the last half hour. */
  activity: () => ask<RecentActivity>('GET', 'activity'),
  /** A session as it is now. */
  session: (session: string) => ask<Session>('GET', `sessions/${id(session)}`),
  stop: (session: string, order: StopSession) =>
    ask<StopReport>('POST', `sessions/${id(session)}/stop`, order),

  alarmSettings: () => ask<AlarmSettings>('GET', 'alarms/settings'),
  putAlarmSettings: (settings: AlarmSettings) => tell('PUT', 'alarms/settings', settings),

  /** When the signed-in person wants to be told. */
  noticeRules: () => ask<NoticeRules>('GET', 'notices/rules'),
  putNoticeRules: (rules: NoticeRules) => tell('PUT', 'notices/rules', rules),
};
