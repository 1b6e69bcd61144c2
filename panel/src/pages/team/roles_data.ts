// What several parts of the team page read: roles and permissions.
import { api } from '../../api/client';
import type { Answer } from '../../api/client';
import { useLoad } from '../../api/query';
import type { Choice } from '../../ui/form';

export type Role = Answer<'/api/v1/team/roles'>['data'][number];
export type Group = Answer<'/api/v1/team/permissions'>['data'][number];

export const readRoles = async (signal: AbortSignal): Promise<Role[]> =>
  (await api.get('/api/v1/team/roles', { query: { per_page: 200 } as never, signal })).data;

// Those that the person may give.
export function useRoleChoices(): Choice[] {
  const { data } = useLoad(readRoles);
  return (data ?? []).filter(({ assignable }) => assignable).map(({ slug, name }) => ({ value: slug, name }));
}

export const readPermissions = async (signal: AbortSignal): Promise<Group[]> =>
  (await api.get('/api/v1/team/permissions', { signal })).data;
