// @ts-check
/** The thread in which the encoder runs, text by text, so that the gateway's own thread never waits for arithmetic. */
'use strict';
const { setPriority } = require('node:os');
const { parentPort, workerData } = require('node:worker_threads');
const { EncoderModel } = require('./encoder-model.cjs');

// Only Linux takes it for this thread alone.
if (process.platform === 'linux' && workerData.nice > 0) setPriority(workerData.nice);

const model = new EncoderModel(workerData);

parentPort?.on('message', (/** @type {import('./encoder-protocol.ts').EncoderRequest} */ { tokens }) => {
  const vector = model.embed(tokens);
  parentPort?.postMessage({ vector }, [vector.buffer]);
});
