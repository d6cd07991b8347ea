#!/usr/bin/env node
/**
 * Runs the bundles beside it with V8's code cache, which saves compiling them at each start. A missing, broken or foreign
 * cache costs time and nothing else. The build writes the bundles' hash into the copy that is shipped.
 */
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');

const BUNDLE_HASH = '__BUNDLE_HASH__';
/** What these run of a bundle differs so much that each has a cache of its own. */
const COMMANDS = ['serve', 'stdio'];
/** A server that is never asked to end writes its cache after so long. */
const SAVE_AFTER_MS = 10_000;
const OBSOLETE_AFTER_MS = 60 * 24 * 3_600_000;

const command = COMMANDS.includes(process.argv[2]) ? process.argv[2] : 'cli';
const loaded = new Map();
const folders = [() => `${__dirname}/cache`, userCacheFolder];

const loadProgram = () => load('tooldex');
if (command === 'stdio') load('tooldex-stdio').start(loadProgram);
else loadProgram().start();

function load(name) {
  const file = `${__dirname}/${name}.cjs`;
  const cacheName = `${BUNDLE_HASH}-${process.version}-${process.arch}-${command}-${name.replace('/', '-')}`;
  const cachedData = readCache(cacheName);
  const script = new vm.Script(sourceOf(file), { filename: file, cachedData });
  if (cachedData === undefined || script.cachedDataRejected) saveOnce(script, cacheName);
  const module = { exports: {} };
  loaded.set(name, module);
  script.runInThisContext().call(module.exports, module.exports, requireFromBundle, module, file, path.dirname(file));
  return module.exports;
}

/** The bundles of packages have code caches too; everything else is Node's. */
function requireFromBundle(id) {
  const [, name] = /^\.\/(lib\/[\w-]+)\.cjs$/.exec(id) ?? [];
  if (name === undefined) return require(id);
  return loaded.has(name) ? loaded.get(name).exports : load(name);
}

/** A function of what a module is given. It is pure ASCII, so that its bytes are its characters. */
function sourceOf(file) {
  return fs.readFileSync(file, 'latin1');
}

function readCache(cacheName) {
  for (const folder of folders) {
    try {
      return fs.readFileSync(`${folder()}/${cacheName}`);
    } catch {
      // The next folder may have it; none having it is the first start.
    }
  }
  return undefined;
}

/** Not before the end (or a while later), for then the cache holds the functions that this command really runs. */
function saveOnce(script, cacheName) {
  const save = () => {
    clearTimeout(timer);
    process.off('exit', save);
    const data = script.createCachedData();
    folders.some((folder) => write(folder, cacheName, data));
  };
  const timer = setTimeout(save, SAVE_AFTER_MS).unref();
  process.on('exit', save);
}

/** Others may write the same file at the same time: each writes its own and renames it. */
function write(folder, cacheName, data) {
  try {
    const target = `${folder()}/${cacheName}`;
    const unfinished = `${target}.${process.pid}`;
    fs.mkdirSync(folder(), { recursive: true });
    fs.writeFileSync(unfinished, data, { mode: 0o600 });
    fs.renameSync(unfinished, target);
    dropObsolete(folder());
    return true;
  } catch {
    return false;
  }
}

function dropObsolete(folder) {
  const oldest = Date.now() - OBSOLETE_AFTER_MS;
  for (const name of fs.readdirSync(folder)) {
    if (fs.statSync(`${folder}/${name}`).mtimeMs < oldest) fs.rmSync(`${folder}/${name}`, { force: true });
  }
}

/** The user's own folder, never a shared one: who can write a code cache can run code. */
function userCacheFolder() {
  const { XDG_CACHE_HOME } = process.env;
  if (XDG_CACHE_HOME?.startsWith('/')) return `${XDG_CACHE_HOME}/tooldex`;
  const home = require('node:os').homedir();
  return `${home}/.cache/tooldex`;
}
