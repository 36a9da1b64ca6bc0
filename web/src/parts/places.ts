import FolderTree from '@lucide/svelte/icons/folder-tree';
import ChartColumn from '@lucide/svelte/icons/chart-column';
import Radar from '@lucide/svelte/icons/radar';
import Settings from '@lucide/svelte/icons/settings';

import { paths } from '../lib/paths';

/** Pages of the rail. Only what exists is shown. */
export const PLACES = [
  { name: 'Operations', icon: Radar, href: () => paths.operations(), keys: 'g o' },
  { name: 'Browse', icon: FolderTree, href: () => paths.browse(), keys: 'g b' },
  { name: 'Usage', icon: ChartColumn, href: () => paths.usage(), keys: 'g u' },
] as const;

/** Pages at the foot of the rail. */
export const FOOT_PLACES = [
  { name: 'Settings', icon: Settings, href: () => paths.settings('hosts'), keys: 'g s' },
] as const;
