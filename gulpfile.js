const { execFile } = require('node:child_process');
const fs = require('node:fs');
const { isBuiltin } = require('node:module');
const path = require('node:path');
const { promisify } = require('node:util');
const { dest, series, src } = require('gulp');

const DIST = path.join(__dirname, 'dist');

/** What n8n lets a community package require at run time (lint rule no-restricted-imports). */
const ALLOWED_REQUIRES = ['n8n-workflow', 'zod', 'node:crypto', 'crypto'];

async function clean() {
	await fs.promises.rm(DIST, { recursive: true, force: true });
}

async function compile() {
	const tsc = require.resolve('typescript/bin/tsc');
	try {
		await promisify(execFile)(process.execPath, [tsc, '-p', __dirname]);
	} catch (error) {
		throw new Error(`tsc found:\n${error.stdout || error.message}`);
	}
}

/** Tabs, as in the sources: the compiler's four blanks are a sixtieth of the download. */
async function indent() {
	const entries = await fs.promises.readdir(DIST, { recursive: true, withFileTypes: true });
	for (const { parentPath, name } of entries.filter((entry) => entry.name.endsWith('.js'))) {
		const file = path.join(parentPath, name);
		const source = path.relative(DIST, file).replace(/js$/, 'ts');
		if (/^ {4}/m.test(await fs.promises.readFile(path.join(__dirname, source), 'utf8')))
			throw new Error(
				`${source} has a line that begins with four blanks: a text of it would change`,
			);
		const code = await fs.promises.readFile(file, 'utf8');
		const indented = code.replace(/^( {4})+/gm, (blanks) => '\t'.repeat(blanks.length / 4));
		await fs.promises.writeFile(file, indented);
	}
}

/** Icons keep their place beside nodes/ and credentials/, so that `file:../../icons/…` holds in dist as in the sources. */
function icons() {
	return src('icons/*.svg', { encoding: false }).pipe(dest('dist/icons'));
}

/** The package that would be published, held against n8n's rules before anybody installs it. */
async function check() {
	const { n8n } = require('./package.json');
	const faults = [];

	for (const entry of [...n8n.nodes, ...n8n.credentials]) {
		if (!fs.existsSync(path.join(__dirname, entry)))
			faults.push(`package.json names ${entry}, which is not there`);
	}
	for (const node of n8n.nodes) {
		const codex = node.replace(/\.js$/, '.json');
		if (!fs.existsSync(path.join(__dirname, codex)))
			faults.push(`${codex} (the codex file) is not there`);
	}

	const files = (await fs.promises.readdir(DIST, { recursive: true, withFileTypes: true })).filter(
		(entry) => entry.isFile(),
	);
	for (const entry of files) {
		const file = path.relative(__dirname, path.join(entry.parentPath, entry.name));
		if (!/^dist\/(nodes|credentials)\/.+\.(js|json)$|^dist\/icons\/.+\.svg$/.test(file)) {
			faults.push(`${file} does not belong in the package`);
		}
		if (!file.endsWith('.js')) continue;
		const code = await fs.promises.readFile(path.join(__dirname, file), 'utf8');
		for (const [, wanted] of code.matchAll(/\brequire\(\s*["']([^"']+)["']\s*\)/g)) {
			const allowed = wanted.startsWith('.') || ALLOWED_REQUIRES.includes(wanted);
			if (!allowed) {
				faults.push(
					`${file} requires ${wanted}, ${isBuiltin(wanted) ? 'a Node built-in' : 'a package'} n8n does not allow`,
				);
			}
		}
		for (const [, icon] of code.matchAll(/["']file:([^"']+)["']/g)) {
			if (!fs.existsSync(path.join(path.dirname(path.join(__dirname, file)), icon))) {
				faults.push(`${file} names the icon ${icon}, which is not there`);
			}
		}
	}

	if (faults.length > 0) throw new Error(`dist is not fit to publish:\n- ${faults.join('\n- ')}`);
}

exports.clean = clean;
exports.build = series(clean, compile, indent, icons, check);
exports.default = exports.build;
