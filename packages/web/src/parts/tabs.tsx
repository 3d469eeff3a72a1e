import '../styles/tabs.css';
import { Link } from './buttons.tsx';

export interface TabsProps {
  readonly label: string;
  readonly tabs: readonly { readonly address: string; readonly title: string; readonly isCurrent: boolean }[];
}

/** The parts of a view, each with its own address. */
export function Tabs({ label, tabs }: TabsProps) {
  return (
    <nav className="tabs" aria-label={label}>
      {tabs.map(({ address, title, isCurrent }) => (
        <Link key={address} href={address} aria-current={isCurrent ? 'page' : undefined}>
          {title}
        </Link>
      ))}
    </nav>
  );
}
