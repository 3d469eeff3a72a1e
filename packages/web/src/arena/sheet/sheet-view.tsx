import type { Job } from '@easel/contract';
import { useState } from 'react';
import { listedSource, saveFile } from '../../files/picture-file.ts';
import { ConfirmButton } from '../../parts/buttons.tsx';
import { CompareIcon } from '../../parts/icons.tsx';
import { LoadError, Notice } from '../../parts/notices.tsx';
import { addressOf, go } from '../../router.ts';
import { useRuns } from '../../runs/runs.tsx';
import { messageOf } from '../../session/requests.ts';
import { useModels, useSession } from '../../session/session.tsx';
import { setPendingSettings } from '../../settings/initial-settings.ts';
import { PictureWalk } from '../../viewer/picture-dialog.tsx';
import { saveStudy } from '../study.ts';
import { labelOf } from './axes.ts';
import { type Cell, imageOf, isMissing, type Sheet, studyOfCells, titleOfCell } from './sheet.ts';
import { SheetForm } from './sheet-form.tsx';
import { useSheet } from './use-sheet.ts';
import '../../styles/sheet.css';

/** Pictures in rows and columns, along each of which one setting varies. */
export function SheetView() {
  const { client } = useSession();
  const models = useModels();
  const { sheet, problem, isKept, begin, stop, resume, keep, end } = useSheet(client);
  const [first, ...others] = models.reply ?? [];
  return (
    <>
      <p className="quiet">
        The same prompt with two settings varied, as one labelled sheet. Its pictures are in the gallery, too.
      </p>
      <LoadError problem={models.problem} retry={models.retry} />
      <LoadError problem={problem} retry={resume} />
      {!isKept && (
        <Notice kind="hint">
          This sheet is too large for the browser's storage, for example because of its start image: it is lost when you
          reload the page.
        </Notice>
      )}
      {sheet === undefined && first !== undefined && <SheetForm models={[first, ...others]} onBegin={begin} />}
      {sheet !== undefined && <SheetBox sheet={sheet} onStop={stop} onResume={resume} onChange={keep} onEnd={end} />}
    </>
  );
}

interface SheetBoxProps {
  readonly sheet: Sheet;
  readonly onStop: () => void;
  readonly onResume: () => void;
  readonly onChange: (job: Job) => void;
  readonly onEnd: () => void;
}

function SheetBox({ sheet, onStop, onResume, onChange, onEnd }: SheetBoxProps) {
  const [chosen, setChosen] = useState<readonly number[]>([]);
  const [opened, setOpened] = useState<number>();
  const missing = sheet.cells.filter(isMissing).length;
  const failed = sheet.cells.filter(({ failure }) => failure !== undefined).length;
  const total = sheet.cells.length;
  const toggle = (index: number) =>
    setChosen(chosen.includes(index) ? chosen.filter((each) => each !== index) : [...chosen, index].slice(-2));
  return (
    <section className="card stack" aria-label="Sheet">
      <p className="prompt" dir="auto">
        {sheet.base.prompt}
      </p>
      <div className="row wrap">
        {missing > 0 && !sheet.isStopped && (
          <>
            <progress value={total - missing} max={total} aria-label="Pictures of the sheet" />
            <span>
              {total - missing} of {total}
            </span>
            <ConfirmButton question={`Cancel ${missing} pictures?`} onConfirm={onStop}>
              Cancel all
            </ConfirmButton>
          </>
        )}
        <span role="status">
          {missing === 0 && (failed === 0 ? 'The sheet is complete.' : `Done; ${failed} of ${total} failed.`)}
          {missing > 0 && sheet.isStopped && `Cancelled; ${missing} of ${total} are missing.`}
        </span>
        {(sheet.isStopped || (missing === 0 && failed > 0)) && missing + failed > 0 && (
          <button type="button" onClick={onResume}>
            Generate what is missing
          </button>
        )}
        <Download sheet={sheet} />
        <CompareChosen sheet={sheet} chosen={chosen} />
        <ConfirmButton question="Discard this sheet?" onConfirm={onEnd}>
          New sheet
        </ConfirmButton>
      </div>
      <Grid sheet={sheet} chosen={chosen} onChoose={toggle} onOpen={setOpened} />
      {opened !== undefined && (
        <OpenedCell
          sheet={sheet}
          index={opened}
          onIndex={setOpened}
          onChange={onChange}
          onClose={() => setOpened(undefined)}
        />
      )}
    </section>
  );
}

/** Two cells go to the arena, for a vote without knowing which is which. */
function CompareChosen({ sheet, chosen }: { readonly sheet: Sheet; readonly chosen: readonly number[] }) {
  const [first, second] = chosen;
  if (first === undefined || second === undefined) return null;
  const send = () => {
    const study = studyOfCells(sheet, first, second);
    if (study === undefined) return;
    saveStudy(study);
    go(addressOf('arena'));
  };
  return (
    <ConfirmButton question="Replace the comparison in the arena?" onConfirm={send}>
      Vote blind on these two
    </ConfirmButton>
  );
}

function Download({ sheet }: { readonly sheet: Sheet }) {
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const download = async () => {
    setBusy(true);
    setProblem(undefined);
    try {
      const { sheetFile } = await import('./sheet-file.ts');
      saveFile(await sheetFile(sheet), `sheet-${sheet.base.seed ?? 0}.png`);
    } catch (error) {
      setProblem(messageOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <button
        type="button"
        disabled={isBusy || !sheet.cells.some(({ job }) => job !== undefined)}
        onClick={() => void download()}
      >
        Download as PNG
      </button>
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
    </>
  );
}

interface GridProps {
  readonly sheet: Sheet;
  readonly chosen: readonly number[];
  readonly onChoose: (index: number) => void;
  readonly onOpen: (index: number) => void;
}

function Grid({ sheet, chosen, onChoose, onOpen }: GridProps) {
  const { x, y, cells } = sheet;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard
    <div className="scroll" tabIndex={0}>
      <table className="xy-sheet">
        <caption className="visually-hidden">Pictures of the sheet</caption>
        <thead>
          <tr>
            <td />
            {x.values.map((value, column) => (
              <th key={value} scope="col" dir="auto">
                {labelOf(x, column)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {y.values.map((value, row) => (
            <tr key={value}>
              <th scope="row" dir="auto">
                {labelOf(y, row)}
              </th>
              {x.values.map((other, column) => {
                const index = row * x.values.length + column;
                return (
                  <td key={other}>
                    <CellBox
                      sheet={sheet}
                      cell={cells[index] ?? {}}
                      index={index}
                      isChosen={chosen.includes(index)}
                      onChoose={() => onChoose(index)}
                      onOpen={() => onOpen(index)}
                    />
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface CellBoxProps {
  readonly sheet: Sheet;
  readonly cell: Cell;
  readonly index: number;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
  readonly onOpen: () => void;
}

function CellBox({ sheet, cell, index, isChosen, onChoose, onOpen }: CellBoxProps) {
  const title = titleOfCell(sheet, index);
  const { width, height } = sheet.base;
  const image = imageOf(cell);
  if (image === undefined) {
    return (
      <div className="canvas" style={{ aspectRatio: `${width} / ${height}` }}>
        <small className={cell.failure === undefined ? 'quiet' : 'wrong'}>
          {cell.failure ?? (sheet.isStopped ? 'cancelled' : '…')}
        </small>
      </div>
    );
  }
  return (
    <div className={isChosen ? 'tile chosen' : 'tile'}>
      <button type="button" className="picture" aria-label={`Open ${title}`} onClick={onOpen}>
        <img {...listedSource(image, '14rem')} alt={title} width={image.width} height={image.height} loading="lazy" />
      </button>
      <button
        type="button"
        className="choose"
        aria-pressed={isChosen}
        aria-label={`Choose ${title} for the arena`}
        title="Choose two for the arena"
        onClick={onChoose}
      >
        <CompareIcon />
      </button>
    </div>
  );
}

interface OpenedCellProps {
  readonly sheet: Sheet;
  readonly index: number;
  readonly onIndex: (index: number) => void;
  readonly onChange: (job: Job) => void;
  readonly onClose: () => void;
}

/** The viewer, which walks through the pictures of the sheet row by row. */
function OpenedCell({ sheet, index, onIndex, onChange, onClose }: OpenedCellProps) {
  const { start } = useRuns();
  const pictures = sheet.cells.flatMap((cell) => {
    const image = imageOf(cell);
    return cell.job === undefined || image === undefined ? [] : [{ job: cell.job, image }];
  });
  const shown = imageOf(sheet.cells[index])?.id;
  if (shown === undefined) return null;
  return (
    <PictureWalk
      pictures={pictures}
      shown={shown}
      onShow={({ image }) => onIndex(sheet.cells.findIndex((cell) => imageOf(cell)?.id === image.id))}
      onClose={onClose}
      onChange={onChange}
      onUse={(settings) => {
        setPendingSettings(settings);
        go(addressOf('playground'));
      }}
      onMake={(request) => {
        start(request);
        go(addressOf('playground'));
      }}
    />
  );
}
