// The OpenAPI document at run time: forms are made of its field rows, so that bounds and help texts are the server's own.
import { useEffect, useState } from 'preact/hooks';

export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  description?: string;
  enum?: string[];
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  default?: unknown;
}

interface Document {
  components: { schemas: Record<string, Schema> };
}

let pending: Promise<Document> | undefined;

function load(): Promise<Document> {
  pending ??= fetch('/openapi.json', { headers: { accept: 'application/json' } }).then((reply) => {
    if (!reply.ok) throw new Error(`openapi.json: ${reply.status}`);
    return reply.json() as Promise<Document>;
  });
  pending.catch(() => { pending = undefined; });
  return pending;
}

const AGAIN_MS = 3_000, SELDOM_MS = 30_000;

// undefined until it is there; while it is wanted and does not come, it is asked for again.
export function useSchema(name: string): Schema | undefined {
  const [schema, setSchema] = useState<Schema>();
  useEffect(() => {
    let gone = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let pause = AGAIN_MS;
    const again = (): void => {
      timer = setTimeout(read, pause);
      pause = Math.min(2 * pause, SELDOM_MS);
    };
    const read = (): void => {
      load().then(
        (document) => { if (!gone) setSchema(document.components.schemas[name]); },
        () => { if (!gone) again(); },
      );
    };
    read();
    return () => { gone = true; clearTimeout(timer); };
  }, [name]);
  return schema;
}

export function typeOf(schema: Schema): string {
  const types = [schema.type ?? 'string'].flat();
  return types.find((type) => type !== 'null') ?? 'string';
}
