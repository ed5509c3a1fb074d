/** @file The workbench's script: a worker of its own, so that closing it gives back all that the model held. */
import * as Comlink from 'comlink';
import { Workbench } from './workbench.ts';

Comlink.expose(new Workbench(() => performance.now()));
