/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages on stderr, after the program's name. */
#ifndef ANTELOPE_SAY_H
#define ANTELOPE_SAY_H

/* "antelope: ..."; under systemd at the priority of an error. Returns -err. */
[[gnu::format(printf, 2, 3)]]
int say_error(int err, const char *fmt, ...);
[[gnu::format(printf, 1, 2)]]
void say_warning(const char *fmt, ...);
[[gnu::format(printf, 1, 2)]]
void say(const char *fmt, ...);

#endif
