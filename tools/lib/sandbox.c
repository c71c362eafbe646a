// SPDX-License-Identifier: GPL-2.0-only
/*
 * Root in a guest is root of the host to a user-mode kernel's hostfs. It keeps the
 * capabilities that make it so in files, inside mounts that are read-only, and
 * loses all that could reach past the mounts. For anyone but root bubblewrap makes
 * a user namespace, which has none of that.
 */
#include <stddef.h>
#include <unistd.h>

#include "sandbox.h"

void sandbox_begin(struct args *a, enum sandbox_caps caps)
{
	static const char *const fixed[] = {
		"bwrap", "--die-with-parent", "--unshare-pid", "--unshare-ipc", "--unshare-uts",
		"--unshare-net", "--unshare-cgroup-try", "--clearenv",
		"--setenv", "PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
		"--setenv", "HOME", "/tmp", "--setenv", "TMPDIR", "/dev/shm",
		"--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc",
		"--perms", "1777", "--tmpfs", "/tmp", "--tmpfs", "/run", NULL
	};
	static const char *const none[] = { "--cap-drop", "ALL", NULL };
	static const char *const file[] = {
		"--cap-drop", "ALL", "--cap-add", "CAP_DAC_OVERRIDE", "--cap-add", "CAP_CHOWN",
		"--cap-add", "CAP_FOWNER", "--cap-add", "CAP_FSETID", "--cap-add", "CAP_SETPCAP",
		NULL
	};

	args_list(a, fixed);
	if (caps == SANDBOX_NO_CAPS)
		args_list(a, none);
	else if (!geteuid())
		args_list(a, file);
}

void sandbox_show(struct args *a, const char *from, const char *to)
{
	args_list(a, (const char *const []){ "--ro-bind", from, to, NULL });
}

void sandbox_run(struct args *a, enum sandbox_caps caps)
{
	/*
	 * File permissions, for good. It also ends what exec does for root: that counts as a
	 * gain of capabilities here, and would undo a setarch(8) that follows.
	 */
	static const char *const for_good[] = {
		"setpriv", "--securebits=+noroot,+noroot_locked", "--inh-caps=-setpcap",
		"--ambient-caps=-setpcap", "--bounding-set=-all", NULL
	};

	args_list(a, (const char *const []){ "--chdir", "/", "--", NULL });
	if (caps == SANDBOX_FILE_CAPS && !geteuid())
		args_list(a, for_good);
}

const char *sandbox_missing(void)
{
	if (access("/usr/bin/bwrap", X_OK))
		return "no bwrap; install the package bubblewrap";
	return NULL;
}
