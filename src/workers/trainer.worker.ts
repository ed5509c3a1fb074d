/** @file The worker's script: it owns the GPU and is the only writer of runs. */
import * as Comlink from 'comlink';
import { RunStore } from '../store/run_store.ts';
import { strictStore } from '../store/strict_store.ts';
import { CHECKPOINT_DATABASE, CHECKPOINT_STORE } from './saved_run.ts';
import { Trainer } from './trainer.ts';

Comlink.expose(
  new Trainer(new RunStore(strictStore(CHECKPOINT_DATABASE, CHECKPOINT_STORE), Date.now), Date.now),
);
