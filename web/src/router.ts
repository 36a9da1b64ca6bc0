import { createRouter } from 'sv-router';

/** Pages by address. They are loaded when first shown: signing in needs none of them. */
export const router = createRouter({
  '/': () => import('./pages/Operations.svelte'),
  '/operations': () => import('./pages/Operations.svelte'),
  '/sessions/:id': () => import('./pages/Operations.svelte'),
  '/browse': () => import('./pages/Browse.svelte'),
  '/browse/:id': () => import('./pages/Browse.svelte'),
  '/usage': () => import('./pages/Usage.svelte'),
  '/projects/:project': () => import('./pages/Project.svelte'),
  '/settings/:section': () => import('./pages/Settings.svelte'),
  '*': () => import('./pages/NotFound.svelte'),
});
