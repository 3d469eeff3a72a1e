import { type Shortcut, shortcuts } from '../shortcuts.ts';
import { Overlay } from './overlay.tsx';

const symbols: ReadonlyMap<string, string> = new Map([
  ['ArrowLeft', '←'],
  ['ArrowRight', '→'],
  ['ArrowUp', '↑'],
  ['ArrowDown', '↓'],
  ['Escape', 'Esc'],
  [' ', 'Space'],
]);

/** All keys of the page, by the place where they work. */
export function ShortcutsDialog({ onClose }: { readonly onClose: () => void }) {
  const all: readonly Shortcut[] = Object.values(shortcuts);
  return (
    <Overlay label="Keyboard shortcuts" className="card shortcuts" onClose={onClose}>
      <h2>Keyboard shortcuts</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: keys scroll what has the focus (WCAG 2.1.1) */}
      <div className="shortcut-list" tabIndex={0}>
        {[...Map.groupBy(all, ({ place }) => place)].map(([place, entries]) => (
          <section key={place} aria-label={place}>
            <h3>{place}</h3>
            <dl>
              {entries.map(({ keys, isCommand = false, does }) => (
                <div key={does}>
                  <dt>
                    {keys.map((key) => (
                      <kbd key={key}>
                        {isCommand && 'Ctrl '}
                        {symbols.get(key) ?? key.replace('+', ' ')}
                      </kbd>
                    ))}
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <p className="quiet">On a Mac, ⌘ stands for Ctrl.</p>
    </Overlay>
  );
}
