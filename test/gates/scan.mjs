/**
 * Lints a folder with n8n's scanner, in a process of its own: the scanner is an ES module, and its ESLint another copy
 * than ours. Takes the scanner's file, the folder and `source` or `published`; prints what the scanner answers as JSON.
 */
const [scanner, folder, what] = process.argv.slice(2);
const { analyzePackage, SOURCE_FILE_PATTERNS } = await import(scanner);
// The patterns of the published leg stand in the scanner's own code, without a name.
const patterns = what === 'source' ? SOURCE_FILE_PATTERNS : ['**/*.js', 'package.json'];
process.stdout.write(JSON.stringify(await analyzePackage(folder, patterns)));
