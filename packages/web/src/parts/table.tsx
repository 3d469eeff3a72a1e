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
      <table className={className} ref={(table) => nameColumns(table, columns)}>
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

/** Gives the titles to the styles: on a phone, where each row is a list of its own, they stand before the values. */
function nameColumns(table: HTMLTableElement | null, columns: TableProps['columns']): void {
  for (const [index, column] of columns.entries()) {
    const { title, isHidden }: Column = typeof column === 'string' ? { title: column } : column;
    table?.style.setProperty(`--column-${index + 1}`, JSON.stringify(isHidden ? '' : title));
  }
}
