// What went wrong, as the server says it (RFC 9457), and what a person can do about it.

export interface FieldError {
  field: string;
  detail: string;
}

interface ProblemBody {
  type?: string;
  title?: string;
  detail?: string;
  instance?: string;
  errors?: FieldError[];
  required_permission?: string;
  limit?: string;
  used?: number;
  max?: number;
  plan?: string;
}

export class Problem extends Error {
  readonly word: string; // "plan-limit": never changes
  readonly fields: FieldError[];

  constructor(
    readonly status: number, // 0: the server was not reached
    readonly body: ProblemBody,
    readonly retryAfter = 0, // seconds
  ) {
    super(body.detail ?? body.title ?? 'The server could not be reached.');
    this.word = body.type?.replace('urn:tether:error:', '') ?? '';
    this.fields = body.errors ?? [];
  }
}

export async function problemOf(reply: Response): Promise<Problem> {
  let body: ProblemBody = { title: reply.statusText || `The server answered ${reply.status}.` };
  try {
    if (/json/.test(reply.headers.get('content-type') ?? '')) body = await reply.json() as ProblemBody;
  } catch {
    // The status has to do.
  }
  return new Problem(reply.status, body, Number(reply.headers.get('retry-after') ?? 0));
}

function seconds(n: number): string {
  if (n > 120) return `${Math.ceil(n / 60)} minutes`;
  return n === 1 ? '1 second' : `${n} seconds`;
}

// A sentence that says what to do.
export function advice(problem: Problem): string {
  const { body } = problem;
  switch (problem.status) {
    case 0:
      return 'The server could not be reached. Check the connection and try again.';
    case 401:
      return problem.word === 'credentials' ? 'Incorrect email or password.' : problem.message;
    case 402:
      return `The plan “${body.plan}” is full: ${body.used} of ${body.max} ${body.limit} are in use. `
        + 'Remove some, or ask your provider for a larger plan.';
    case 403:
      return body.required_permission
        ? `This needs the permission ${body.required_permission}. Ask an administrator of your team for it.`
        : problem.message;
    case 429:
      return `${/^Too many/.test(problem.message) ? problem.message.replace(/\..*/s, '') : 'Too many requests'}. `
        + `Try again in ${seconds(problem.retryAfter || 60)}.`;
    case 503:
      return `The server is busy. Try again in ${seconds(problem.retryAfter || 1)}.`;
    case 500:
      return `Something went wrong on the server. If it stays so, tell your provider the number ${body.instance}.`;
    default:
      return problem.fields.length ? problem.fields.map(({ detail }) => detail).join(' ') : problem.message;
  }
}
