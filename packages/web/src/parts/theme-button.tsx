import { useEffect, useState } from 'react';

const STORED = 'easel.theme';
const themes = ['system', 'light', 'dark'] as const;
type Theme = (typeof themes)[number];
const signs = { system: '◐', light: '☀', dark: '☾' } as const;

function storedTheme(): Theme {
  return themes.find((each) => each === localStorage.getItem(STORED)) ?? 'system';
}

/** Light, dark, or what the system has. */
export function ThemeButton() {
  const [theme, setTheme] = useState(storedTheme);
  useEffect(() => {
    localStorage.setItem(STORED, theme);
    document.documentElement.dataset.theme = theme;
  }, [theme]);
  const next = themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'system';
  return (
    <button
      type="button"
      className="plain"
      aria-label={`Colours: ${theme}. Change to ${next}`}
      onClick={() => setTheme(next)}
    >
      <span aria-hidden="true">{signs[theme]}</span>
    </button>
  );
}
