// A contact as the API tells it, and its name.
import { recordApi } from '../records/record_api';
import type { RowIn } from '../records/record_api';

export const contacts = recordApi('/api/contacts', '/api/contacts/{id}');
export type Contact = RowIn<typeof contacts>;

export const nameOf = ({ firstName, lastName }: Contact): string => [firstName, lastName].filter(Boolean).join(' ');
