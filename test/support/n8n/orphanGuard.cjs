/**
 * Loaded into n8n before its own code. File descriptor 3 is a pipe whose other end only the starter holds: when the
 * starter dies without a word (kill -9, a crash), the pipe closes, and this n8n and all that it started end too.
 */
const { Socket } = require('node:net');

try {
	const starter = new Socket({ fd: 3, readable: true, writable: false });
	starter.on('error', () => {});
	starter.on('close', () => {
		try {
			process.kill(-process.pid, 'SIGKILL');
		} catch {
			process.exit(1);
		}
	});
	starter.resume();
	starter.unref();
} catch {
	// No such pipe: somebody else started this process and looks after it.
}
