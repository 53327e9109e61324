/** Says when its text was made, which is kept by `'use cache'` until its tag is revalidated. */
import { cacheLife, cacheTag } from 'next/cache';
import { Suspense } from 'react';

async function madeAt(path) {
  'use cache';
  cacheTag('times');
  cacheLife('hours');
  return `${path.length} ${Date.now()}`;
}

async function Text({ params }) {
  const { path } = await params;
  return <p>{`made ${await madeAt(path.join('/'))} made`}</p>;
}

export default function Page({ params }) {
  return (
    <Suspense>
      <Text params={params} />
    </Suspense>
  );
}
