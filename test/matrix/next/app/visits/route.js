/** A route handler that uses the cache: each answer counts one more. */
import { SharedCache } from 'pageless';

export const runtime = 'nodejs';
export const dynamic = 'force-dynamic';

export async function GET() {
  globalThis.visits ??= new SharedCache({ maxSize: '8MiB', values: 'json' });
  const count = (globalThis.visits.get('count') ?? 0) + 1;
  globalThis.visits.set('count', count);
  return Response.json({ count });
}
