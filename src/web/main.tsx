/**
 * The page of `pageless/inspect`: starts the model and draws it.
 */
import { render } from 'preact';
import { App } from './app.tsx';
import { takeToken } from './connection.ts';
import { Model } from './model.ts';

const model = new Model(takeToken());

// Another address in the same tab: the browser does not load the page again by itself.
window.addEventListener('hashchange', () => {
  takeToken();
  location.reload();
});

// Nobody looks: the program need not be looked at either.
let wasHidden = false;
document.addEventListener('visibilitychange', () => {
  if (document.hidden && model.status === 'live') {
    wasHidden = true;
    model.pause();
  } else if (!document.hidden && wasHidden) {
    wasHidden = false;
    void model.run();
  }
});

const root = document.getElementById('app')!;
root.replaceChildren();
render(<App model={model} />, root);
void model.run();
