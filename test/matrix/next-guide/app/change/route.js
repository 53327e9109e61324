/** Revalidates the tag of all times. */
import { revalidateTag } from 'next/cache';

export async function GET() {
  revalidateTag('times', { expire: 0 });
  return Response.json({});
}
