import type { ReactNode } from 'react';

/** A column: its title, and `number` where its values are aligned to the right. */
export interface Column {
  readonly title: string;
  readonly isNumber?: boolean;
  /** For screen readers only. */
  readonly isHidden?: boolean;
}

export interface TableProps {
  readonly columns: readonly (string | Column)[];
  readonly className?: string;
  /** For screen readers only. */
  readonly caption?: string;
  /** The rows. */
  readonly children: ReactNode;
}

/** A table that scrolls on its own where it is wider than the window, also with the arrow keys. */
export function Table({ columns, className, caption, children }: TableProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard
    <div className="scroll" tabIndex={0}>
      <table className={className}>
        {caption !== undefined && <caption className="visually-hidden">{caption}</caption>}
        <thead>
          <tr>
            {columns.map((column) => {
              const { title, isNumber, isHidden }: Column = typeof column === 'string' ? { title: column } : column;
              return (
                <th key={title} className={isNumber ? 'number' : undefined}>
                  {isHidden ? <span className="visually-hidden">{title}</span> : title}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
