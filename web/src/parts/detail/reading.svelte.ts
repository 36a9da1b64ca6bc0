import { paths } from '../../lib/paths';
import type { App } from '../../state/app.svelte';
import type { Detail } from '../../state/detail.svelte';
import { placeKey } from '../../wire/lines';
import type { ReaderContext } from '../reader/context';

/** Opens a file of the session: an agent's here, any other in the archive. */
export function openFile(app: App, detail: Detail, transcript: string): void {
  const agent = detail.agents.value?.find(({ transcript_id }) => transcript_id === transcript);
  if (agent) app.front.look(agent.id);
  else app.go(paths.browse(detail.id, `?${new URLSearchParams({ transcript })}`));
}

/** What the bodies of calls need where no conversation is around them. */
export function readerOf(app: App, detail: Detail): ReaderContext {
  const files = $derived.by(
    () => new Map(detail.reading.session?.transcripts.map((file) => [file.id, file])),
  );
  return {
    session: detail.id,
    get coder() {
      return detail.reading.session?.coder ?? detail.id.split('-', 1)[0] ?? '';
    },
    get subagents() {
      return detail.outline.subagents;
    },
    get files() {
      return files;
    },
    found: null,
    target: null,
    get live() {
      return !detail.reading.session?.gone;
    },
    // Only a conversation has turns to go to.
    goToTurn: () => {},
    open: (transcript) => openFile(app, detail, transcript),
    link: (entry) => {
      const at = placeKey({ transcript: entry.transcript_id, line: entry.line });
      return paths.absolute(paths.browse(detail.id, `?${new URLSearchParams({ at })}`));
    },
  };
}
