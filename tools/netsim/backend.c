// SPDX-License-Identifier: GPL-2.0-only
/* All backends. Tests of the core have a list of their own instead of this file. */
#include <string.h>

#include "backend.h"

static const struct ns_backend *const backends[] = {
	&ns_backend_um,
	&ns_backend_qemu,
};

const struct ns_backend *ns_backend_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(backends) / sizeof(*backends); i++)
		if (!strcmp(backends[i]->name, name))
			return backends[i];
	return NULL;
}
