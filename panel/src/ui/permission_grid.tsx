// All permissions by group as check boxes: for roles, and for the scopes of API keys.
import { useId } from 'preact/hooks';

export interface PermissionGroup {
  group: string;
  permissions: { name: string; description: string }[];
}

export function PermissionGrid({ groups, chosen, onChange, mayGive, readOnly }: {
  groups: PermissionGroup[]; chosen: string[]; onChange?: (chosen: string[]) => void; mayGive?: (name: string) => boolean; readOnly?: boolean;
}) {
  const id = useId();
  const set = (names: string[], on: boolean): void => onChange?.(on ? [...new Set([...chosen, ...names])] : chosen.filter((name) => !names.includes(name)));
  const mayChange = (name: string): boolean => !readOnly && (!mayGive || mayGive(name) || chosen.includes(name));
  return (
    <div class="grid-groups">
      {groups.map(({ group, permissions }) => {
        const names = permissions.map(({ name }) => name).filter(mayChange);
        const all = names.length > 0 && names.every((name) => chosen.includes(name));
        return (
          <fieldset key={group}>
            <legend>
              <label class="check-line">
                <input type="checkbox" checked={all} disabled={readOnly || !names.length} onChange={(event) => set(names, event.currentTarget.checked)} />
                <b>{group}</b><span class="hidden"> (all)</span>
              </label>
              <small>{permissions.filter(({ name }) => chosen.includes(name)).length} of {permissions.length}</small>
            </legend>
            {permissions.map(({ name, description }) => (
              <label key={name} class="check-line" title={mayChange(name) || readOnly ? undefined : 'You lack this permission yourself'}>
                <input type="checkbox" checked={chosen.includes(name)} disabled={!mayChange(name)} aria-describedby={`${id}-${name}`}
                  onChange={(event) => set([name], event.currentTarget.checked)} />
                <span><span class="mono">{name}</span><small id={`${id}-${name}`}>{description}</small></span>
              </label>
            ))}
          </fieldset>
        );
      })}
    </div>
  );
}

const GROUPS: [string, RegExp][] = [
  ['assets', /^(assets|categories|locations|employees|users|reports|settings)\./],
  ['team', /^team\./],
  ['crm', /^(contacts|conversations|departments)\./],
  ['spaces', /^(bookings|events|passes|members|checkins|displays)\./],
];

// For those who may not read the list of all permissions: their own, by the rooms they belong to.
export function groupPermissions(names: string[]): PermissionGroup[] {
  const groupOf = (name: string): string => GROUPS.find(([, pattern]) => pattern.test(name))?.[0] ?? 'admin';
  return [...new Set(names.map(groupOf))].map((group) => ({
    group, permissions: names.filter((name) => groupOf(name) === group).map((name) => ({ name, description: '' })),
  }));
}
