// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "client.h"
#include "cmd.h"
#include "request.h"
#include "say.h"

#define PATIENCE_S	10
#define DEPTH		16
#define MORE_MAX	4

enum { OPT_SOCKET = 200, OPT_JSON };

static const struct option common[] = {
	{ "socket", required_argument, NULL, OPT_SOCKET },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "help", no_argument, NULL, 'h' },
};

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

int client_getopt(int argc, char **argv, struct client_options *o, const char *help,
		  const struct option *more, int (*handle)(int val, void *arg), void *arg,
		  int left_min, int left_max)
{
	struct option all[ARRAY_SIZE(common) + MORE_MAX + 1] = { 0 };
	int val, n, err = 0;

	*o = (struct client_options){ .socket = CONFIG_CONTROL };
	memcpy(all, common, sizeof(common));
	for (n = 0; more && more[n].name && n < MORE_MAX; n++)
		all[ARRAY_SIZE(common) + n] = more[n];
	while (!err && (val = getopt_long(argc, argv, "h", all, NULL)) != -1) {
		switch (val) {
		case 'h':
			fputs(help, stdout);
			return EXIT_SUCCESS + 1;
		case OPT_SOCKET:
			o->socket = optarg;
			break;
		case OPT_JSON:
			o->json = true;
			break;
		default:
			err = val == '?' ? -EINVAL : handle(val, arg);
		}
	}
	n = argc - optind;
	if (!err && (n < left_min || n > left_max))
		err = say_error(EINVAL, n < left_min ? "%s: something is missing" :
				"%s: too much is given", argv[0]);
	if (!err)
		return 0;
	fprintf(stderr, "antelope: see antelope %s --help\n", argv[0]);
	return ANTELOPE_USAGE + 1;
}

static int dial(const char *path)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const char *next = "is antelope running? systemctl status antelope";
	int fd, err;

	if (strlen(path) >= sizeof(addr.sun_path))
		return say_error(ENAMETOOLONG, "%s: too long for a socket", path);
	memcpy(addr.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return say_error(errno, "cannot open a socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (!connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fd;
	err = errno;
	close(fd);
	if (err == EACCES)
		next = "run as root";
	return say_error(err, "%s: %s; %s", path, strerror(err), next);
}

static int send_all(int fd, const char *text, size_t len)
{
	ssize_t n;

	for (; len; text += n, len -= n) {
		n = send(fd, text, len, MSG_NOSIGNAL);
		if (n < 0)
			return -errno;
	}
	return 0;
}

/* Until the daemon closes, which ends its line. */
static char *receive(int fd, size_t *len)
{
	size_t room = 65536;
	char *text = malloc(room), *more;
	ssize_t n;

	for (*len = 0; text; *len += n) {
		if (*len == room) {
			room *= 2;
			more = room <= 2 * ANSWER_MAX ? realloc(text, room) : NULL;
			if (!more) {
				errno = ENOMEM;
				break;
			}
			text = more;
		}
		n = recv(fd, text + *len, room - *len, 0);
		if (!n)
			return text;
		if (n < 0)
			break;
	}
	free(text);
	return NULL;
}

static struct json_object *open_answer(const char *path, const char *text, size_t len)
{
	struct json_tokener *tok = json_tokener_new_ex(DEPTH);
	struct json_object *o = tok ? json_tokener_parse_ex(tok, text, len) : NULL;
	struct json_object *result = NULL;

	if (!o || !json_object_is_type(o, json_type_object))
		say_error(EBADMSG, "%s: the answer is not of antelope; is it another's socket?",
			  path);
	else if (client_bool(o, "ok"))
		result = json_object_get(client_member(o, "result"));
	else
		say_error(EINVAL, "%s", client_text(o, "error"));
	json_object_put(o);
	if (tok)
		json_tokener_free(tok);
	return result;
}

struct json_object *client_call(const struct client_options *o, struct json_object *request)
{
	const char *line = json_object_to_json_string_ext(request, JSON_C_TO_STRING_PLAIN);
	struct json_object *result = NULL;
	int fd = dial(o->socket), err;
	char *text = NULL;
	size_t len;

	if (fd < 0)
		goto out;
	err = send_all(fd, line, strlen(line));
	if (!err)
		err = send_all(fd, "\n", 1);
	text = err ? NULL : receive(fd, &len);
	if (text && len)
		result = open_answer(o->socket, text, len);
	else if (text)
		say_error(EPIPE, "%s: no answer: it has ended, or is busy; try again",
			  o->socket);
	else
		say_error(errno, "%s: no answer: %s; try again", o->socket, strerror(errno));
	close(fd);
out:
	free(text);
	json_object_put(request);
	return result;
}

struct json_object *client_ask(const struct client_options *o, const char *verb)
{
	struct json_object *request = json_object_new_object();

	json_object_object_add(request, "verb", json_object_new_string(verb));
	return client_call(o, request);
}

int client_show(const struct client_options *o, struct json_object *result,
		void (*print)(struct json_object *result))
{
	if (!result)
		return EXIT_FAILURE;
	if (o->json)
		puts(json_object_to_json_string_ext(result, JSON_C_TO_STRING_PLAIN |
						    JSON_C_TO_STRING_NOSLASHESCAPE));
	else if (print)
		print(result);
	json_object_put(result);
	return EXIT_SUCCESS;
}

struct json_object *client_member(struct json_object *o, const char *key)
{
	struct json_object *value = NULL;

	if (json_object_is_type(o, json_type_object))
		json_object_object_get_ex(o, key, &value);
	return value;
}

const char *client_text(struct json_object *o, const char *key)
{
	const char *text = json_object_get_string(client_member(o, key));

	return text ? text : "-";
}

unsigned long long client_u64(struct json_object *o, const char *key)
{
	return json_object_get_uint64(client_member(o, key));
}

double client_double(struct json_object *o, const char *key)
{
	return json_object_get_double(client_member(o, key));
}

bool client_bool(struct json_object *o, const char *key)
{
	return json_object_get_boolean(client_member(o, key));
}

const char *client_short(double value, char text[CLIENT_SHORT])
{
	static const char prefix[] = "\0kMGTP";
	size_t i = 0;

	for (; value >= 999.5 && i < sizeof(prefix) - 2; i++)
		value /= 1000;
	snprintf(text, CLIENT_SHORT, i && value < 99.95 ? "%.1f%.1s" : "%.0f%.1s", value,
		 prefix + i);
	return text;
}

const char *client_time(double ns, char text[CLIENT_SHORT])
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	size_t i = 0;

	for (; ns >= 999.5 && i < 3; i++)
		ns /= 1000;
	snprintf(text, CLIENT_SHORT, i && ns < 99.95 ? "%.1f%s" : "%.0f%s", ns, units[i]);
	return text;
}
