/** @file Where the page begins. */
import { render } from 'preact';
import { App } from './app.tsx';
import { openPage } from './state/session.ts';

render(<App />, document.getElementById('page')!);
void openPage();
