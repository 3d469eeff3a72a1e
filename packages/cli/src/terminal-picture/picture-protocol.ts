/** The ways to show a picture in a terminal, the best first. */
export type PictureProtocol = 'kitty' | 'iterm2' | 'half-blocks';

/**
 * How the terminal described by the environment shows pictures; undefined when it does not, or colours are not wanted
 * (https://no-color.org). Multiplexers swallow the graphics protocols, not the colours.
 */
export function pictureProtocol(env: Readonly<Record<string, string | undefined>>): PictureProtocol | undefined {
  const { TERM = '', TERM_PROGRAM = '', COLORTERM = '' } = env;
  if (env.NO_COLOR || TERM === 'dumb') return undefined;
  const multiplexed = Boolean(env.TMUX) || /^(screen|tmux)/.test(TERM);
  if (!multiplexed) {
    if (env.KITTY_WINDOW_ID || /^xterm-(kitty|ghostty)$/.test(TERM) || TERM_PROGRAM === 'ghostty') return 'kitty';
    if (TERM_PROGRAM === 'iTerm.app' || TERM_PROGRAM === 'WezTerm' || env.LC_TERMINAL === 'iTerm2') return 'iterm2';
  }
  return /^(truecolor|24bit)$/.test(COLORTERM) || TERM.endsWith('-direct') ? 'half-blocks' : undefined;
}
