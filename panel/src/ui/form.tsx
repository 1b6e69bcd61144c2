// Forms from rows of fields. useFields() makes the rows from a schema of the OpenAPI document, so that names, bounds and
// help are the server's; a page adds labels and choices. The server's word per field stands under the field.
import type { ComponentChildren } from 'preact';
import { useId, useRef, useState } from 'preact/hooks';
import { typeOf, useSchema } from '../api/document';
import type { Schema } from '../api/document';
import { advice, Problem } from '../api/problem';
import { Button } from './basics';
import { Icon } from './icon';

export type Value = string | number | boolean | string[] | null | undefined;
export type Values = Record<string, Value>;

export interface Choice {
  value: string;
  name: string;
}

export interface Field {
  name: string;
  label: string;
  kind: 'text' | 'email' | 'password' | 'number' | 'checkbox' | 'choice' | 'time' | 'date' | 'area' | 'colour';
  required?: boolean;
  nullable?: boolean; // what is emptied becomes null
  max?: number | undefined;
  least?: number | undefined;
  most?: number | undefined;
  help?: string | undefined;
  choices?: Choice[] | undefined;
  numeric?: boolean; // its choices are ids
  autocomplete?: string;
  placeholder?: string;
  custom?: (value: Value, set: (value: Value) => void, id: string) => ComponentChildren;
}

export type FieldHint = Partial<Field> & { name: string };

function kindOf(schema: Schema): Field['kind'] {
  const type = typeOf(schema);
  if (schema.enum) return 'choice';
  if (schema.format === 'email') return 'email';
  if (schema.format === 'password') return 'password';
  if (schema.format === 'date-time') return 'time';
  if (schema.format === 'date') return 'date';
  if (type === 'integer' || type === 'number') return 'number';
  return type === 'boolean' ? 'checkbox' : 'text';
}

export function labelOf(name: string): string {
  const words = name.replace(/([a-z])([A-Z])/g, '$1 $2').replace(/_/g, ' ').replace(/ (id|at)$/, '').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function fieldOf(hint: FieldHint, schema: Schema | undefined, required: boolean): Field {
  const made: Field = { name: hint.name, label: labelOf(hint.name), kind: schema ? kindOf(schema) : 'text', required };
  if (schema) {
    const choices = schema.enum?.filter((value) => value !== null).map((value) => ({ value, name: labelOf(value) }));
    Object.assign(made, { nullable: [schema.type].flat().includes('null'), max: schema.maxLength, least: schema.minimum, most: schema.maximum, help: schema.description, choices });
  }
  return { ...made, ...hint };
}

// The hints choose the fields and their order. undefined while the document is on its way.
export function useFields(schemaName: string, hints: FieldHint[]): Field[] | undefined {
  const schema = useSchema(schemaName);
  return schema && hints.map((hint) => fieldOf(hint, schema.properties?.[hint.name], Boolean(schema.required?.includes(hint.name))));
}

// ---- one field ----

const toLocal = (iso: string): string => {
  const time = new Date(iso);
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
};

function Input({ field, value, set, id, describedBy, wrong }: {
  field: Field; value: Value; set: (value: Value) => void; id: string; describedBy: string | undefined; wrong: boolean;
}) {
  const common = { id, name: field.name, required: field.required, 'aria-invalid': wrong || undefined, 'aria-describedby': describedBy };
  const text = value === null || value === undefined ? '' : String(value);
  switch (field.kind) {
    case 'checkbox':
      return <input {...common} required={false} type="checkbox" checked={Boolean(value)} onChange={(event) => set(event.currentTarget.checked)} />;
    case 'choice':
      return (
        <select {...common} value={text} onChange={(event) => set(field.numeric && event.currentTarget.value ? Number(event.currentTarget.value) : event.currentTarget.value)}>
          {(!field.required || text === '') && <option value="">{field.placeholder ?? (field.required ? 'Choose…' : 'None')}</option>}
          {field.choices?.map((choice) => <option key={choice.value} value={choice.value}>{choice.name}</option>)}
        </select>
      );
    case 'area':
      return <textarea {...common} rows={4} maxLength={field.max} value={text} onInput={(event) => set(event.currentTarget.value)} />;
    case 'time':
      return <input {...common} type="datetime-local" value={text && toLocal(text)}
        onInput={(event) => set(event.currentTarget.value ? new Date(event.currentTarget.value).toISOString() : null)} />;
    case 'number':
      return <input {...common} type="number" step="any" min={field.least} max={field.most} value={text} placeholder={field.placeholder}
        onInput={(event) => set(event.currentTarget.value === '' ? null : Number(event.currentTarget.value))} />;
    case 'colour':
      return (
        <span class="joined">
          <input type="color" aria-label={`${field.label}, picked`} value={/^#[0-9a-f]{6}$/i.test(text) ? text : '#3b5bdb'}
            onInput={(event) => set(event.currentTarget.value)} />
          <input {...common} class="mono" value={text} placeholder="#3b5bdb" onInput={(event) => set(event.currentTarget.value)} />
        </span>
      );
    default:
      return <input {...common} type={field.kind} maxLength={field.max} value={text} placeholder={field.placeholder}
        autocomplete={field.autocomplete ?? (field.kind === 'password' ? 'current-password' : 'off')} onInput={(event) => set(event.currentTarget.value)} />;
  }
}

export function FieldRow({ field, value, set, error }: { field: Field; value: Value; set: (value: Value) => void; error?: string | undefined }) {
  const id = useId();
  const note = error ?? field.help;
  const describedBy = note ? `${id}-note` : undefined;
  const input = field.custom
    ? field.custom(value, set, id)
    : <Input field={field} value={value} set={set} id={id} describedBy={describedBy} wrong={Boolean(error)} />;
  const isCheck = field.kind === 'checkbox' && !field.custom;
  return (
    <div class={`field${isCheck ? ' check' : ''}${error ? ' wrong' : ''}`}>
      {isCheck && input}
      <label for={id}>{field.label}{!field.required && !isCheck && <small> (optional)</small>}</label>
      {!isCheck && input}
      {note && <p id={`${id}-note`} class={error ? 'error' : 'help'}>{note}</p>}
    </div>
  );
}

// ---- the whole ----

function isNothing(value: Value): boolean {
  return value === null || value === undefined || value === '';
}

function isSame(a: Value, b: Value): boolean {
  return isNothing(a) ? isNothing(b) : JSON.stringify(a) === JSON.stringify(b);
}

// What the person changed, as the API takes it: an empty optional value is null.
function cleaned(fields: Field[], values: Values, before: Values | undefined): Values {
  const result: Values = {};
  for (const { name, nullable } of fields) {
    const value = values[name];
    if (before ? isSame(value, before[name]) : isNothing(value)) continue;
    result[name] = isNothing(value) ? (nullable === false ? '' : null) : value;
  }
  return result;
}

export interface FormProps {
  fields: Field[];
  submit: string;
  onSubmit: (values: Values) => Promise<void>;
  values?: Values; // what there is: then only changes are sent
  initial?: Values; // for something new
  compact?: boolean; // the last field and the button share a line
  keeps?: boolean; // what was sent stands on, as a question does
  onCancel?: () => void;
  onChange?: (values: Values) => void;
  children?: ComponentChildren;
}

// What the person typed is kept beside what there is, so that it stays while a page reads anew, whatever comes.
export function Form({ fields, submit, onSubmit, values: before, initial, compact, keeps, onCancel, onChange, children }: FormProps) {
  const [typed, setTyped] = useState<Values>({});
  const values = { ...initial, ...before, ...typed };
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);

  const set = (name: string, value: Value): void => {
    setTyped((now) => ({ ...now, [name]: value }));
    onChange?.({ ...values, [name]: value });
  };
  const errorOf = (name: string): string | undefined =>
    problem?.fields.filter(({ field }) => field === name || field.startsWith(`${name}.`)).map(({ detail }) => detail).join(' ') || undefined;
  const isToldBelow = problem?.fields.some(({ field }) => fields.some(({ name }) => field === name || field.startsWith(`${name}.`)));

  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    try {
      await onSubmit(cleaned(fields, values, before));
      if (!keeps) setTyped((now) => Object.fromEntries(Object.entries(now).filter(([name, value]) => value !== typed[name])));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setProblem(error);
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid], [role=alert]')?.focus());
    } finally {
      setBusy(false);
    }
  };
  return (
    <form ref={form} class={`form${compact ? ' compact' : ''}`} onSubmit={send}>
      {problem && !isToldBelow && (
        <div class="notice bad" role="alert" tabIndex={-1}><Icon name="warning" /><p class="grow">{advice(problem)}</p></div>
      )}
      {fields.map((field) => (
        <FieldRow key={field.name} field={field} value={values[field.name]} set={(value) => set(field.name, value)} error={errorOf(field.name)} />
      ))}
      {children}
      <div class="form-end">
        {onCancel && <Button onClick={onCancel}>Cancel</Button>}
        <Button kind="primary" type="submit" busy={busy}>{submit}</Button>
      </div>
    </form>
  );
}
