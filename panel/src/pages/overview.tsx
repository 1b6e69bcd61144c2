// What a person wants to know first: how full the plan is, who came in, what happened, whether all is well.
import { api } from '../api/client';
import { pageOf, useLoad } from '../api/query';
import { href } from '../app/router';
import { may, useSession } from '../app/session';
import { Badge, Card, Empty, Loading, Page, Trouble } from '../ui/basics';
import { BarChart } from '../ui/chart';
import { number } from '../ui/format';
import { AuditRows } from './audit';
import type { AuditRow } from './audit';

const DAYS = 14;

function Usage() {
  const { data, error, reload } = useLoad((signal) => api.get('/api/v1/usage', { signal }));
  if (error) return <Trouble problem={error} retry={reload} />;
  if (!data) return <Loading rows={2} />;
  return (
    <div class="meters">
      {data.data.limits.map(({ limit, used, max }) => {
        const part = max ? Math.min(1, used / max) : 0;
        return (
          <div key={limit} class="meter-box">
            <p class="meter-name"><span>{limit}</span><span><b>{number(used)}</b>{max === null ? ', no limit' : ` of ${number(max)}`}</span></p>
            {max !== null && <meter aria-label={`${limit} in use`} min={0} max={max} value={used} class={part >= 0.9 ? 'full' : ''} />}
            {part >= 1 && <p class="help">The plan is full: remove some, or ask your provider for a larger one.</p>}
          </div>
        );
      })}
    </div>
  );
}

function SignIns() {
  const { data, error, reload } = useLoad((signal) => api.get('/api/v1/activity', { query: { days: DAYS }, signal }));
  if (error) return <Trouble problem={error} retry={reload} />;
  if (!data) return <Loading rows={4} />;
  const label = (date: string): string => new Date(`${date}T00:00:00Z`).toLocaleDateString('en', { day: 'numeric', month: 'short', timeZone: 'UTC' });
  const bars = data.data.map(({ date, sign_ins, refusals }) => ({ label: label(date), good: sign_ins, bad: refusals }));
  return <BarChart title={`Sign-ins and refusals of the last ${DAYS} days`} bars={bars} good="Sign-ins" bad="Refusals" />;
}

function Recent() {
  const { data, error, reload } = useLoad(async (signal) => pageOf<AuditRow>(await api.get('/api/v1/audit', { query: { per_page: 8 }, signal })));
  if (error) return <Trouble problem={error} retry={reload} />;
  if (!data) return <Loading />;
  return data.rows.length ? <AuditRows rows={data.rows} /> : <Empty title="Nothing has happened yet." />;
}

function Health() {
  const { data, error } = useLoad((signal) => api.get('/readyz', { signal }));
  if (error) return <Badge tone="bad">Server: {error.message}</Badge>;
  return data ? <Badge tone="good">Server and database answer</Badge> : <Badge>Asking the server…</Badge>;
}

export function Overview() {
  const { me } = useSession();
  if (!me) return null;
  const mayAudit = may('audit.view');
  return (
    <Page title="Overview" note={<>{me.tenant.name} · plan <b>{me.tenant.plan}</b></>} actions={<Health />}>
      {may('settings.manage') && <Card title="Plan"><Usage /></Card>}
      {mayAudit && <Card title="Sign-ins"><SignIns /></Card>}
      {mayAudit && <Card title="Lately" flush actions={<a href={href('/audit')}>The whole log</a>}><Recent /></Card>}
      {!mayAudit && !may('settings.manage') && (
        <Card><Empty title={`Welcome, ${me.user.name}.`}>Your role here is {me.role.name}. The menu shows what it lets you do.</Empty></Card>
      )}
    </Page>
  );
}
