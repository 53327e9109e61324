/** A page's worker. */
import { SharedCache } from 'pageless';

self.onmessage = ({ data }) => {
  const cache = SharedCache.attach(data);
  cache.set('from the worker', cache.get('from main'));
  self.postMessage('done');
};
