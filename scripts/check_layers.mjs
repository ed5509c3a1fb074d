/**
 * @file `node scripts/check_layers.mjs [FOLDER]` holds the layers of src/: imports point downwards only, and only
 * cli, store, ui and workers touch the host they run on. Everything else runs the same in a page and in a terminal.
 * Prints one line for each violation; exits with 1 if there is any.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, posix, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const LEAVES = ['formats', 'text', 'store'];
const ENGINE = ['gpu', 'ops', 'llama', 'train', 'authors'];
const METHODS = ['knowtuning', 'baselines'];

/** What each layer may import besides itself: everything below it. Methods evaluate before and after, but do not know each other. */
const MAY_IMPORT = {
  formats: [],
  text: ['formats'],
  store: ['formats'],
  ...Object.fromEntries(ENGINE.map((layer, i) => [layer, [...ENGINE.slice(0, i), 'formats', 'text']])),
  evaluate: [...ENGINE, 'formats', 'text'],
  ...Object.fromEntries(METHODS.map((layer) => [layer, ['evaluate', ...ENGINE, 'formats', 'text']])),
  workers: [...METHODS, 'evaluate', ...ENGINE, ...LEAVES],
  ui: ['workers', ...METHODS, 'evaluate', ...ENGINE, ...LEAVES],
  cli: [...METHODS, 'evaluate', ...ENGINE, ...LEAVES],
};

/** The shapes of what a model is and of what a tuner is given: files of types that leaves read and write. */
const CONTRACTS = ['llama/config.ts', 'train/tuner.ts'];

/** Whether a type may cross where a value may not; a store, for one, is handed down to the engine as an interface. */
function mayImportType(layer, target, file) {
  if (LEAVES.includes(layer)) return LEAVES.includes(target) || CONTRACTS.includes(file);
  return target === 'store';
}

/** Layers that may touch the host. */
const HOSTS = new Set(['cli', 'store', 'ui', 'workers']);

/** Packages that only work in one kind of host, or draw. */
const HOST_PACKAGES =
  /^(node:|webgpu$|idb-keyval$|comlink$|preact$|preact\/|@preact\/|uplot$|@picocss\/|@fontsource)/;
const NODE_MODULES = new Set(builtinModules);

const HOST_GLOBALS = new Set(
  `navigator document window self location history localStorage sessionStorage indexedDB caches process Buffer require
   Worker SharedWorker postMessage importScripts alert requestAnimationFrame`.split(/\s+/),
);

/** All imports of a source file: `{specifier, typeOnly, node}`; also re-exports, dynamic imports and worker URLs. */
function importsOf(source) {
  const found = [];
  const visit = (node) => {
    if (ts.isImportDeclaration(node)) {
      const clause = node.importClause;
      const named =
        clause?.namedBindings && ts.isNamedImports(clause.namedBindings)
          ? clause.namedBindings.elements
          : undefined;
      const allNamedAreTypes =
        !clause?.name && named !== undefined && named.length > 0 && named.every((e) => e.isTypeOnly);
      found.push({
        specifier: node.moduleSpecifier.text,
        typeOnly: clause?.isTypeOnly === true || allNamedAreTypes,
        node,
      });
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
      found.push({ specifier: node.moduleSpecifier.text, typeOnly: node.isTypeOnly, node });
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      found.push({ specifier: node.argument.literal.text, typeOnly: true, node });
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [argument] = node.arguments;
      if (argument && ts.isStringLiteralLike(argument))
        found.push({ specifier: argument.text, typeOnly: false, node });
    } else if (
      ts.isNewExpression(node) &&
      node.expression.getText(source) === 'URL' &&
      node.arguments?.length === 2
    ) {
      const [path, base] = node.arguments;
      if (
        ts.isStringLiteralLike(path) &&
        base.getText(source) === 'import.meta.url' &&
        /\.tsx?$/.test(path.text)
      )
        found.push({ specifier: path.text, typeOnly: false, node });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Names that the file itself declares: a parameter called `window` is not the browser's. */
function declaredNames(source) {
  const names = new Set();
  const visit = (node) => {
    if (ts.isTypeNode(node)) return;
    if (
      'name' in node &&
      node.name &&
      ts.isIdentifier(node.name) &&
      !ts.isPropertyAccessExpression(node) &&
      !isMember(node)
    )
      names.add(node.name.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return names;
}

function isMember(node) {
  return (
    ts.isPropertyAssignment(node) ||
    ts.isPropertySignature(node) ||
    ts.isPropertyDeclaration(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isMethodSignature(node)
  );
}

/** Uses of the host's globals as values, also through globalThis. */
function hostUsesOf(source) {
  const declared = declaredNames(source);
  const found = [];
  const visit = (node) => {
    if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return;
    if (ts.isIdentifier(node) && HOST_GLOBALS.has(node.text)) {
      const { parent } = node;
      const isName = 'name' in parent && parent.name === node;
      const viaGlobal =
        ts.isPropertyAccessExpression(parent) &&
        parent.name === node &&
        parent.expression.getText(source) === 'globalThis';
      const isBindingKey = ts.isBindingElement(parent) && parent.propertyName === node;
      if (viaGlobal || (!isName && !isBindingKey && !declared.has(node.text)))
        found.push({ name: node.text, node });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/**
 * Violations of one file.
 * @param path path below the root with forward slashes, as 'llama/forward.ts'
 */
function violationsOf(path, text) {
  const layer = path.split('/')[0];
  if (!(layer in MAY_IMPORT))
    return [`${path}: ${layer} is no layer; known are ${Object.keys(MAY_IMPORT).join(', ')}.`];
  const source = ts.createSourceFile(
    path,
    text,
    ts.ScriptTarget.Latest,
    true,
    path.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS,
  );
  const place = (node) => `${path}:${source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1}`;
  const violations = [];
  for (const { specifier, typeOnly, node } of importsOf(source)) {
    if (specifier.startsWith('.')) {
      const file = posix.join(posix.dirname(path), specifier.replace(/\?.*$/, ''));
      const target = file.split('/')[0];
      if (target === layer || MAY_IMPORT[layer].includes(target)) continue;
      // Benchmarks lie beside src; the terminal runs them.
      if (layer === 'cli' && file.startsWith('../bench/')) continue;
      if (typeOnly && mayImportType(layer, target, file)) continue;
      const below = MAY_IMPORT[layer].join(', ') || 'nothing';
      violations.push(
        target === '..'
          ? `${place(node)}: imports ${specifier}, which is outside of src.`
          : `${place(node)}: ${layer} imports ${file}; below ${layer} are ${below}.`,
      );
    } else if (!HOSTS.has(layer) && (HOST_PACKAGES.test(specifier) || NODE_MODULES.has(specifier))) {
      violations.push(
        `${place(node)}: ${layer} imports ${specifier}; only ${[...HOSTS].join(', ')} touch the host.`,
      );
    }
  }
  if (!HOSTS.has(layer))
    for (const { name, node } of hostUsesOf(source))
      violations.push(`${place(node)}: ${layer} uses ${name}; only ${[...HOSTS].join(', ')} touch the host.`);
  return violations;
}

function sourceFiles(folder) {
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .flatMap((path) =>
      statSync(path).isDirectory() ? sourceFiles(path) : /\.tsx?$/.test(path) ? [path] : [],
    );
}

const root = resolve(process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), '../src'));
const files = sourceFiles(root).filter((file) => dirname(file) !== root);
const violations = files.flatMap((file) =>
  violationsOf(relative(root, file).split(sep).join('/'), readFileSync(file, 'utf8')),
);
for (const violation of violations) console.error(violation);
if (files.length === 0) console.error(`There is no source file in ${root}.`);
else console.log(`${files.length} files, ${violations.length} violations of the layers`);
process.exit(violations.length > 0 || files.length === 0 ? 1 : 0);
