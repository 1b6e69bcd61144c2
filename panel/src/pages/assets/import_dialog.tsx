// Assets from a CSV file: choose it, see what would happen, write it.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Problem } from '../../api/problem';
import { may } from '../../app/session';
import { Button, Notice, Trouble } from '../../ui/basics';
import { ask, Dialog } from '../../ui/dialog';
import { FieldRow } from '../../ui/form';
import { Table } from '../../ui/table';
import { tell } from '../../ui/toast';
import { giveUp, run, sendFile } from './import_run';
import type { Existing, Import, Progress } from './import_run';

const ERRORS_SHOWN = 100;

interface Work {
  progress?: Progress | undefined; // something runs
  report?: Import | undefined; // of the last run
  problem?: Problem | undefined;
}

const counted = (n: number, what: string): string => `${n.toLocaleString('en')} ${what}`;

function summary({ result }: Import): string {
  const { created, updated, skipped } = result ?? { created: 0, updated: 0, skipped: 0 };
  const parts = [counted(created, 'new'), updated ? counted(updated, 'changed') : '', skipped ? counted(skipped, 'left as they are') : ''];
  return parts.filter(Boolean).join(', ');
}

function Errors({ report }: { report: Import }) {
  const more = report.errors.length - ERRORS_SHOWN;
  return (
    <>
      <Notice tone="bad"><p>{report.detail}</p></Notice>
      {report.errors.length > 0 && (
        <div class="framed">
          <Table label="What is wrong with the file" rows={report.errors.slice(0, ERRORS_SHOWN).map((error, key) => ({ ...error, key }))} keyOf={({ key }) => key}
            columns={[
              { name: 'Line', cell: ({ line }) => line, end: true },
              { name: 'Column', cell: ({ field }) => <span class="mono">{field ?? '–'}</span> },
              { name: 'What is wrong', cell: ({ message }) => message },
            ]} />
        </div>
      )}
      {more > 0 && <p class="help">And {counted(more, 'more')}.</p>}
    </>
  );
}

function Running({ progress }: { progress: Progress }) {
  return (
    <div role="status">
      <p>{progress.text}…</p>
      <progress aria-label="Progress of the import" {...(progress.done === undefined ? {} : { value: progress.done })} />
    </div>
  );
}

// It stays while something runs: a file input that is made anew has no file.
function Choose({ file, setFile, existing, setExisting, disabled }: {
  disabled: boolean; file: File | undefined; setFile: (file: File | undefined) => void; existing: Existing; setExisting: (existing: Existing) => void;
}) {
  const choices = [
    { value: 'refuse', name: 'Say so, and import nothing' }, { value: 'skip', name: 'Leave it as it is' },
    ...(may('assets.edit') ? [{ value: 'update', name: 'Change it to what the file says' }] : []),
  ];
  return (
    <fieldset class="form bare" disabled={disabled}>
      <FieldRow field={{
        name: 'file', label: 'CSV file', kind: 'text', required: true,
        help: file ? undefined : 'The first line names the columns, as in an export; only “name” must be there. Choose a file or drop it here.',
        custom: (_value, _set, id) => <input id={id} type="file" accept=".csv,text/csv" data-focus onChange={(event) => setFile(event.currentTarget.files?.[0])} />,
      }} value={null} set={() => {}} />
      <FieldRow field={{ name: 'existing', label: 'When a tag is there already', kind: 'choice', required: true, choices }} value={existing} set={(value) => setExisting(value as Existing)} />
    </fieldset>
  );
}

function Preview({ report }: { report: Import }) {
  if (report.status === 'failed') return <Errors report={report} />;
  return <Notice tone="good"><p>The file is in order: {summary(report)}. Nothing is written yet.</p></Notice>;
}

const rowsOf = (report: Import | undefined): number | undefined =>
  (report?.result ? report.result.created + report.result.updated + report.result.skipped : undefined);

// One import at a time, given up when the dialog goes before it is over.
function useImport(onDone: () => void) {
  const [work, setWork] = useState<Work>({});
  const sent = useRef<{ file: File; id: number }>();
  const abort = useRef(new AbortController());
  const forget = (): void => {
    if (sent.current) void giveUp(sent.current.id);
    sent.current = undefined;
  };
  useEffect(() => () => {
    abort.current.abort();
    forget();
  }, []);

  const start = async (file: File, isDry: boolean, existing: Existing): Promise<void> => {
    const rows = rowsOf(work.report);
    const { signal } = abort.current;
    const show = (progress: Progress): void => setWork({ progress });
    try {
      show({ text: 'Reading the file' });
      if (sent.current?.file !== file) {
        forget();
        sent.current = { file, id: await sendFile(file, show, signal) };
      }
      const report = await run(sent.current.id, isDry, existing, rows, show, signal);
      if (!isDry) sent.current = undefined;
      if (isDry || report.status === 'failed') return setWork({ report });
      tell(`The file is imported: ${summary(report)}.`);
      onDone();
    } catch (error) {
      if (!signal.aborted) setWork({ problem: error instanceof Problem ? error : new Problem(0, { detail: String(error) }) });
    }
  };
  return { ...work, start, reset: () => setWork({}) };
}

export function ImportDialog({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const [file, setFile] = useState<File>();
  const [existing, setExisting] = useState<Existing>('refuse');
  const { progress, report, problem, start, reset } = useImport(onDone);
  const isReady = report?.status === 'done';
  const close = async (): Promise<void> => {
    const question = { title: 'Give up the import?', text: 'Nothing of the file will be written.', confirm: 'Give up', danger: true };
    if (!progress || await ask(question)) onClose();
  };
  const begin = (isDry: boolean): unknown => file && start(file, isDry, existing);
  const ends: ComponentChildren = progress
    ? <Button onClick={close}>Give up</Button>
    : (
      <>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind={isReady ? 'plain' : 'primary'} disabled={!file} onClick={() => begin(true)}>Check the file</Button>
        {isReady && <Button kind="primary" icon="upload" onClick={() => begin(false)}>Import</Button>}
      </>
    );
  return (
    <Dialog title="Import assets" wide onClose={close}>
      <Choose disabled={Boolean(progress)} file={file} setFile={(chosen) => { setFile(chosen); reset(); }} existing={existing} setExisting={(how) => { setExisting(how); reset(); }} />
      {progress && <Running progress={progress} />}
      {report && <div role="status"><Preview report={report} /></div>}
      {problem && <Trouble problem={problem} />}
      <div class="form-end">{ends}</div>
    </Dialog>
  );
}
