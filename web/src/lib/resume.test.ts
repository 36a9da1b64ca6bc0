import { expect, test } from 'vitest';

import { resumeCommand } from './resume';

const claude = { id: 'claude-7f3c9a2e-0000', coder: 'claude' };

test('the command goes to the folder and resumes there', () => {
  expect(resumeCommand(claude, '/srv/demo', 'linux')).toBe('cd /srv/demo && claude --resume 7f3c9a2e-0000');
  expect(resumeCommand(claude, '', 'linux')).toBe('claude --resume 7f3c9a2e-0000');
  expect(resumeCommand({ id: 'codex-1', coder: 'codex' }, '/a', 'macos')).toBe('cd /a && codex resume 1');
});

test('a folder is one word of the shell, whatever is in it', () => {
  expect(resumeCommand(claude, "/srv/it's $(rm -rf /)", 'linux')).toBe(
    `cd '/srv/it'\\''s $(rm -rf /)' && claude --resume 7f3c9a2e-0000`,
  );
  expect(resumeCommand(claude, "C:\\Users\\O'Neil\\x", 'windows')).toBe(
    "Set-Location 'C:\\Users\\O''Neil\\x'; claude --resume 7f3c9a2e-0000",
  );
});

test('there is none for other coders, and for ids that are no ids', () => {
  expect(resumeCommand({ id: 'amp-1', coder: 'amp' }, '/a', 'linux')).toBeNull();
  expect(resumeCommand({ id: 'claude-1; reboot', coder: 'claude' }, '/a', 'linux')).toBeNull();
});
