// Conversations with contacts: all of them as a list, those of one contact in its drawer, and the messages of one.
import { api } from '../../api/client';
import type { Answer } from '../../api/client';
import { pageOf, useLoad, usePages } from '../../api/query';
import { href } from '../../app/router';
import { may } from '../../app/session';
import { Badge, Button, Empty, Loading, Trouble } from '../../ui/basics';
import type { Tone } from '../../ui/basics';
import { Form, labelOf, useFields } from '../../ui/form';
import type { Values } from '../../ui/form';
import { at, number, when } from '../../ui/format';
import { Picker } from '../../ui/picker';
import { tell } from '../../ui/toast';
import { recordApi, searchIn } from '../records/record_api';
import type { RowIn } from '../records/record_api';
import { RecordList } from '../records/record_list';
import type { Kind } from '../records/record_list';
import { contacts, nameOf } from './contact';

export const conversations = recordApi('/api/conversations', '/api/conversations/{id}');
type Conversation = RowIn<typeof conversations>;
type Message = Answer<'/api/conversations/{id}/messages'>['data'][number];

const kind: Kind = {
  one: 'conversation', many: 'conversations', schema: 'Conversation', create: 'conversations.create', edit: 'conversations.create', remove: 'conversations.create',
};
const directions: Record<Message['direction'], { name: string; tone: Tone }> = {
  outbound: { name: 'To them', tone: 'accent' }, inbound: { name: 'From them', tone: 'good' }, internal: { name: 'Note among colleagues', tone: 'quiet' },
};
const directionChoices = Object.entries(directions).map(([value, { name }]) => ({ value, name }));
const statuses = ['open', 'closed'].map((value) => ({ value, name: labelOf(value) }));

function Write({ conversation, onDone }: { conversation: Conversation; onDone: () => void }) {
  const fields = useFields('MessageCreate', [
    { name: 'body', label: 'Message', kind: 'area', help: '' }, { name: 'direction', required: true, choices: directionChoices, help: '' },
  ]);
  const send = async (values: Values): Promise<void> => {
    await api.post('/api/conversations/{id}/messages', { path: { id: conversation.id }, body: values as never });
    tell('The message is there.');
    onDone();
  };
  return fields ? <Form compact fields={fields} initial={{ direction: 'outbound' }} submit="Add message" onSubmit={send} /> : null;
}

// The newest first: it is what one looks for, and where one's own appears.
function Messages({ conversation, refresh }: { conversation: Conversation; refresh: () => void }) {
  const pages = usePages<Message>((cursor, signal) => api.get('/api/conversations/{id}/messages', { path: { id: conversation.id }, query: { cursor, limit: 25, sort: '-id' } as never, signal }));
  const { data, error, reload } = pages;
  return (
    <section class="thread">
      <h3>Messages <small>{number(conversation.messageCount)}</small></h3>
      {may('conversations.create') && <Write conversation={conversation} onDone={() => { reload(); refresh(); }} />}
      {error && <Trouble problem={error} retry={reload} />}
      {!data && !error && <Loading rows={2} />}
      {data && !data.rows.length && <Empty title="No messages yet." />}
      <ol class="history" aria-label="Messages">
        {data?.rows.map(({ id, direction, sentAt, body }) => (
          <li key={id}><Badge tone={directions[direction].tone}>{directions[direction].name}</Badge> <small>{at(sentAt)}</small><p class="message">{body}</p></li>
        ))}
      </ol>
      {(pages.back || pages.forward) && (
        <div class="actions">
          {pages.back && <Button small onClick={pages.back}>Newer messages</Button>}
          {pages.forward && <Button small onClick={pages.forward}>Older messages</Button>}
        </div>
      )}
    </section>
  );
}

// In a contact's drawer: its conversations, each a link to itself.
export function ConversationsOf({ contactId }: { contactId: string }) {
  const { data, error } = useLoad(async (signal) => pageOf<Conversation>(await conversations.list({ contactId, limit: 10 }, signal)), [contactId]);
  if (error) return <Trouble problem={error} />;
  if (!data) return <Loading rows={2} />;
  return (
    <section>
      <h3>Conversations</h3>
      {!data.rows.length && <p class="note">None yet.</p>}
      <ol class="history">
        {data.rows.map(({ id, subject, status, lastMessageAt }) => (
          <li key={id}><a href={href('/contacts/conversations', { id })}>{subject}</a> <Badge tone={status === 'open' ? 'good' : 'quiet'}>{status}</Badge> <small>{when(lastMessageAt)}</small></li>
        ))}
      </ol>
    </section>
  );
}

const searchContacts = searchIn(contacts as never, {}, (row) => ({ value: String(row.id), name: nameOf(row as never) }));

export function Conversations() {
  return (
    <RecordList kind={kind} records={conversations} nameOf={({ subject }) => subject}
      filters={[{ name: 'status', label: 'Status', any: 'Every status', choices: statuses }]}
      columns={[
        { name: 'Subject', cell: ({ subject }) => <b>{subject}</b> },
        { name: 'Channel', cell: ({ channel }) => channel, minor: true },
        { name: 'Status', cell: ({ status }) => <Badge tone={status === 'open' ? 'good' : 'quiet'}>{status}</Badge> },
        { name: 'Messages', cell: ({ messageCount }) => messageCount },
        { name: 'Last message', cell: ({ lastMessageAt }) => when(lastMessageAt), minor: true },
      ]}
      fields={(row) => [
        ...(row ? [] : [{
          name: 'contactId', label: 'Contact', required: true,
          custom: (value: unknown, set: (value: string | null) => void, id: string) => (
            <Picker id={id} value={value as string} search={searchContacts} onPick={(choice) => set(choice?.value ?? null)} />
          ),
        }]),
        { name: 'subject' }, { name: 'channel', required: true }, { name: 'status', required: true },
      ]}
      initial={{ channel: 'email', status: 'open' }}
      inside={(row, _, refresh) => <Messages conversation={row} refresh={refresh} />} />
  );
}
